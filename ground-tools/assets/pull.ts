import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { syncFolder, writeWholeFile } from '../../fsw/wholeFile';
import type { Archive, Asset } from './catalogue';
import { type DownloadOptions, download } from './download';
import type { AssetHost } from './host';
import { locate } from './locate';
import { takeLock } from './lock';
import { cacheFolderOf } from './places';
import { damageOf, hashOf, RECORD_FILE, type StoredRecord } from './stored';
import { unpack } from './unpack';

export interface Pulled {
  readonly folder: string;
  /** False when it was there already. */
  readonly fresh: boolean;
}

/**
 * Gets an asset into the cache: found in its index, downloaded (on from where an earlier pull ended), checked by its hash,
 * unpacked beside its place and moved there whole. What lies in the cache undamaged is left as it is; an archive that
 * somebody put into the cache is used instead of a download. Errors: those of `locate`, `download` and `unpack`, ASSET_HASH
 * (nothing of the file is kept), ASSET_BUSY.
 */
export async function pull(asset: Asset, host: AssetHost, options: DownloadOptions): Promise<Result<Pulled>> {
  const folder = cacheFolderOf(asset, host);
  if (folder === undefined || asset.archive === undefined) {
    const refused = await locate(asset, host, options);
    return refused.ok ? fail('ASSET_BY_HAND', { name: asset.name, page: refused.value.url }) : refused;
  }
  if (existsSync(folder) && (await damageOf(asset, folder)).length === 0)
    return succeed({ folder, fresh: false });
  const lock = `${folder}.lock`;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    if (!takeLock(lock)) return fail('ASSET_BUSY', { name: asset.name, lock });
  } catch (error) {
    return storeFault(folder, error);
  }
  try {
    const archive = await archiveOf(asset, asset.archive, host, options);
    if (!archive.ok) return archive;
    const stored = await store(asset.name, asset.archive, archive.value, folder);
    if (stored.ok) rmSync(`${archivePath(folder, asset.archive)}.part`, { force: true });
    return stored;
  } finally {
    rmSync(lock, { force: true });
  }
}

function archivePath(folder: string, { file }: Archive): string {
  return join(dirname(folder), file);
}

/** The path of the archive, with the right hash. */
async function archiveOf(
  asset: Asset,
  archive: Archive,
  host: AssetHost,
  options: DownloadOptions,
): Promise<Result<string>> {
  const folder = cacheFolderOf(asset, host) ?? '';
  const given = archivePath(folder, archive);
  if (await isRight(given, archive)) return succeed(given);
  const part = `${given}.part`;
  // Twice: what an earlier download left may be of something else, and is then not kept.
  for (let tries = 0; ; tries++) {
    const resumed = existsSync(part);
    if (!resumed || !(await isRight(part, archive))) {
      const location = await locate(asset, host, options);
      if (!location.ok) return location;
      const downloaded = await download(location.value, part, options);
      if (!downloaded.ok) return downloaded;
    }
    if (await isRight(part, archive)) return succeed(part);
    const found = (await hashOf(part, algorithmOf(archive))) ?? '';
    rmSync(part, { force: true });
    if (!resumed || tries > 0)
      return fail('ASSET_HASH', { file: archive.file, found, expected: archive.hash });
  }
}

async function isRight(file: string, archive: Archive): Promise<boolean> {
  if (!existsSync(file)) return false;
  return `${algorithmOf(archive)}:${await hashOf(file, algorithmOf(archive))}` === archive.hash;
}

function algorithmOf({ hash }: Archive): string {
  return hash.slice(0, hash.indexOf(':'));
}

/** At every instant the folder is not there, or whole. */
async function store(name: string, archive: Archive, file: string, folder: string): Promise<Result<Pulled>> {
  dropLeftovers(folder);
  const fresh = `${folder}.tmp-new`;
  try {
    mkdirSync(fresh);
    const files = await unpack(file, archive.file, fresh, archive.strip);
    if (!files.ok) return files;
    const record: StoredRecord = { name, hash: archive.hash, files: files.value };
    writeWholeFile(join(fresh, RECORD_FILE), `${JSON.stringify(record, null, 1)}\n`);
    if (existsSync(folder)) renameSync(folder, `${folder}.tmp-old`);
    renameSync(fresh, folder);
    syncFolder(dirname(folder));
    return succeed({ folder, fresh: true });
  } catch (error) {
    return storeFault(folder, error);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    dropLeftovers(folder);
  }
}

/** Of a pull that was killed; the lock says that nobody works on them. */
function dropLeftovers(folder: string): void {
  const parent = dirname(folder);
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (path.startsWith(`${folder}.tmp-`)) rmSync(path, { recursive: true, force: true });
  }
}

function storeFault(path: string, error: unknown) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('FILE_DISK_FULL', { path });
  return fail('FILE_FAILED', { path, why: message });
}
