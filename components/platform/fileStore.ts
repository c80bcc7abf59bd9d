/** Files of a confined folder of the host, for what goes up and down the link. */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import type { FileStore } from '../../fsw/framework';

const MAX_PATH_BYTES = 240;
const MAX_NAME_BYTES = 120;
const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW } = constants;

export interface FileStoreOptions {
  /** Files may take this many bytes together, and no more than the medium has. Default: what the medium has. */
  readonly maxBytes?: number;
}

/**
 * A `FileStore` over one folder of the host, which is made if it is missing. Symbolic links are never followed:
 * a path that leads over one is refused, so nothing outside of the folder is reached. One process writes to it.
 * Errors: FILE_FAILED when the folder can't be had.
 */
export function fileStore(folder: string, options: FileStoreOptions = {}): Result<FileStore> {
  let root: string;
  let used: number;
  try {
    mkdirSync(folder, { recursive: true });
    root = realpathSync(folder);
    used = options.maxBytes === undefined ? 0 : bytesUnder(root);
  } catch (error) {
    return fail('FILE_FAILED', { path: folder, why: (error as Error).message });
  }
  const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;

  /** Runs `body` with the host's path. What it throws comes back as a coded error. */
  function at<T>(path: string, body: (host: string) => Result<T>): Result<T> {
    const host = resolveUnder(root, path);
    if (!host.ok) return host;
    try {
      return body(host.value);
    } catch (error) {
      return asFault(path, error);
    }
  }

  function withFile<T>(path: string, flags: number, use: (file: number, host: string) => T): Result<T> {
    return at(path, (host) => {
      const file = openSync(host, flags | O_NOFOLLOW, 0o644);
      try {
        return succeed(use(file, host));
      } finally {
        closeSync(file);
      }
    });
  }

  /** Changes a file that will be `size` bytes long, if there is room; keeps count of the room. */
  function change(
    path: string,
    size: (before: number) => number,
    body: (file: number) => void,
  ): Result<void> {
    return at(path, (host) => {
      const stats = statOf(host);
      if (stats?.isDirectory()) return fail('FILE_KIND', { path, kind: 'file' });
      const before = sizeOf(stats);
      if (used + size(before) - before > maxBytes) return fail('FILE_DISK_FULL', { path });
      const done = withFile(path, O_RDWR | O_CREAT, body);
      if (maxBytes < Number.POSITIVE_INFINITY) used += sizeOf(statOf(host)) - before;
      return done;
    });
  }

  return succeed({
    stat: (path) =>
      at(path, (host) => {
        const stats = lstatSync(host);
        return succeed({ kind: stats.isDirectory() ? 'folder' : 'file', size: sizeOf(stats) });
      }),
    list: (path) => at(path, (host) => succeed(readdirSync(host).sort())),
    read: (path, offset, into) =>
      isOffset(offset)
        ? withFile(path, O_RDONLY, (file) =>
            transfer(into, (from, length) => readSync(file, into, from, length, offset + from)),
          )
        : badOffset(path, offset),
    write: (path, offset, bytes) =>
      isOffset(offset)
        ? change(
            path,
            (before) => Math.max(before, offset + bytes.length),
            (file) => {
              transfer(bytes, (from, length) => writeSync(file, bytes, from, length, offset + from));
            },
          )
        : badOffset(path, offset),
    truncate: (path, size) =>
      isOffset(size)
        ? change(
            path,
            () => size,
            (file) => ftruncateSync(file, size),
          )
        : badOffset(path, size),
    sync: (path) => withFile(path, O_RDONLY, fsyncSync),
    rename: (from, to) =>
      at(from, (hostFrom) =>
        at(to, (hostTo) => {
          const moved = lstatSync(hostFrom);
          const replaced = statOf(hostTo);
          if (hostFrom === root) return fail('FILE_PATH', { path: from, why: 'it is the store itself' });
          if (hostFrom === hostTo) return succeed(undefined);
          if (replaced?.isDirectory() || (replaced && moved.isDirectory()))
            return fail('FILE_EXISTS', { path: to });
          renameSync(hostFrom, hostTo);
          used -= sizeOf(replaced);
          syncFolder(dirname(hostTo));
          if (dirname(hostFrom) !== dirname(hostTo)) syncFolder(dirname(hostFrom));
          return succeed(undefined);
        }),
      ),
    remove: (path) =>
      at(path, (host) => {
        const stats = lstatSync(host);
        if (stats.isDirectory()) return fail('FILE_KIND', { path, kind: 'file' });
        unlinkSync(host);
        used -= stats.size;
        return succeed(undefined);
      }),
    makeFolder: (path) =>
      at(path, (host) => {
        const first = mkdirSync(host, { recursive: true });
        // What was made survives a power cut when each folder above it is on the medium.
        for (let made = host; first !== undefined && made.length >= first.length; made = dirname(made))
          syncFolder(dirname(made));
        return succeed(undefined);
      }),
    removeFolder: (path) =>
      at(path, (host) => {
        if (host === root) return fail('FILE_PATH', { path, why: 'it is the store itself' });
        rmdirSync(host);
        return succeed(undefined);
      }),
    freeBytes: () =>
      at('', (host) => {
        const { bavail, bsize } = statfsSync(host);
        return succeed(Math.max(0, Math.min(bavail * bsize, maxBytes - used)));
      }),
  });
}

/** The host's path. Every part that exists is looked at: none may be a link. Errors: FILE_PATH. */
function resolveUnder(root: string, path: string): Result<string> {
  const refuse = (why: string) => fail('FILE_PATH', { path: printable(path), why });
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return refuse(`more than ${MAX_PATH_BYTES} bytes`);
  let host = root;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') return refuse('it climbs');
    if (FORBIDDEN.test(part)) return refuse('it has a forbidden character');
    if (Buffer.byteLength(part) > MAX_NAME_BYTES)
      return refuse(`a name of more than ${MAX_NAME_BYTES} bytes`);
    host = join(host, part);
    if (statOf(host)?.isSymbolicLink()) return refuse('it leads over a symbolic link');
  }
  return succeed(host);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in a name
const FORBIDDEN = /[\u0000-\u001f\u007f\\:]/;

function printable(path: string): string {
  return JSON.stringify(path.slice(0, 80));
}

/** What is there, or undefined; also undefined where a part of the path is a file. */
function statOf(host: string): Stats | undefined {
  try {
    return lstatSync(host, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function sizeOf(stats: Stats | undefined): number {
  return stats === undefined || stats.isDirectory() ? 0 : stats.size;
}

function bytesUnder(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    sum += entry.isDirectory() ? bytesUnder(path) : lstatSync(path).size;
  }
  return sum;
}

function isOffset(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}

function badOffset(path: string, offset: number): Failed {
  return fail('FILE_FAILED', { path, why: `${offset} is no offset` });
}

/** Repeats `step` until all of `bytes` have been moved or none more can be; returns how many were. */
function transfer(bytes: Uint8Array, step: (from: number, length: number) => number): number {
  let done = 0;
  while (done < bytes.length) {
    const moved = step(done, bytes.length - done);
    if (moved === 0) break;
    done += moved;
  }
  return done;
}

/** A rename survives a power cut only when its folder is on the medium. */
function syncFolder(host: string): void {
  const folder = openSync(host, O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function asFault(path: string, error: unknown): Failed {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return fail('FILE_MISSING', { path });
    case 'EISDIR':
      return fail('FILE_KIND', { path, kind: 'file' });
    case 'ENOTDIR':
      return fail('FILE_KIND', { path, kind: 'folder' });
    case 'EEXIST':
      return fail('FILE_EXISTS', { path });
    case 'ENOTEMPTY':
      return fail('FILE_NOT_EMPTY', { path });
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('FILE_DISK_FULL', { path });
    case 'ELOOP':
      return fail('FILE_PATH', { path, why: 'it leads over a symbolic link' });
    default:
      return fail('FILE_FAILED', { path, why: message });
  }
}
