/** What lies in the cache, and whether it is as it was pulled. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset } from './catalogue';
import type { FileRecord } from './unpack';

/** Written with an asset, in its folder. */
export const RECORD_FILE = 'perigee-asset.json';

export interface StoredRecord {
  readonly name: string;
  /** The archive's. */
  readonly hash: string;
  readonly files: readonly FileRecord[];
}

export interface Damage {
  readonly path: string;
  readonly what: 'missing' | 'damaged';
}

/** Compares each file of an asset's folder in the cache with the record of the pull; `[]`: all is well. */
export async function damageOf({ archive }: Asset, folder: string): Promise<Damage[]> {
  const record = readRecord(folder);
  if (record === undefined || record.hash !== archive?.hash) return [{ path: RECORD_FILE, what: 'damaged' }];
  const found: Damage[] = [];
  for (const { path, bytes, sha256 } of record.files) {
    const file = join(folder, path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) found.push({ path, what: 'missing' });
    else if (size !== bytes || (await hashOf(file, 'sha256')) !== sha256)
      found.push({ path, what: 'damaged' });
  }
  return found;
}

/** The record; undefined when there is none or it can't be read. */
export function readRecord(folder: string): StoredRecord | undefined {
  const file = join(folder, RECORD_FILE);
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as StoredRecord;
    return Array.isArray(record.files) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A file's hash in hex; undefined when it can't be read. */
export async function hashOf(file: string, algorithm: string): Promise<string | undefined> {
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
