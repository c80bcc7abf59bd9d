/**
 * A file while it comes in: its bytes lie beside its place, in the journal's folder, and its checksum grows with
 * the part that is whole from the beginning. What has arrived is never written again.
 */
import { fail, type Result, succeed } from '../errors';
import type { FileStore } from '../framework';
import { type Checksum, checksumOf, type TransactionId } from '../protocols/cfdp';
import { folderOf } from './filestore';
import { pathOf } from './journal';
import { RangeSet } from './ranges';
import { recordName } from './transaction';

/** What the journal keeps of it. */
export interface SavedFile {
  /** Ranges on the medium: start, end, … */
  readonly received: readonly number[];
  /** How far the checksum has been computed, and its state there. */
  readonly verified: number;
  readonly sum?: number;
}

export class ReceivedFile {
  readonly ranges: RangeSet;
  readonly #part: string;
  #checksum: Checksum | undefined;
  #verified: number;
  #sum: number | undefined;

  /** `chunk` is lent by the entity, for reading back. */
  constructor(
    readonly files: FileStore,
    id: TransactionId,
    readonly chunk: Uint8Array,
    maxRanges: number,
    saved?: SavedFile,
  ) {
    this.#part = pathOf(`${recordName(id)}.part`);
    this.ranges = new RangeSet(maxRanges, saved?.received);
    this.#verified = saved?.verified ?? 0;
    this.#sum = saved?.sum;
  }

  /** The metadata have said which checksum it is. */
  useChecksum(type: number): void {
    this.#checksum = checksumOf(type);
    this.#sum ??= this.#checksum?.start;
  }

  /** Writes what is new in `data`. Errors: those of `FileStore`. */
  add(offset: number, data: Uint8Array): Result<void> {
    for (const { start, end } of this.ranges.missing(offset, offset + data.length)) {
      const written = this.files.write(this.#part, start, data.subarray(start - offset, end - offset));
      if (!written.ok) return written;
      this.ranges.add(start, end);
    }
    return succeed(undefined);
  }

  /** Goes on with the checksum over `budgetBytes` at most; returns how many. Errors: those of `FileStore`. */
  verify(budgetBytes: number): Result<number> {
    const checksum = this.#checksum;
    if (checksum === undefined) return succeed(0);
    let left = budgetBytes;
    while (left > 0 && this.#verified < this.ranges.prefix) {
      const length = Math.min(left, this.ranges.prefix - this.#verified, this.chunk.length);
      const bytes = this.chunk.subarray(0, length);
      const read = this.files.read(this.#part, this.#verified, bytes);
      if (!read.ok) return read;
      if (read.value < length) return fail('FILE_FAILED', { path: this.#part, why: 'it has become shorter' });
      this.#sum = checksum.update(this.#sum ?? checksum.start, bytes, this.#verified);
      this.#verified += length;
      left -= length;
    }
    return succeed(budgetBytes - left);
  }

  /** All `size` bytes are there, and their checksum is computed (if we have it). */
  isWhole(size: number): boolean {
    return this.ranges.covers(0, size) && (this.#checksum === undefined || this.#verified === size);
  }

  /** True too where there is no checksum to compare. */
  matches(expected: number): boolean {
    const checksum = this.#checksum;
    return checksum === undefined || checksum.value(this.#sum ?? checksum.start) === expected;
  }

  /** Its bytes onto the medium. */
  sync(): void {
    if (this.ranges.bytes > 0) this.files.sync(this.#part);
  }

  /** Moves it to `path`, `size` bytes long; `again` after a reboot, when that may have been done. */
  putInPlace(path: string, size: number, again: boolean): Result<void> {
    const { files } = this;
    const part = this.#part;
    if (again && !files.stat(part).ok) return succeed(undefined);
    const folder = folderOf(path);
    for (const step of [
      () => files.truncate(part, size),
      () => files.sync(part),
      () => (folder === '' ? succeed(undefined) : files.makeFolder(folder)),
      () => files.rename(part, path),
    ]) {
      const done = step();
      if (!done.ok) return done;
    }
    return succeed(undefined);
  }

  discard(): void {
    this.files.remove(this.#part);
    this.ranges.clear();
  }

  saved(): SavedFile {
    const saved = { received: this.ranges.edges, verified: this.#verified };
    return this.#sum === undefined ? saved : { ...saved, sum: this.#sum };
  }
}
