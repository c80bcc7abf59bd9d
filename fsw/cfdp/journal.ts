/**
 * What must survive a reboot, in the folder `.cfdp` of the file store: one record a transaction, the next
 * sequence number, and the transactions that have ended. A record is JSON behind its CRC-32, written beside the
 * old one and moved over it: after a kill or power cut it is the old one or the new one, whole.
 */
import { fail, type Result, succeed } from '../errors';
import type { FileStore } from '../framework';
import { ChecksumType, checksumOf } from '../protocols/cfdp';

export const JOURNAL_FOLDER = '.cfdp';
const MAX_RECORD_BYTES = 16 << 20;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Journal {
  constructor(readonly files: FileStore) {}

  /** Makes the folder; removes what an interrupted write left. Errors: those of `FileStore`. */
  open(): Result<readonly string[]> {
    const made = this.files.makeFolder(JOURNAL_FOLDER);
    if (!made.ok) return made;
    const names = this.files.list(JOURNAL_FOLDER);
    if (!names.ok) return names;
    for (const name of names.value) if (name.endsWith('.new')) this.files.remove(pathOf(name));
    return succeed(names.value.filter((name) => !name.endsWith('.new')));
  }

  /** Errors: those of `FileStore`; the record before stays. */
  write(name: string, record: unknown): Result<void> {
    const body = encoder.encode(JSON.stringify(record));
    const bytes = new Uint8Array(9 + body.length);
    bytes.set(encoder.encode(`${crcOf(body)}\n`));
    bytes.set(body, 9);
    const path = pathOf(`${name}.new`);
    const { files } = this;
    for (const step of [
      () => files.write(path, 0, bytes),
      () => files.truncate(path, bytes.length),
      () => files.sync(path),
      () => files.rename(path, pathOf(name)),
    ]) {
      const done = step();
      if (!done.ok) return done;
    }
    return succeed(undefined);
  }

  /** Errors: CFDP_JOURNAL (damaged), those of `FileStore`. */
  read(name: string): Result<unknown> {
    const path = pathOf(name);
    const stat = this.files.stat(path);
    if (!stat.ok) return stat;
    if (stat.value.size > MAX_RECORD_BYTES)
      return fail('CFDP_JOURNAL', { file: name, why: 'it is too long' });
    const bytes = new Uint8Array(stat.value.size);
    const read = this.files.read(path, 0, bytes);
    if (!read.ok) return read;
    const body = bytes.subarray(9);
    if (decoder.decode(bytes.subarray(0, 8)) !== crcOf(body))
      return fail('CFDP_JOURNAL', { file: name, why: 'its CRC is wrong' });
    try {
      return succeed(JSON.parse(decoder.decode(body)));
    } catch {
      return fail('CFDP_JOURNAL', { file: name, why: 'it is not JSON' });
    }
  }

  remove(name: string): void {
    this.files.remove(pathOf(name));
  }
}

/** The path of a journal's file in the store. */
export function pathOf(name: string): string {
  return `${JOURNAL_FOLDER}/${name}`;
}

function crcOf(body: Uint8Array): string {
  const crc = checksumOf(ChecksumType.CRC32);
  const value = crc === undefined ? 0 : crc.value(crc.update(crc.start, body, 0));
  return value.toString(16).padStart(8, '0');
}
