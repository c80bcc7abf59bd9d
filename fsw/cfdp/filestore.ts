/** Where a peer may reach in the file store, and the filestore requests that come with a file. */
import { type Failed, fail, type Result, succeed } from '../errors';
import type { FileStore } from '../framework';
import {
  FilestoreAction,
  type FilestoreRequest,
  type FilestoreResponse,
  takesTwoNames,
} from '../protocols/cfdp';
import { JOURNAL_FOLDER } from './journal';

const CHUNK_BYTES = 65_536;

/**
 * A name from a peer as a path of the store, parts joined by `/`. One that climbs, is empty, or reaches into our
 * own folder is refused here; links and forbidden characters are refused by the store.
 * Errors: FILE_PATH, CFDP_PATH.
 */
export function confined(name: string): Result<string> {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return fail('FILE_PATH', { path: JSON.stringify(name), why: 'it is empty' });
  if (parts.includes('..'))
    return fail('FILE_PATH', { path: JSON.stringify(name.slice(0, 80)), why: 'it climbs' });
  if (parts[0].toLowerCase() === JOURNAL_FOLDER) return fail('CFDP_PATH', { path: JOURNAL_FOLDER });
  return succeed(parts.join('/'));
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Status codes of table 5-18, by what they mean for an action. */
const Status = { OK: 0, FIRST: 1, SECOND: 2, FAILED: 3 } as const;

/** Carries out one request; never fails but by its status. Append and replace copy at most `maxBytes`. */
export function perform(files: FileStore, request: FilestoreRequest, maxBytes: number): FilestoreResponse {
  const answer = (status: number, fault?: Failed): FilestoreResponse => ({
    ...request,
    status,
    message: fault?.error.text.slice(0, 80) ?? '',
  });
  const first = confined(request.first);
  if (!first.ok) return answer(Status.FIRST, first);
  const path = first.value;
  const done = (result: Result<unknown>, status: number = Status.FIRST) =>
    result.ok ? answer(Status.OK) : answer(status, result);
  const isThere = (at: string, kind: 'file' | 'folder') => {
    const stat = files.stat(at);
    return stat.ok && stat.value.kind === kind;
  };

  if (takesTwoNames(request.action)) {
    const other = confined(request.second ?? '');
    if (!other.ok) return answer(Status.SECOND, other);
    const stat = files.stat(path);
    if (!stat.ok) return answer(Status.FIRST, stat);
    const second = other.value;
    if (request.action === FilestoreAction.RENAME_FILE) {
      if (files.stat(second).ok) return answer(Status.SECOND, fail('FILE_EXISTS', { path: second }));
      return done(files.rename(path, second), Status.FAILED);
    }
    if (!isThere(second, 'file')) return answer(Status.SECOND, fail('FILE_MISSING', { path: second }));
    const at = request.action === FilestoreAction.APPEND_FILE ? stat.value.size : 0;
    return done(copy(files, second, path, at, maxBytes), Status.FAILED);
  }
  switch (request.action) {
    case FilestoreAction.CREATE_FILE:
      return files.stat(path).ok
        ? answer(Status.FIRST, fail('FILE_EXISTS', { path }))
        : done(files.truncate(path, 0));
    case FilestoreAction.DELETE_FILE:
      return done(files.remove(path));
    case FilestoreAction.CREATE_DIRECTORY:
      return done(files.makeFolder(path));
    case FilestoreAction.REMOVE_DIRECTORY:
      return done(files.removeFolder(path));
    case FilestoreAction.DENY_FILE:
      return isThere(path, 'file') ? done(files.remove(path), Status.SECOND) : answer(Status.OK);
    default:
      return isThere(path, 'folder') ? done(files.removeFolder(path), Status.SECOND) : answer(Status.OK);
  }
}

/** Copies `from` into `to` from offset `at` on, which then ends there. */
function copy(files: FileStore, from: string, to: string, at: number, maxBytes: number): Result<void> {
  const stat = files.stat(from);
  if (!stat.ok) return stat;
  const { size } = stat.value;
  if (size > maxBytes) return fail('FILE_FAILED', { path: from, why: `more than ${maxBytes} bytes` });
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, size));
  for (let done = 0; done < size; ) {
    const read = files.read(from, done, chunk);
    if (!read.ok) return read;
    if (read.value === 0) break;
    const length = Math.min(read.value, size - done);
    const written = files.write(to, at + done, chunk.subarray(0, length));
    if (!written.ok) return written;
    done += length;
  }
  const cut = files.truncate(to, at + size);
  return cut.ok ? files.sync(to) : cut;
}
