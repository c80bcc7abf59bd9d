import { fail, type Result, succeed } from '../../fsw/errors';
import type { Clock, FileStore } from '../../fsw/framework';
import { addModularChecksum } from '../../fsw/protocols';

const CHUNK_BYTES = 1 << 20;
/** What summing a chunk costs, in flight time. */
const CHUNK_US = 2000;

/**
 * The modular checksum of the first `size` bytes of a file, as they are on the medium. Others run between its
 * chunks, so that a large file holds up nobody but the component that asks. Errors: those of the store.
 */
export async function checksumOnDisk(
  { files, clock }: { readonly files: FileStore; readonly clock: Clock },
  file: string,
  size: number,
): Promise<Result<number>> {
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, size));
  let sum = 0;
  for (let at = 0; at < size; ) {
    const wanted = chunk.subarray(0, Math.min(chunk.length, size - at));
    const read = files.read(file, at, wanted);
    if (!read.ok) return read;
    if (read.value < wanted.length)
      return fail('FILE_FAILED', { path: file, why: `it ends at byte ${at + read.value}` });
    sum = addModularChecksum(sum, at, wanted);
    at += wanted.length;
    await clock.work(Promise.resolve(), CHUNK_US);
  }
  return succeed(sum);
}
