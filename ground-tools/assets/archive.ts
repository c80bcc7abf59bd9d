/** What the readers of archives share. */

/** A file or folder in an archive. `data` is read before the next entry is asked for. */
export interface Entry {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly data: AsyncIterable<Uint8Array>;
}

/** What is wrong with an archive; it does not leave this room, `unpack` makes a coded error of it. */
export class ArchiveError extends Error {}

/**
 * Where an entry's file goes, relative to the folder that is unpacked into; undefined when nothing is left after
 * the first `strip` folders. Throws on every path that could lead out of that folder.
 */
export function safePath(path: string, strip: number): string | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const control = [...path].some((char) => char < ' ');
  if (path.startsWith('/') || parts.includes('..') || control || /[\\:]/.test(path))
    throw new ArchiveError(`${JSON.stringify(path)} leads out of the folder`);
  const kept = parts.slice(strip);
  return kept.length === 0 ? undefined : kept.join('/');
}
