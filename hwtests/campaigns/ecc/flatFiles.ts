/** Files in memory, written in place: a medium whose cells the fault storm can reach. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { FileStore } from '../../../fsw/framework/board';

export interface FlatFiles extends FileStore {
  /** The very bytes of a file. */
  bytes(path: string): Uint8Array;
}

/** As much of a `FileStore` as golden copies need; everything else fails with FILE_FAILED. */
export function flatFiles(): FlatFiles {
  const files = new Map<string, Uint8Array>();
  const at = (path: string): Result<Uint8Array> => {
    const file = files.get(path);
    return file === undefined ? fail('FILE_MISSING', { path }) : succeed(file);
  };
  const never = () => fail('FILE_FAILED', { path: 'flat files', why: 'not done here' });
  const resize = (path: string, size: number): Uint8Array => {
    const file = new Uint8Array(size);
    file.set((files.get(path) ?? new Uint8Array(0)).subarray(0, size));
    files.set(path, file);
    return file;
  };
  return {
    bytes: (path) => files.get(path) ?? new Uint8Array(0),
    stat(path) {
      const file = at(path);
      return file.ok ? succeed({ kind: 'file', size: file.value.length }) : file;
    },
    read(path, offset, into) {
      const file = at(path);
      if (!file.ok) return file;
      const bytes = file.value.subarray(offset, offset + into.length);
      into.set(bytes);
      return succeed(bytes.length);
    },
    write(path, offset, bytes) {
      const size = files.get(path)?.length ?? 0;
      const end = offset + bytes.length;
      const file = end > size ? resize(path, end) : files.get(path);
      file?.set(bytes, offset);
      return succeed(undefined);
    },
    truncate(path, size) {
      resize(path, size);
      return succeed(undefined);
    },
    sync: () => succeed(undefined),
    rename(from, to) {
      const file = at(from);
      if (!file.ok) return file;
      files.set(to, file.value);
      files.delete(from);
      return succeed(undefined);
    },
    remove(path) {
      files.delete(path);
      return succeed(undefined);
    },
    list: never,
    makeFolder: never,
    removeFolder: never,
    freeBytes: () => succeed(Number.MAX_SAFE_INTEGER),
  };
}
