/** Packs a release: everything that a board needs to fly a mission, in one folder, with its hash manifest. */
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { filesUnder, type Manifest, writeManifest } from './manifest';
import { npmPackage } from './npmCache';
import { type NeededPackage, neededPackages, packagesLoadedBy } from './packages';
import { addonOf, type Platform } from './platform';
import { systemdUnit } from './unit';

/** The Node that goes to a board that has none, and what a board's own must be at least. */
export const NODE_VERSION = '20.19.6';

const flightRooms = ['fsw', 'components', 'native'];
const rigRooms = ['ground-tools', 'hwtests'];

export interface PackOptions {
  /** The checkout, set up: `dist/`, `node_modules/` and `build/` are there. */
  readonly root: string;
  readonly platform: Platform;
  readonly mission: string;
  /** The tools and the rig too, to test on the board. */
  readonly rig?: boolean;
  /** Packages that fly besides those that the code loads. */
  readonly packages?: readonly string[];
  /** Ship no addon, built or not. */
  readonly withoutAddon?: boolean;
  /** Takes the place of the mission's `flightBoard.json`. */
  readonly boardFile?: string;
  /** A Node that the board has, by its path there; else one is packed. */
  readonly node?: string;
  /** For the board's systemd unit; none is packed without. */
  readonly service?: { readonly home: string; readonly user: string };
  /** Seconds in which it must be healthy; start.sh has a default. */
  readonly deadlineS?: number;
}

/**
 * Packs into the empty folder `into`. `say` gets a line for what is left out. Errors: DEPLOY_PACK, DEPLOY_NO_ADDON,
 * DEPLOY_BOARD_FILE.
 */
export function pack(options: PackOptions, into: string, say: (line: string) => void): Result<Manifest> {
  const { root, platform, node } = options;
  const addon = addonOf(platform);
  if (!options.withoutAddon && !existsSync(join(root, addon)))
    return fail('DEPLOY_NO_ADDON', {
      file: addon,
      how: platform.arch === process.arch ? 'npm run setup' : `npm run build:${platform.arch}`,
    });
  const assets = copyMission(options, into);
  if (!assets.ok) return assets;
  for (const room of [...flightRooms, ...(options.rig ? rigRooms : [])]) copyCompiled(root, into, room);
  copyFileSync(join(root, 'package.json'), join(into, 'package.json'));
  copyNative(options, into);

  const compiled = filesUnder(join(into, 'dist')).map((file) => join(into, 'dist', file));
  const loaded = [...productionPackages(root, packagesLoadedBy(compiled)), ...(options.packages ?? [])];
  for (const needed of neededPackages(root, loaded, platform)) {
    const copied = copyPackage(root, into, needed, platform);
    if (copied.ok) continue;
    if (!needed.optional) return copied;
    say(`without ${needed.name}: ${copied.error.text}`);
  }
  if (node === undefined) {
    const shipped = npmPackage(`node-${platform.os}-${platform.arch}`, NODE_VERSION);
    if (!shipped.ok) return shipped;
    copyWhole(join(shipped.value, 'bin/node'), join(into, 'bin/node'));
  }
  copyStart(options, into);
  return succeed(writeManifest(into));
}

/** How the release starts: the script, what it must know, and the unit that starts the script. */
function copyStart(
  { root, mission, node = 'bin/node', deadlineS, service }: PackOptions,
  into: string,
): void {
  copyWhole(join(root, 'ground-tools/deploy/start.sh'), join(into, 'start.sh'));
  chmodSync(join(into, 'start.sh'), 0o755);
  const deadline = deadlineS === undefined ? '' : `DEADLINE_S=${deadlineS}\n`;
  writeFileSync(join(into, 'release.env'), `MISSION='${mission}'\nNODE='${node}'\n${deadline}`);
  if (service) writeFileSync(join(into, 'perigee.service'), systemdUnit(service.home, mission, service.user));
}

/** What a mission's folder holds besides its code: models, and how the board is set up. */
function copyMission({ root, mission, boardFile }: PackOptions, into: string): Result<void> {
  const folder = join('fsw/missions', mission);
  if (!existsSync(join(root, folder)))
    return fail('DEPLOY_BOARD_FILE', { mission, why: `${folder} is not there` });
  for (const file of filesUnder(join(root, folder)))
    if (!file.endsWith('.ts')) copyWhole(join(root, folder, file), join(into, folder, file));
  const placed = join(into, folder, 'flightBoard.json');
  try {
    if (boardFile !== undefined) copyWhole(boardFile, placed);
  } catch (error) {
    return fail('DEPLOY_BOARD_FILE', { mission, why: (error as Error).message });
  }
  if (existsSync(placed)) return succeed(undefined);
  return fail('DEPLOY_BOARD_FILE', {
    mission,
    why: 'it has no flightBoard.json, and none was given (--board-file)',
  });
}

function copyCompiled(root: string, into: string, room: string): void {
  const folder = join('dist', room);
  for (const file of filesUnder(join(root, folder)))
    if (/\.(js|json)$/.test(file) && !/\.(test|interop|bench)\.js$/.test(file))
      copyWhole(join(root, folder, file), join(into, folder, file));
}

/** What is built for this platform, and what serves each (CUDA kernels). */
function copyNative({ root, platform, withoutAddon }: PackOptions, into: string): void {
  const folder = join(root, 'build/native');
  const { os, arch } = platform;
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const built = /-((?:linux|darwin|win32)-\w+)\./.exec(name)?.[1];
    if (/\.(stamp|tmp)$/.test(name) || (built !== undefined && built !== `${os}-${arch}`)) continue;
    if (withoutAddon && name.endsWith('.node')) continue;
    copyWhole(join(folder, name), join(into, 'build/native', name));
  }
}

/** Code that only tests load is in the tree too; what it needs stays here. */
function productionPackages(root: string, names: ReadonlySet<string>): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return Object.keys(dependencies).filter((name) => names.has(name));
}

/** From `node_modules` here, or from npm where it is installed here for another platform only. */
function copyPackage(root: string, into: string, needed: NeededPackage, platform: Platform): Result<void> {
  const here = join(root, needed.path);
  const from = existsSync(join(here, 'package.json'))
    ? succeed(here)
    : npmPackage(needed.name, needed.version, needed.integrity);
  if (!from.ok) return from;
  cpSync(from.value, join(into, needed.path), {
    recursive: true,
    dereference: true,
    filter: (file) => flies(file.slice(from.value.length), platform),
  });
  return succeed(undefined);
}

/** Not the binaries of other platforms, and not what nobody loads; a nested package has an entry of its own. */
function flies(file: string, { os, arch }: Platform): boolean {
  const path = file.split(sep).join('/');
  if (/^\/node_modules(\/|$)|\.(d\.[cm]?ts|map|md)$/.test(path)) return false;
  // onnxruntime-node, then node-gyp-build's layout.
  const binary = /^\/bin\/napi-v\d+\/(\w+)(?:\/(\w+))?/.exec(path);
  if (binary) return binary[1] === os && (binary[2] === undefined || binary[2] === arch);
  const prebuilt = /^\/prebuilds\/(\w+)-([\w+]+)/.exec(path);
  return prebuilt === null || (prebuilt[1] === os && prebuilt[2].split('+').includes(arch));
}

function copyWhole(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
}
