/** Which packages of the lock file fly: those that the shipped code needs, on the platform that it is shipped to. */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import type { Platform } from './platform';

interface LockEntry {
  readonly version: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

type Lock = Readonly<Record<string, LockEntry>>;

/** One package at its place: `path` is `node_modules/…`, here and on the board. */
export interface NeededPackage {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string | undefined;
  /** Whoever needs it does without where it can't be had. */
  readonly optional: boolean;
}

/** The packages that these compiled files load, by name; Node's own modules are not among them. */
export function packagesLoadedBy(files: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const file of files)
    for (const [, wanted] of readFileSync(file, 'utf8').matchAll(
      /(?:require|require\.resolve|import)\(["']([^."'/][^"']*)["']\)/g,
    )) {
      const parts = wanted.split('/');
      const name = wanted.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
      if (!name.startsWith('node:') && !builtinModules.includes(name)) names.add(name);
    }
  return names;
}

/** `names` and all that they need, as the lock file in `root` places them, in the order of their paths. */
export function neededPackages(root: string, names: Iterable<string>, platform: Platform): NeededPackage[] {
  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Lock;
  };
  const found = new Set<string>();
  const visit = (from: string, name: string) => {
    const path = placeOf(lock, from, name);
    if (path === undefined || found.has(path) || !flies(path, lock[path], platform)) return;
    found.add(path);
    for (const needed of needsOf(lock[path])) visit(path, needed);
  };
  for (const name of names) visit('', name);
  return [...found].sort().map((path) => {
    const { version, integrity, optional = false } = lock[path];
    return { path, name: path.slice(path.lastIndexOf('node_modules/') + 13), version, integrity, optional };
  });
}

function needsOf(entry: LockEntry): string[] {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = entry;
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers];
}

/** As Node looks for it: in the package's own folder, then upwards. */
function placeOf(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (Object.hasOwn(lock, path)) return path;
    if (folder === '') return undefined;
  }
}

/** WebAssembly stands in where a package has nothing for a platform; ours have all. */
function flies(path: string, { os, cpu, libc }: LockEntry, platform: Platform): boolean {
  const fits = (known: readonly string[] | undefined, ours: string) =>
    known === undefined || (known.includes(ours) && !known.includes(`!${ours}`));
  return (
    fits(os, platform.os) && fits(cpu, platform.arch) && fits(libc, 'glibc') && !path.endsWith('-wasm32')
  );
}
