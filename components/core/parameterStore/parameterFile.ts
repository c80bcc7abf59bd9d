import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from '../../../fsw/protocols';

/**
 * The parameter file, big-endian: magic u32 "PGPR" | version u16 | records [id u32 | length u16 | bytes] |
 * SHA-256 of all before it. It names no types, so a new build reads an old file.
 */
const MAGIC = 0x50475052;
const VERSION = 1;
const HEAD_LENGTH = 6;
const RECORD_HEAD_LENGTH = 6;
const DIGEST_LENGTH = 32;

export type ParameterValues = ReadonlyMap<number, Uint8Array>;

export function writeParameterFile(values: ParameterValues): Uint8Array {
  const records = [...values].sort(([a], [b]) => a - b);
  const length = records.reduce((sum, [, value]) => sum + RECORD_HEAD_LENGTH + value.length, HEAD_LENGTH);
  const file = new Uint8Array(length + DIGEST_LENGTH);
  let at = writeU16(file, writeU32(file, 0, MAGIC), VERSION);
  for (const [id, value] of records)
    at = writeBytes(file, writeU16(file, writeU32(file, at, id), value.length), value);
  file.set(digestOf(file.subarray(0, at)), at);
  return file;
}

/** Errors: PARAM_FILE_CORRUPT. Nothing of a damaged file is used. */
export function readParameterFile(file: Uint8Array): Result<Map<number, Uint8Array>> {
  const corrupt = (reason: string) => fail('PARAM_FILE_CORRUPT', { reason });
  const end = file.length - DIGEST_LENGTH;
  if (end < HEAD_LENGTH) return corrupt(`it has only ${file.length} bytes`);
  if (readU32(file, 0) !== MAGIC) return corrupt('it does not begin as a parameter file');
  if (readU16(file, 4) !== VERSION) return corrupt(`version ${readU16(file, 4)} is not ${VERSION}`);
  if (Buffer.compare(digestOf(file.subarray(0, end)), file.subarray(end)) !== 0)
    return corrupt('its SHA-256 is not that of its content');
  const values = new Map<number, Uint8Array>();
  for (let at = HEAD_LENGTH; at < end; ) {
    const valueAt = at + RECORD_HEAD_LENGTH;
    const next = valueAt + (valueAt <= end ? readU16(file, at + 4) : 0);
    if (next > end) return corrupt(`the record at byte ${at} is cut off`);
    values.set(readU32(file, at), file.slice(valueAt, next));
    at = next;
  }
  return succeed(values);
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
