import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { fail, type Result, succeed } from '../../fsw/errors';
import { ArchiveError, type Entry, safePath } from './archive';
import { tarEntries } from './tar';
import { zipEntries } from './zip';

/** A file as it was unpacked. */
export interface FileRecord {
  /** Relative to the asset's folder, `/` between its parts. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Unpacks an archive (`.tar.gz`, `.tgz`, `.zip`, `.whl`) into a folder that is empty; every file is on the medium when
 * it returns. Errors: ASSET_ARCHIVE, FILE_DISK_FULL, FILE_FAILED; what was unpacked until then stays.
 */
export async function unpack(
  archive: string,
  name: string,
  into: string,
  strip: number,
): Promise<Result<FileRecord[]>> {
  const records: FileRecord[] = [];
  const handle = await open(archive);
  const packed = createReadStream(archive);
  const gunzip = createGunzip();
  packed.on('error', (error) => gunzip.destroy(error));
  try {
    const isZip = /\.(zip|whl)$/.test(name);
    const entries = isZip ? zipEntries(archive, handle) : tarEntries(packed.pipe(gunzip));
    for await (const entry of entries) {
      const path = safePath(entry.path, strip);
      if (path === undefined) continue;
      if (entry.kind === 'folder') await mkdir(join(into, path), { recursive: true });
      else records.push(await writeEntry(entry, path, into));
    }
    return succeed(records);
  } catch (error) {
    return unpackFault(error, name, into);
  } finally {
    packed.destroy();
    gunzip.destroy();
    await handle.close();
  }
}

async function writeEntry({ data }: Entry, path: string, into: string): Promise<FileRecord> {
  const file = join(into, path);
  await mkdir(dirname(file), { recursive: true });
  const hash = createHash('sha256');
  let bytes = 0;
  // Exclusive: an archive that has a path twice is refused.
  const handle = await open(file, 'wx');
  try {
    for await (const chunk of data) {
      hash.update(chunk);
      bytes += chunk.length;
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

function unpackFault(error: unknown, file: string, into: string) {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return fail('FILE_DISK_FULL', { path: into });
  // zlib says Z_DATA_ERROR, Z_BUF_ERROR …
  if (error instanceof ArchiveError || code.startsWith('Z_') || code === 'EEXIST')
    return fail('ASSET_ARCHIVE', { file, why: message });
  return fail('FILE_FAILED', { path: into, why: message });
}
