/** Keeps pictures on the disk within a budget: what is worth least, and of that the oldest, makes room. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';

interface Kept {
  readonly size: number;
  readonly value: number;
  readonly order: number;
}

export class Keeper {
  bytes = 0;
  /** Files that made room for others. */
  dropped = 0;
  readonly #files: FileStore;
  readonly #folder: string;
  readonly #budgetBytes: number;
  readonly #kept = new Map<string, Kept>();
  #order = 0;

  constructor(files: FileStore, folder: string, budgetBytes: number) {
    this.#files = files;
    this.#folder = folder;
    this.#budgetBytes = budgetBytes;
  }

  get size(): number {
    return this.#kept.size;
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  /** Makes the folder and empties it: numbers begin anew with each boot, so older pictures can't be asked for. */
  open(): Result<void> {
    const made = this.#files.makeFolder(this.#folder);
    if (!made.ok) return made;
    const names = this.#files.list(this.#folder);
    if (!names.ok) return names;
    for (const name of names.value) this.#files.remove(this.#path(name));
    return succeed(undefined);
  }

  /**
   * Writes a file, whole or not at all. One worth less than all that would have to go for it is not kept.
   * Errors: FILE_DISK_FULL (the budget too), those of the store.
   */
  keep(name: string, bytes: Uint8Array, value: number): Result<void> {
    this.forget(name);
    const going = this.#goingFor(bytes.length, value);
    if (going === undefined) return fail('FILE_DISK_FULL', { path: this.#path(name) });
    for (const one of going) this.#drop(one);
    let written = writeWhole(this.#files, this.#path(name), bytes);
    // Others fill the same disk: what of ours is worth less goes, one by one.
    while (!written.ok && written.error.code === 'FILE_DISK_FULL') {
      const least = this.#leastBelow(value);
      if (least === undefined) break;
      this.#drop(least);
      written = writeWhole(this.#files, this.#path(name), bytes);
    }
    if (!written.ok) return written;
    this.#kept.set(name, { size: bytes.length, value, order: this.#order++ });
    this.bytes += bytes.length;
    return succeed(undefined);
  }

  /** Errors: FILE_MISSING when it was never kept or made room, those of the store. */
  read(name: string): Result<Uint8Array> {
    const kept = this.#kept.get(name);
    if (kept === undefined) return fail('FILE_MISSING', { path: this.#path(name) });
    return readWhole(this.#files, this.#path(name), kept.size);
  }

  forget(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#files.remove(this.#path(name));
    this.#kept.delete(name);
    this.bytes -= kept.size;
  }

  /** What must go so that `bytes` fit; undefined when that is not worth it. */
  #goingFor(bytes: number, value: number): string[] | undefined {
    if (bytes > this.#budgetBytes) return undefined;
    let over = this.bytes + bytes - this.#budgetBytes;
    const going: string[] = [];
    for (const [name, kept] of this.#byWorth()) {
      if (over <= 0) break;
      if (kept.value > value) return undefined;
      going.push(name);
      over -= kept.size;
    }
    return going;
  }

  #leastBelow(value: number): string | undefined {
    const [least] = this.#byWorth();
    return least !== undefined && least[1].value <= value ? least[0] : undefined;
  }

  #byWorth(): [string, Kept][] {
    return [...this.#kept].sort(([, a], [, b]) => a.value - b.value || a.order - b.order);
  }

  #drop(name: string): void {
    this.forget(name);
    this.dropped++;
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }
}
