/**
 * A `FileStore` in memory, for tests: it can be full, and its power can be cut at any operation. It keeps what
 * `FileStore` promises and no more: after a cut a file has the bytes that it had when it was last synced.
 */
import { fail, type Result, succeed } from '../errors';
import type { FileStat, FileStore } from './board';
import { folderOf } from './files';

interface MemoryFile {
  bytes: Uint8Array;
  /** What a power cut leaves; undefined: nothing at all. */
  synced: Uint8Array | undefined;
}

export interface MemoryFiles extends FileStore {
  /** Writing operations so far. */
  readonly operations: number;
  maxBytes: number;
  /** The `n`th writing operation from now is done by half, it and all that follow fail: 1 is the next. */
  cutAt(n: number): void;
  /** The power is back: what was not synced is gone. */
  reboot(): void;
  /** All files, for a look. */
  contents(): Record<string, Uint8Array>;
}

export function memoryFiles(maxBytes = Number.POSITIVE_INFINITY): MemoryFiles {
  let files = new Map<string, MemoryFile>();
  const folders = new Set(['']);
  let cutIn = Number.POSITIVE_INFINITY;
  const used = () => [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  const dead = () => fail('FILE_FAILED', { path: 'power', why: 'off' });

  const normal = (path: string): Result<string> => {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) return fail('FILE_PATH', { path, why: 'it climbs' });
    return succeed(parts.join('/'));
  };
  const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const fileAt = (path: string): Result<MemoryFile> => {
    const file = files.get(path);
    if (file) return succeed(file);
    return folders.has(path) ? fail('FILE_KIND', { path, kind: 'file' }) : fail('FILE_MISSING', { path });
  };
  /** Runs a writing operation; `half` is what the cut lets it still do. */
  const writing = <T>(body: () => Result<T>, half: () => unknown = () => undefined): Result<T> => {
    if (cutIn <= 0) return dead();
    store.operations++;
    if (--cutIn > 0) return body();
    half();
    return dead();
  };
  const reading = <T>(path: string, body: (path: string) => Result<T>): Result<T> => {
    if (cutIn <= 0) return dead();
    const at = normal(path);
    if (!at.ok) return at;
    for (let above = parentOf(at.value); above !== ''; above = parentOf(above))
      if (files.has(above)) return fail('FILE_KIND', { path, kind: 'folder' });
    return body(at.value);
  };
  const resize = (path: string, size: number): Result<MemoryFile> => {
    if (folders.has(path)) return fail('FILE_KIND', { path, kind: 'file' });
    if (!folders.has(parentOf(path))) return fail('FILE_MISSING', { path: parentOf(path) });
    const file = files.get(path) ?? { bytes: new Uint8Array(0), synced: undefined };
    if (used() - file.bytes.length + size > store.maxBytes) return fail('FILE_DISK_FULL', { path });
    const bytes = new Uint8Array(size);
    bytes.set(file.bytes.subarray(0, size));
    file.bytes = bytes;
    files.set(path, file);
    return succeed(file);
  };
  const put = (path: string, offset: number, bytes: Uint8Array): Result<void> => {
    // Writing nothing, wherever, makes no file longer: as a disk does it.
    const end = bytes.length === 0 ? 0 : offset + bytes.length;
    const sized = resize(path, Math.max(files.get(path)?.bytes.length ?? 0, end));
    if (!sized.ok) return sized;
    if (bytes.length > 0) sized.value.bytes.set(bytes, offset);
    return succeed(undefined);
  };
  const rename = (from: string, to: string): Result<void> => {
    const moved = fileAt(from);
    if (!moved.ok) return moved;
    if (folders.has(to)) return fail('FILE_EXISTS', { path: to });
    if (!folders.has(parentOf(to))) return fail('FILE_MISSING', { path: to });
    files.delete(from);
    files.set(to, moved.value);
    return succeed(undefined);
  };

  const store: { -readonly [K in keyof MemoryFiles]: MemoryFiles[K] } = {
    operations: 0,
    maxBytes,
    cutAt(n) {
      cutIn = n;
    },
    reboot() {
      cutIn = Number.POSITIVE_INFINITY;
      files = new Map(
        [...files].flatMap(([path, { synced }]) => (synced ? [[path, { bytes: synced, synced }]] : [])),
      );
    },
    contents: () => Object.fromEntries([...files].map(([path, { bytes }]) => [path, bytes])),
    stat: (path) =>
      reading<FileStat>(path, (at) => {
        if (folders.has(at)) return succeed({ kind: 'folder', size: 0 });
        const file = fileAt(at);
        return file.ok ? succeed({ kind: 'file', size: file.value.bytes.length }) : file;
      }),
    list: (path) =>
      reading(path, (at) => {
        if (files.has(at)) return fail('FILE_KIND', { path, kind: 'folder' });
        if (!folders.has(at)) return fail('FILE_MISSING', { path });
        const all = [...files.keys(), ...folders].filter((one) => one !== '' && parentOf(one) === at);
        return succeed(all.map((one) => one.slice(at === '' ? 0 : at.length + 1)).sort());
      }),
    read: (path, offset, into) =>
      reading(path, (at) => {
        const file = fileAt(at);
        if (!file.ok) return file;
        const bytes = file.value.bytes.subarray(offset, offset + into.length);
        into.set(bytes);
        return succeed(bytes.length);
      }),
    write: (path, offset, bytes) =>
      reading(path, (at) =>
        writing(
          () => put(at, offset, bytes),
          () => put(at, offset, bytes.subarray(0, bytes.length >> 1)),
        ),
      ),
    truncate: (path, size) =>
      reading(path, (at) =>
        writing(() => {
          const sized = resize(at, size);
          return sized.ok ? succeed(undefined) : sized;
        }),
      ),
    sync: (path) =>
      reading(path, (at) => {
        if (folders.has(at)) return succeed(undefined);
        const file = fileAt(at);
        if (!file.ok) return file;
        return writing(() => {
          // The same cells, as long as nothing is written: every write makes new ones.
          file.value.synced = file.value.bytes;
          return succeed(undefined);
        });
      }),
    rename: (from, to) =>
      reading(from, (source) => reading(to, (target) => writing(() => rename(source, target)))),
    remove: (path) =>
      reading(path, (at) => {
        const file = fileAt(at);
        if (!file.ok) return file;
        return writing(() => {
          files.delete(at);
          return succeed(undefined);
        });
      }),
    makeFolder: (path) =>
      reading(path, (at) =>
        writing(() => {
          for (let folder = at; !folders.has(folder); folder = parentOf(folder)) {
            if (files.has(folder)) return fail('FILE_EXISTS', { path: folder });
            folders.add(folder);
          }
          return succeed(undefined);
        }),
      ),
    removeFolder: (path) =>
      reading(path, (at) => {
        if (!folders.has(at)) return fail('FILE_MISSING', { path });
        if ([...files.keys(), ...folders].some((one) => one.startsWith(`${at}/`)))
          return fail('FILE_NOT_EMPTY', { path });
        return writing(() => {
          folders.delete(at);
          return succeed(undefined);
        });
      }),
    freeBytes: () => succeed(Math.max(0, Math.min(store.maxBytes, Number.MAX_SAFE_INTEGER) - used())),
  };
  return store;
}

/** The files after a power cut: the same store, with what was synced. */
export function afterCut(files: MemoryFiles): MemoryFiles {
  files.reboot();
  return files;
}

/** The files as a killed process leaves them: what was not synced is there, too, half a write among it. */
export function afterKill(files: MemoryFiles): MemoryFiles {
  const left = memoryFiles();
  for (const [path, bytes] of Object.entries(files.contents())) {
    left.makeFolder(folderOf(path));
    left.write(path, 0, bytes);
    left.sync(path);
  }
  return left;
}
