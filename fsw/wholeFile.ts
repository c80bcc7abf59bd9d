import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file so that it is the old one or the new one after a kill or a power cut at any instant: to a
 * temporary file beside it, fsync, rename, fsync of the folder. Throws what the file system says.
 */
export function writeWholeFile(
  file: string,
  bytes: Uint8Array | string,
  { temporary = `${file}.tmp`, mode = 0o666 } = {},
): void {
  withSync(temporary, 'w', mode, (opened) => writeFileSync(opened, bytes));
  renameSync(temporary, file);
  syncFolder(dirname(file));
}

/** Returns when a folder's names are on the medium: a rename in it survives a power cut. */
export function syncFolder(folder: string): void {
  withSync(folder, 'r', 0o666, () => undefined);
}

/** Opens a file or folder, and leaves it only when it is on the medium. */
function withSync(path: string, flags: string, mode: number, use: (opened: number) => void): void {
  const opened = openSync(path, flags, mode);
  try {
    use(opened);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
