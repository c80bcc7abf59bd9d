/**
 * Sets up what is missing, and says so in one line a step; silent when nothing is. Runs on a bare machine,
 * before node_modules exists: Node's own modules only.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingTools } from './host.mjs';
import { buildAddon } from './native.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');
const sourceFolders = ['fsw', 'components', 'native', 'ground-tools', 'hwtests'];

/** Makes node_modules, dist/ and, where cargo is, the addon what the sources say. Returns an exit code. */
export function setup() {
  const wrongNode = checkNode(process.versions.node);
  if (wrongNode) return failed(wrongNode);
  const code = install() || build();
  if (code === 0) buildAddon(root, say);
  return code;
}

/** Why this Node can't run Perigee, or undefined. */
export function checkNode(version) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '').split('.').map(Number);
  const [major, minor] = version.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= (needed[1] ?? 0))) return undefined;
  return `Perigee needs Node ${needed.join('.')} or newer; this is ${version} (${process.execPath}).`;
}

/** True when each package of the lock file is there in its version; npm itself notes what it installed. */
export function isInstalled() {
  const noted = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(noted)) return false;
  const installed = JSON.parse(readFileSync(noted, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

function install() {
  if (isInstalled()) return 0;
  say('installing packages (npm ci) …');
  // npm tells its scripts where it is; on Windows, npm alone is a batch file.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('npm-cli.js') ? [process.execPath, [npm]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: command === 'npm' && process.platform === 'win32',
    // onnxruntime-node would download CUDA libraries in its install script; the CPU ones are in the package.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (status !== 0)
    return failed('npm ci failed: the lines above say why. It needs the npm registry or a full npm cache.');
  for (const line of missingTools()) say(line);
  return 0;
}

function build() {
  const stampFile = join(dist, '.perigee-stamp');
  const stamp = sourceHash();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 0;
  say('compiling TypeScript to dist/ …');
  // From here on dist/ is neither what the stamp says nor yet what the sources say.
  rmSync(stampFile, { force: true });
  dropOrphans();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) return failed('the TypeScript sources do not compile: the lines above say where.');
  mkdirSync(dist, { recursive: true });
  writeFileSync(stampFile, stamp);
  return 0;
}

/** Changes with anything that the compiled tree depends on. */
function sourceHash() {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...sources()]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function sources() {
  return sourceFolders
    .flatMap((folder) => filesIn(join(root, folder)))
    .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('.test.ts'))
    .map((file) => relative(root, file))
    .sort();
}

/** Deletes compiled files whose source is gone, so that nothing flies that is not in the tree. */
function dropOrphans() {
  const orphans = filesIn(dist).filter((file) => {
    const source = join(root, relative(dist, file)).replace(/\.js(\.map)?$/, '.ts');
    return source.endsWith('.ts') && !existsSync(source);
  });
  for (const file of orphans) rmSync(file);
  // The compiler's notes would say that a source which comes back, unchanged, had been compiled.
  if (orphans.length > 0) rmSync(join(dist, '.build.tsbuildinfo'), { force: true });
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}

function say(line) {
  console.error(`perigee: ${line}`);
}

function failed(line) {
  say(line);
  return 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = setup();
