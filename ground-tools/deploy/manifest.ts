import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The hash manifest of a release, in its folder, as `sha256sum -c` reads it. */
export const MANIFEST = 'manifest.sha256';

export interface Manifest {
  /** SHA-256 of the manifest itself: who has checked it has checked everything. */
  readonly sha256: string;
  readonly files: number;
  readonly bytes: number;
}

/** Writes the manifest of all files in `folder`, in the order of their names. */
export function writeManifest(folder: string): Manifest {
  const files = filesUnder(folder).filter((file) => file !== MANIFEST);
  let bytes = 0;
  const lines = files.map((file) => {
    const content = readFileSync(join(folder, file));
    bytes += content.length;
    return `${hashOf(content)}  ${file}\n`;
  });
  const text = lines.join('');
  writeFileSync(join(folder, MANIFEST), text);
  return { sha256: hashOf(text), files: files.length, bytes };
}

/** Files under a folder, by path relative to it, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => relative(folder, join(folder, name)))
    .sort();
}

function hashOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
