import { fail, type Result, succeed } from '../errors';
import type { FileStore } from './board';

/** A whole file, if it has at most `maxBytes`. Errors: those of the store, FILE_FAILED when it is larger. */
export function readWhole(files: FileStore, path: string, maxBytes: number): Result<Uint8Array> {
  const stat = files.stat(path);
  if (!stat.ok) return stat;
  const { kind, size } = stat.value;
  if (kind !== 'file') return fail('FILE_KIND', { path, kind: 'file' });
  if (size > maxBytes) return fail('FILE_FAILED', { path, why: `${size} bytes, ${maxBytes} the most` });
  const into = new Uint8Array(size);
  const read = files.read(path, 0, into);
  return read.ok ? succeed(into.subarray(0, read.value)) : read;
}

/** Puts `bytes` at `path`, whole or not at all: what was there before stays until they are on the medium. */
export function writeWhole(files: FileStore, path: string, bytes: Uint8Array): Result<void> {
  const temporary = `${path}.tmp`;
  const steps = [
    () => files.truncate(temporary, 0),
    () => files.write(temporary, 0, bytes),
    () => files.sync(temporary),
    () => files.rename(temporary, path),
  ];
  for (const step of steps) {
    const done = step();
    if (done.ok) continue;
    files.remove(temporary);
    return done;
  }
  return succeed(undefined);
}

/** The folder of a path, `''` for the store's own. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
