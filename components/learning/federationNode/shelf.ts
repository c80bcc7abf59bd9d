/** Files of one kind, named by the content address of what is in them: a file that is not what its name says is none. */
import { type Result, succeed } from '../../../fsw/errors';
import { type Id, idOf } from '../../../fsw/federation';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';

export const SHORT_DIGITS = 16;

export function shortOf(id: Id): string {
  return id.slice(0, SHORT_DIGITS);
}

export class Shelf {
  /** Short ids, in no order that means anything. */
  readonly names = new Set<string>();

  constructor(
    private readonly files: FileStore,
    private readonly folder: string,
    private readonly extension: string,
    private readonly maxBytes: number,
  ) {}

  /** Finds what is there; removes what is damaged or was not finished, and says what was damaged. Errors: those of the store. */
  open(): Result<readonly string[]> {
    const made = this.files.makeFolder(this.folder);
    if (!made.ok) return made;
    const listed = this.files.list(this.folder);
    if (!listed.ok) return listed;
    const damaged: string[] = [];
    this.names.clear();
    for (const file of listed.value) {
      const name = file.slice(0, SHORT_DIGITS);
      if (file === `${name}${this.extension}` && this.read(name) !== undefined) this.names.add(name);
      else {
        if (!file.endsWith('.tmp')) damaged.push(`${this.folder}/${file}`);
        this.files.remove(`${this.folder}/${file}`);
      }
    }
    return succeed(damaged);
  }

  pathOf(name: string): string {
    return `${this.folder}/${name}${this.extension}`;
  }

  /** Errors: those of the store; then nothing is kept. */
  put(bytes: Uint8Array): Result<string> {
    const name = shortOf(idOf(bytes));
    const written = writeWhole(this.files, this.pathOf(name), bytes);
    if (!written.ok) return written;
    this.names.add(name);
    return succeed(name);
  }

  /** `undefined`: not there, or no longer what it was. */
  read(name: string): Uint8Array | undefined {
    const read = readWhole(this.files, this.pathOf(name), this.maxBytes);
    return read.ok && shortOf(idOf(read.value)) === name ? read.value : undefined;
  }

  /** Errors: those of the store; then it is still there. */
  remove(name: string): Result<void> {
    const removed = this.files.remove(this.pathOf(name));
    if (!removed.ok && removed.error.code !== 'FILE_MISSING') return removed;
    this.names.delete(name);
    return succeed(undefined);
  }
}
