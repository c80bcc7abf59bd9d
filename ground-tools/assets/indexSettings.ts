/**
 * Which package index pip and npm would use on this machine, read from their own settings: neither needs to be
 * there. https://pip.pypa.io/en/stable/topics/configuration/, https://docs.npmjs.com/cli/configuring-npm/npmrc
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AssetHost } from './host';

/** The simple index of Python packages, ending in `/`. The environment goes before the files, a later file before an earlier. */
export function pythonIndex({ env, home }: AssetHost): string {
  const config = env.XDG_CONFIG_HOME || join(home, '.config');
  const files = [
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
    join(home, '.pip/pip.conf'),
    join(config, 'pip/pip.conf'),
    join(home, 'Library/Application Support/pip/pip.conf'),
    join(env.APPDATA ?? home, 'pip/pip.ini'),
    ...(env.VIRTUAL_ENV ? [join(env.VIRTUAL_ENV, 'pip.conf')] : []),
  ];
  const chosen = env.PIP_CONFIG_FILE === undefined ? files : [env.PIP_CONFIG_FILE];
  const found = chosen.map((file) => indexUrlIn(textOf(file)) ?? '').filter((url) => url !== '');
  return withSlash(env.PIP_INDEX_URL || found.at(-1) || 'https://pypi.org/simple/');
}

/** `index-url` of an ini file: that of `[install]` or `[download]`, else that of `[global]`. */
function indexUrlIn(text: string): string | undefined {
  const found = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim() ?? section;
    const value = /^\s*index[-_]url\s*[=:]\s*(\S+)/.exec(line)?.[1];
    if (value !== undefined) found.set(section, value);
  }
  return found.get('download') ?? found.get('install') ?? found.get('global');
}

/** npm's registry, ending in `/`. */
export function npmRegistry({ env, home, root }: AssetHost): string {
  const named = env.npm_config_registry || env.NPM_CONFIG_REGISTRY;
  const files = [join(root, '.npmrc'), env.npm_config_userconfig || join(home, '.npmrc')];
  const found = files.map((file) => /^\s*registry\s*=\s*["']?([^\s"']+)/m.exec(textOf(file))?.[1]);
  return withSlash(named || found.find((url) => url !== undefined) || 'https://registry.npmjs.org/');
}

function textOf(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
