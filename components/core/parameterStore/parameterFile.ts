import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from '../../../fsw/protocols';

/**
 * The parameter file, big-endian: magic u32 "PGPR" | version u16 | sequence u32 | records [id u32 | length u16 |
 * bytes] | SHA-256 of all before it. It names no types, so a new build reads an old file. Each writing has the next
 * sequence number; version 1 had none and counts as the first.
 */
const MAGIC = 0x50475052;
const VERSION = 2;
const HEAD_LENGTHS: Readonly<Record<number, number>> = { 1: 6, 2: 10 };
const HEAD_LENGTH = HEAD_LENGTHS[VERSION];
const RECORD_HEAD_LENGTH = 6;
const DIGEST_LENGTH = 32;

export type ParameterValues = ReadonlyMap<number, Uint8Array>;

export interface ParameterFile {
  readonly sequence: number;
  readonly values: ParameterValues;
}

export function writeParameterFile({ sequence, values }: ParameterFile): Uint8Array {
  const records = [...values].sort(([a], [b]) => a - b);
  const length = records.reduce((sum, [, value]) => sum + RECORD_HEAD_LENGTH + value.length, HEAD_LENGTH);
  const file = new Uint8Array(length + DIGEST_LENGTH);
  let at = writeU32(file, writeU16(file, writeU32(file, 0, MAGIC), VERSION), sequence);
  for (const [id, value] of records)
    at = writeBytes(file, writeU16(file, writeU32(file, at, id), value.length), value);
  file.set(digestOf(file.subarray(0, at)), at);
  return file;
}

/** Errors: PARAM_FILE_CORRUPT. Nothing of a damaged file is used. */
export function readParameterFile(file: Uint8Array): Result<ParameterFile> {
  const corrupt = (reason: string) => fail('PARAM_FILE_CORRUPT', { reason });
  const end = file.length - DIGEST_LENGTH;
  if (end < HEAD_LENGTHS[1]) return corrupt(`it has only ${file.length} bytes`);
  if (readU32(file, 0) !== MAGIC) return corrupt('it does not begin as a parameter file');
  const version = readU16(file, 4);
  const headLength = HEAD_LENGTHS[version];
  if (headLength === undefined) return corrupt(`version ${version} is not ${VERSION} or before`);
  if (end < headLength || Buffer.compare(digestOf(file.subarray(0, end)), file.subarray(end)) !== 0)
    return corrupt('its SHA-256 is not that of its content');
  const values = new Map<number, Uint8Array>();
  for (let at = headLength; at < end; ) {
    const valueAt = at + RECORD_HEAD_LENGTH;
    const next = valueAt + (valueAt <= end ? readU16(file, at + 4) : 0);
    if (next > end) return corrupt(`the record at byte ${at} is cut off`);
    values.set(readU32(file, at), file.slice(valueAt, next));
    at = next;
  }
  return succeed({ sequence: version === 1 ? 1 : readU32(file, 6), values });
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
