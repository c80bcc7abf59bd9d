import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fail, type Result, succeed } from '../../fsw/errors';
import { type Answer, type Patience, reasonOf, request, shown } from './http';
import type { Location } from './locate';

export interface DownloadOptions extends Patience {
  /** How often a broken connection is taken up again when it brought nothing new. */
  readonly retries: number;
  /** Between two tries, milliseconds. */
  readonly pauseMs: number;
  onProgress?(bytes: number, total: number | undefined): void;
}

/**
 * Downloads to `part`, from where an earlier download ended (HTTP Range, RFC 9110 §14). What has come stays when it fails,
 * for the next try. Errors: ASSET_OFFLINE, ASSET_HTTP, FILE_DISK_FULL, FILE_FAILED.
 */
export async function download(
  { url, index }: Location,
  part: string,
  options: DownloadOptions,
): Promise<Result<void>> {
  let file: FileHandle;
  try {
    file = await open(part, 'a+');
  } catch (error) {
    return writeFault(part, error);
  }
  try {
    for (let misses = 0; ; ) {
      const before = (await file.stat()).size;
      const range: Record<string, string> = before > 0 ? { range: `bytes=${before}-` } : {};
      // The archive as it is: a server that unpacks it on the way has no ranges either.
      const headers = { 'accept-encoding': 'identity', ...range };
      const answer = await request(url, headers, options, [200, 206, 416], index);
      const done = answer.ok ? await receive(answer.value, file, before, { url, part, options }) : answer;
      if (done.ok || done.error.code !== 'ASSET_OFFLINE' || options.signal?.aborted) return done;
      misses = (await file.stat()).size > before ? 0 : misses + 1;
      if (misses > options.retries) return done;
      await wait(options.pauseMs);
    }
  } finally {
    await file.close();
  }
}

interface Receiving {
  readonly url: string;
  readonly part: string;
  readonly options: DownloadOptions;
}

async function receive(
  { status, headers, chunks }: Answer,
  file: FileHandle,
  before: number,
  { url, part, options }: Receiving,
): Promise<Result<void>> {
  let bytes = before;
  try {
    // Nothing beyond what is here: it is whole, or it is of another file, which the hash tells.
    if (status === 416) {
      for await (const _ of chunks);
      return succeed(undefined);
    }
    if (status === 200 && before > 0) {
      await file.truncate(0);
      bytes = 0;
    }
  } catch (error) {
    return writeFault(part, error);
  }
  const total = totalOf(headers, status, bytes);
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await iterator.next();
    } catch (error) {
      return fail('ASSET_OFFLINE', { url: shown(url), why: reasonOf(error) });
    }
    if (next.done) break;
    try {
      await file.writeFile(next.value);
    } catch (error) {
      await iterator.return?.();
      return writeFault(part, error);
    }
    bytes += next.value.length;
    options.onProgress?.(bytes, total);
  }
  if (total !== undefined && bytes < total)
    return fail('ASSET_OFFLINE', { url: shown(url), why: `it ended at byte ${bytes} of ${total}` });
  return succeed(undefined);
}

/** Bytes of the whole file, as the server states them. */
function totalOf(headers: Headers, status: number, before: number): number | undefined {
  const ranged = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  if (status === 206) return ranged === undefined ? undefined : Number(ranged);
  const length = headers.get('content-length');
  // With a content coding, the length is that of the coded bytes.
  if (length === null || headers.has('content-encoding')) return undefined;
  return before + Number(length);
}

function writeFault(path: string, error: unknown) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('FILE_DISK_FULL', { path });
  return fail('FILE_FAILED', { path, why: message });
}
