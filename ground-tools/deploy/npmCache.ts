/** Packages of npm that are not installed here because they are for another platform, unpacked in the cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';

/** Outside the checkout; `ground-tools/bin/native.mjs` says the same. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir() || tmpdir(), '.cache'), 'perigee');
}

/**
 * The folder of a package's files. `integrity` is the lock file's (`sha512-…`); npm has checked the registry's own
 * before. Errors: DEPLOY_PACK.
 */
export function npmPackage(name: string, version: string, integrity?: string): Result<string> {
  const home = join(cacheFolder(), 'npm');
  const folder = join(home, `${name.replace('/', '+')}-${version}`);
  if (existsSync(folder)) return succeed(folder);
  mkdirSync(home, { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  const refuse = (why: string) => fail('DEPLOY_PACK', { what: `${name}@${version}`, why });
  try {
    const packed = spawnSync(
      'npm',
      ['pack', '--loglevel=error', '--pack-destination', work, `${name}@${version}`],
      {
        cwd: work,
        encoding: 'utf8',
      },
    );
    if (packed.status !== 0) return refuse(`npm pack: ${packed.error?.message ?? saidLast(packed.stderr)}`);
    const archive = join(work, packed.stdout.trim());
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (integrity !== undefined && found !== integrity) return refuse(`its ${found} is not the lock file's`);
    const fresh = join(work, 'files');
    mkdirSync(fresh);
    const unpacked = spawnSync('tar', ['-xzf', archive, '-C', fresh, '--strip-components=1'], {
      encoding: 'utf8',
    });
    if (unpacked.status !== 0) return refuse(`tar: ${unpacked.error?.message ?? saidLast(unpacked.stderr)}`);
    if (!existsSync(folder)) renameSync(fresh, folder);
    return succeed(folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The line of a program's output that says why it failed; npm's last one says where its log is. */
export function saidLast(text: string): string {
  const lines = text.trim().split('\n');
  return lines.find((line) => /^npm error (?!code)/.test(line)) ?? lines.at(-1) ?? '';
}
