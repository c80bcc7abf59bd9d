/** Short ids that must not come again: tasks that were answered, updates that the ground has. The oldest are forgotten. */
import { type Result, succeed } from '../../../fsw/errors';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';
import { SHORT_DIGITS } from './shelf';

/** A task expires, and the ground counts no update twice: a bound that no day of passes reaches is enough. */
const KEPT = 512;

export class IdMemory {
  private ids: string[] = [];

  constructor(
    private readonly files: FileStore,
    private readonly path: string,
  ) {}

  /** Lines that are no ids are left out: what radiation did to one costs that one. Errors: those of the store. */
  open(): Result<void> {
    const read = readWhole(this.files, this.path, KEPT * (SHORT_DIGITS + 1) * 2);
    if (!read.ok) return read.error.code === 'FILE_MISSING' ? succeed(undefined) : read;
    const lines = Buffer.from(read.value).toString('latin1').split('\n');
    this.ids = lines.filter((line) => /^[0-9a-f]{16}$/.test(line));
    return succeed(undefined);
  }

  has(id: string): boolean {
    return this.ids.includes(id);
  }

  /** The latest, newest last. */
  recent(count: number): readonly string[] {
    return this.ids.slice(-count);
  }

  /** Errors: those of the store; then it is as it was. */
  add(id: string): Result<void> {
    if (this.has(id)) return succeed(undefined);
    const ids = [...this.ids, id].slice(-KEPT);
    const written = writeWhole(this.files, this.path, Buffer.from(ids.join('\n')));
    if (written.ok) this.ids = ids;
    return written;
  }
}
