/**
 * Packages of Debian 12, taken apart into the cache without being root: apt with lists, state and cache of its own,
 * so that the host's apt stays as it was. Debian's keyring verifies what it fetches.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const sources = [
  'http://deb.debian.org/debian bookworm main',
  'http://deb.debian.org/debian-security bookworm-security main',
];

/** Why packages of Debian can't be had here, or undefined. */
export function debianMissing() {
  for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb'])
    if (spawnSync(tool, ['--version']).error) return `${tool} is not here`;
  return existsSync(KEYRING) ? undefined : `${KEYRING} is not here (package debian-archive-keyring)`;
}

/**
 * Unpacks `names` (`name` or `name:arch`) and what they need into `into`, which is there whole or not at all. Of
 * what they need, only packages whose name `wanted` matches: the rest is the host's. Throws what apt says.
 */
export function unpackDebian(names, wanted, into) {
  const work = mkdtempSync(`${into}.`);
  try {
    const apt = privateApt(join(work, 'apt'));
    const depends = apt('apt-cache', 'depends', '--recurse', ...onlyNeeds, ...names).split('\n');
    const needed = depends.filter((line) => /^[a-z0-9]/.test(line) && wanted.test(line));
    const debs = join(work, 'debs');
    const tree = join(work, 'tree');
    for (const folder of [debs, tree]) mkdirSync(folder);
    apt.in(debs)('apt-get', 'download', ...new Set([...names, ...needed]));
    for (const deb of readdirSync(debs)) said('dpkg-deb', ['-x', join(debs, deb), tree]);
    rmSync(into, { recursive: true, force: true });
    renameSync(tree, into);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const onlyNeeds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
  (relation) => `--no-${relation}`,
);

/** Calls apt's tools with all their files in `folder`. */
function privateApt(folder) {
  const place = (name) => join(folder, name);
  for (const name of ['lists/partial', 'cache/archives/partial', 'none'])
    mkdirSync(place(name), { recursive: true });
  writeFileSync(place('status'), '');
  const lines = sources.map((source) => `deb [arch=amd64,arm64 signed-by=${KEYRING}] ${source}\n`);
  writeFileSync(place('sources.list'), lines.join(''));
  const settings = {
    'Dir::State::lists': place('lists'),
    'Dir::State::status': place('status'),
    'Dir::Cache': place('cache'),
    'Dir::Etc::sourcelist': place('sources.list'),
    'Dir::Etc::sourceparts': place('none'),
    'Dir::Etc::preferences': place('none/preferences'),
    'Dir::Etc::preferencesparts': place('none'),
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64,arm64',
    'APT::Sandbox::User': userInfo().username,
    'Acquire::Languages': 'none',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const inFolder =
    (cwd) =>
    (tool, ...args) =>
      said(tool, ['-q', ...options, ...args], cwd);
  const apt = inFolder(folder);
  apt('apt-get', 'update');
  return Object.assign(apt, { in: inFolder });
}

function said(command, args, cwd) {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  if (status === 0) return stdout;
  const lines = stderr.trim().split('\n');
  throw new Error(`${command}: ${lines.find((line) => line.startsWith('E:')) ?? lines.at(-1)}`);
}
