/** The data products on the disk that wait to be sent: the order, and the files behind it. */
import { type Result, succeed } from '../../../fsw/errors';
import type { FileStore, Time } from '../../../fsw/framework';
import { PRODUCT_HEADER_LENGTH, type ProductHeader, readProductHeader } from '../productFile';

export interface Entry {
  readonly file: string;
  readonly id: number;
  readonly priority: number;
  readonly time: Time;
  readonly size: number;
}

/** Sorted: the lowest priority number first, then the oldest, then by name. Holds at most `maxEntries`, the first. */
export class Catalog {
  /** Bytes of all files. */
  bytes = 0;
  #entries: Entry[] = [];
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.length;
  }

  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** Returns the entry for which there is no room: this one or the last. A file that is there already stays as it is. */
  add(entry: Entry): Entry | undefined {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#entries[middle], entry) < 0) low = middle + 1;
      else high = middle;
    }
    if (this.#entries[low]?.file === entry.file) return undefined;
    this.#entries.splice(low, 0, entry);
    this.bytes += entry.size;
    const last = this.size > this.#maxEntries ? this.#entries.pop() : undefined;
    if (last) this.bytes -= last.size;
    return last;
  }

  remove(file: string): void {
    const at = this.#entries.findIndex((entry) => entry.file === file);
    if (at >= 0) for (const { size } of this.#entries.splice(at, 1)) this.bytes -= size;
  }

  clear(): void {
    this.#entries = [];
    this.bytes = 0;
  }
}

function compare(a: Entry, b: Entry): number {
  return (
    a.priority - b.priority ||
    a.time.seconds - b.time.seconds ||
    a.time.useconds - b.time.useconds ||
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
  );
}

/** Reads the header of a product's file. Errors: PRODUCT_FILE and those of the store. */
export function entryOf(files: FileStore, file: string): Result<Entry> {
  const stat = files.stat(file);
  if (!stat.ok) return stat;
  const head = new Uint8Array(PRODUCT_HEADER_LENGTH);
  const read = files.read(file, 0, head);
  if (!read.ok) return read;
  const header: Result<ProductHeader> = readProductHeader(head.subarray(0, read.value), stat.value.size);
  if (!header.ok) return header;
  const { id, priority, time } = header.value;
  return succeed({ file, id, priority, time, size: stat.value.size });
}
