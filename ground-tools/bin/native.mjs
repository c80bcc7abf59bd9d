/**
 * Builds the addon (Rust, native/) where cargo is, and puts it at build/native/. What was built once from the
 * same sources is taken from the cache. Nothing needs it: without, TypeScript does the kernels' work.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const names = { linux: 'libperigee_addon.so', darwin: 'libperigee_addon.dylib', win32: 'perigee_addon.dll' };

/** Outside the checkout, so that a fresh clone builds nothing twice. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir() || tmpdir(), '.cache'), 'perigee');
}

/** Where cargo builds for this checkout. */
export function cargoTarget(root) {
  return join(cacheFolder(), 'cargo', createHash('sha256').update(root).digest('hex').slice(0, 8));
}

/** Where the addon of this machine is loaded from; `native/addon.ts` says the same. */
export function addonFile(root) {
  return join(root, 'build/native', `perigee-${process.platform}-${process.arch}.node`);
}

/**
 * Makes the addon what the sources say. `say` gets a line for each step, and one where it can't be had. Never
 * a failure of the set-up.
 */
export function buildAddon(root, say) {
  const library = names[process.platform];
  if (library === undefined || process.env.PERIGEE_NATIVE === 'off') return;
  if (!existsSync(join(root, 'native/Cargo.toml'))) return;
  const key = `${sourceHash(root)}-${process.platform}-${process.arch}`;
  const cached = join(cacheFolder(), 'native', `${key}.node`);
  const file = addonFile(root);
  const stamp = `${file}.stamp`;
  if (existsSync(file) && existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  if (!existsSync(cached)) {
    if (spawnSync('cargo', ['--version']).status !== 0) return;
    say('building the native kernels (cargo build --release) …');
    const { status, stderr } = spawnSync(
      'cargo',
      ['build', '--release', '--locked', '--quiet', '-p', 'perigee-addon', '--target-dir', cargoTarget(root)],
      { cwd: join(root, 'native'), encoding: 'utf8' },
    );
    if (status !== 0) {
      say(`the native kernels do not build here, TypeScript does their work: ${lastError(stderr)}`);
      return;
    }
    copyWhole(join(cargoTarget(root), 'release', library), cached);
  }
  copyWhole(cached, file);
  writeFileSync(stamp, key);
}

/** Changes with anything that the addon is built from. */
function sourceHash(root) {
  const hash = createHash('sha256');
  const folder = join(root, 'native');
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.(rs|toml|lock)$/.test(name) && !name.split(/[\\/]/).includes('target'))
    .sort();
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 24);
}

function lastError(stderr = '') {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => line.startsWith('error')) ?? lines.at(-1) ?? 'cargo says nothing').trim();
}

/** A reader never sees half a file. */
function copyWhole(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.tmp`;
  copyFileSync(from, temporary);
  renameSync(temporary, to);
}
