/** Python peers in virtual environments: for the interop suites and for the bench. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A virtual environment with the packages asked for: its interpreter, and the folder of its commands. */
export interface Venv {
  readonly python: string;
  readonly bin: string;
}
export type MaybeVenv = Venv | { readonly absent: string };

const cache = process.env.PERIGEE_CACHE ?? join(homedir(), '.cache/perigee');
const installMs = 15 * 60_000;

/**
 * The environment `venv-<name>` in the cache (`$PERIGEE_CACHE`, else `~/.cache/perigee`), outside the
 * repository; made on first use with `python3 -m venv` and pip. `packages` are pinned (`fprime-gds==4.4.1`); a
 * change of them makes it anew. `absent` says why there is none: no python3, or pip could not get the packages.
 */
export function venv(name: string, packages: readonly string[]): MaybeVenv {
  const dir = join(cache, `venv-${name}`);
  const made = { python: join(dir, 'bin/python'), bin: join(dir, 'bin') };
  const stamp = join(dir, 'perigee-packages.json');
  const wanted = JSON.stringify(packages);
  const ready = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (ready()) return made;

  mkdirSync(cache, { recursive: true });
  return locked(`${dir}.lock`, () => {
    if (ready()) return made;
    rmSync(dir, { recursive: true, force: true });
    const failed =
      failure('python3', ['-m', 'venv', dir]) ??
      failure(made.python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages]);
    if (failed !== undefined) return { absent: failed };
    writeFileSync(stamp, wanted);
    return made;
  });
}

function failure(command: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: installMs });
  if (error !== undefined) return `${command}: ${error.message}`;
  if (status === 0) return undefined;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return `${command} ${args.slice(0, 3).join(' ')} ended with ${status}: ${last}`;
}

/** Runs `work` while holding a lock that other processes respect: two suites must not make one environment. */
function locked<T>(lock: string, work: () => T): T {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const giveUpAt = Date.now() + installMs;
  while (!take(lock) && Date.now() < giveUpAt) Atomics.wait(wait, 0, 0, 500);
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch {
    const owner = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (owner > 0 && !alive(owner)) rmSync(lock, { force: true });
    return false;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
