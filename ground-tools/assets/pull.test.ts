import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asset } from './catalogue';
import { download } from './download';
import { type AssetHost, assetCache } from './host';
import { pull } from './pull';
import { damageOf, readRecord } from './stored';
import { type TestIndex, tarGz, testIndex, zip } from './testIndex';

const options = { idleMs: 5_000, retries: 2, pauseMs: 0 };
const scene = Buffer.alloc(200_000, 'a scene of many bytes ').toString();
const sdist = tarGz([
  { path: 'scenes-1.0.0/', type: '5' },
  { path: 'scenes-1.0.0/scenes/data/B02.jp2', text: scene },
  { path: 'scenes-1.0.0/README', text: 'read me' },
]);
/** Long enough to be cut, also where gzip makes little of the scene. */
const padded = Buffer.concat([sdist, Buffer.alloc(300_000)]);

let work: string;
let index: TestIndex;
let host: AssetHost;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'perigee-assets-'));
  index = await testIndex();
  host = {
    root: work,
    home: work,
    env: { PIP_INDEX_URL: `${index.url}simple`, PIP_CONFIG_FILE: '/dev/null' },
  };
});
afterEach(async () => {
  await index.close();
  rmSync(work, { recursive: true });
});

function hashOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** An asset whose archive the index has. */
function published(bytes: Buffer = sdist, file = 'scenes-1.0.0.tar.gz'): Asset {
  const files = [{ filename: file, url: `../../files/${file}`, hashes: {} }];
  const body = JSON.stringify({ name: 'scenes', files });
  index.pages.set('/simple/my-scenes/', { type: 'application/vnd.pypi.simple.v1+json', body });
  index.pages.set(`/files/${file}`, bytes);
  return {
    name: 'scenes',
    what: 'a scene',
    licence: 'CC0',
    source: { kind: 'pypi', package: 'My_Scenes', version: '1.0.0' },
    archive: { file, bytes: bytes.length, hash: hashOf(bytes), strip: file.endsWith('.whl') ? 0 : 1 },
    witness: 'scenes/data/B02.jp2',
  };
}

const cached = () => (existsSync(assetCache(host)) ? readdirSync(assetCache(host)).sort() : []);
const filesAsked = () => index.asked.filter((line) => line.startsWith('/files/'));

describe('pull', () => {
  it('finds the file in the index, unpacks it whole, and leaves nothing else behind', async () => {
    const progress: number[] = [];
    const pulled = await pull(published(), host, { ...options, onProgress: (bytes) => progress.push(bytes) });
    const folder = join(assetCache(host), 'My_Scenes-1.0.0');
    expect(pulled).toEqual({ ok: true, value: { folder, fresh: true } });
    expect(readFileSync(join(folder, 'scenes/data/B02.jp2'), 'utf8')).toBe(scene);
    expect(cached()).toEqual(['My_Scenes-1.0.0']);
    expect(progress.at(-1)).toBe(sdist.length);
  });

  it('asks nothing of the network when it lies there undamaged', async () => {
    const asset = published();
    await pull(asset, host, options);
    index.asked.length = 0;
    expect(await pull(asset, host, options)).toMatchObject({ ok: true, value: { fresh: false } });
    expect(index.asked).toEqual([]);
  });

  it('gets again what was damaged', async () => {
    const asset = published();
    await pull(asset, host, options);
    const folder = join(assetCache(host), 'My_Scenes-1.0.0');
    writeFileSync(join(folder, 'scenes/data/B02.jp2'), 'not a scene');
    rmSync(join(folder, 'README'));
    expect(await damageOf(asset, folder)).toEqual([
      { path: 'scenes/data/B02.jp2', what: 'damaged' },
      { path: 'README', what: 'missing' },
    ]);
    expect(await pull(asset, host, options)).toMatchObject({ ok: true, value: { fresh: true } });
    expect(await damageOf(asset, folder)).toEqual([]);
    expect(cached()).toEqual(['My_Scenes-1.0.0']);
  });

  it('goes on where the connection was cut, as often as it brings something new', async () => {
    index.cuts.push(100_000, 100_000, 50_000);
    expect(await pull(published(padded), host, options)).toMatchObject({ ok: true });
    // What was under way when the connection broke is lost: how much, nobody knows.
    const starts = filesAsked().map((line) => Number(/bytes=(\d+)-$/.exec(line)?.[1] ?? 0));
    expect(starts).toHaveLength(4);
    expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
  });

  it('keeps what has come when it gives up, and the next pull goes on there', async () => {
    const asset = published(padded);
    index.cuts.push(100_000, 0, 0, 0);
    expect(await pull(asset, host, options)).toMatchObject({ ok: false, error: { code: 'ASSET_OFFLINE' } });
    expect(cached()).toEqual(['scenes-1.0.0.tar.gz.part']);
    const { size } = statSync(join(assetCache(host), 'scenes-1.0.0.tar.gz.part'));
    expect(size).toBeGreaterThan(0);
    index.asked.length = 0;
    expect(await pull(asset, host, options)).toMatchObject({ ok: true });
    expect(filesAsked()).toEqual([`/files/scenes-1.0.0.tar.gz bytes=${size}-`]);
  });

  it('starts anew on a server without ranges, and when what came before is of another file', async () => {
    const asset = published(padded);
    mkdirSync(assetCache(host), { recursive: true });
    const part = join(assetCache(host), 'scenes-1.0.0.tar.gz.part');
    writeFileSync(part, Buffer.alloc(1000, 1));
    expect(await pull(asset, host, options)).toMatchObject({ ok: true });
    expect(filesAsked()).toHaveLength(2);
    rmSync(join(assetCache(host), 'My_Scenes-1.0.0'), { recursive: true });
    writeFileSync(part, Buffer.alloc(padded.length + 1));
    expect(await pull(asset, host, options)).toMatchObject({ ok: true });
    rmSync(join(assetCache(host), 'My_Scenes-1.0.0'), { recursive: true });
    index.ranges = false;
    writeFileSync(part, padded.subarray(0, 1000));
    expect(await pull(asset, host, options)).toMatchObject({ ok: true });
  });

  it('keeps nothing of a file whose hash is wrong', async () => {
    const asset = published();
    index.pages.set('/files/scenes-1.0.0.tar.gz', padded);
    const pulled = await pull(asset, host, options);
    expect(pulled).toMatchObject({ ok: false, error: { code: 'ASSET_HASH' } });
    expect(cached()).toEqual([]);
  });

  it('takes an archive that somebody has put into the cache, without the network', async () => {
    const asset = published();
    mkdirSync(assetCache(host), { recursive: true });
    writeFileSync(join(assetCache(host), 'scenes-1.0.0.tar.gz'), sdist);
    expect(await pull(asset, host, options)).toMatchObject({ ok: true, value: { fresh: true } });
    expect(index.asked).toEqual([]);
  });

  it('unpacks wheels, which are zip files', async () => {
    const wheel = zip([
      { path: 'scenes/data/B02.jp2', text: scene },
      { path: 'scenes/empty', text: '' },
    ]);
    const asset = published(wheel, 'scenes-1.0.0-py3-none-any.whl');
    const pulled = await pull(asset, host, options);
    if (!pulled.ok) throw new Error(pulled.error.text);
    expect(readFileSync(join(pulled.value.folder, 'scenes/data/B02.jp2'), 'utf8')).toBe(scene);
    expect(readRecord(pulled.value.folder)?.files.map(({ path }) => path)).toEqual([
      'scenes/data/B02.jp2',
      'scenes/empty',
    ]);
  });

  it.each([
    ['../outside', {}],
    ['scenes-1.0.0/../../outside', {}],
    ['/tmp/perigee-outside', {}],
    ['scenes-1.0.0/C:\\outside', {}],
    ['scenes-1.0.0/link', { type: '2' }],
    ['scenes-1.0.0/hard', { type: '1' }],
  ])('refuses a tar with %s, and keeps none of it', async (path, more) => {
    const asset = published(
      tarGz([
        { path: 'scenes-1.0.0/a', text: 'a' },
        { path, text: 'x', ...more },
      ]),
    );
    expect(await pull(asset, host, options)).toMatchObject({ ok: false, error: { code: 'ASSET_ARCHIVE' } });
    expect(cached().filter((name) => !name.endsWith('.part'))).toEqual([]);
    expect(existsSync(join(work, 'outside'))).toBe(false);
  });

  it.each([
    ['../outside', 0o100644],
    ['scenes/link', 0o120777],
  ])('refuses a zip with %s', async (path, mode) => {
    const asset = published(zip([{ path, text: 'x', mode }]), 'scenes-1.0.0.whl');
    expect(await pull(asset, host, options)).toMatchObject({ ok: false, error: { code: 'ASSET_ARCHIVE' } });
    expect(existsSync(join(assetCache(host), 'outside'))).toBe(false);
  });

  it('refuses archives that are cut short or are none, also when their hash is right', async () => {
    const broken = [
      [sdist.subarray(0, sdist.length - 100), 'scenes-1.0.0.tar.gz'],
      [Buffer.from('no archive'), 'scenes-1.0.0.tar.gz'],
      [zip([{ path: 'a', text: scene }]).subarray(0, 200), 'scenes-1.0.0.whl'],
      [Buffer.from('no archive'), 'scenes-1.0.0.zip'],
      [tarGz([{ path: 'p/a' }, { path: 'p/a' }]), 'scenes-1.0.0.tar.gz'],
    ] as const;
    for (const [bytes, file] of broken) {
      const pulled = await pull(published(bytes, file), host, options);
      expect(pulled).toMatchObject({ ok: false, error: { code: 'ASSET_ARCHIVE' } });
    }
  });

  it('says which files the index has when the one that is asked for is not among them', async () => {
    const asset = published();
    const other = {
      ...asset,
      archive: { ...asset.archive, file: 'scenes-2.0.0.tar.gz', hash: 'sha256:0', strip: 1 },
    };
    expect(await pull(other, host, options)).toMatchObject({
      ok: false,
      error: { code: 'ASSET_VERSION', text: expect.stringContaining('it has scenes-1.0.0.tar.gz') },
    });
  });

  it('says what the server or the network said', async () => {
    const asset = published();
    index.pages.delete('/files/scenes-1.0.0.tar.gz');
    const gone = await pull(asset, host, options);
    expect(gone).toMatchObject({ error: { code: 'ASSET_HTTP', text: expect.stringContaining('404') } });
    index.pages.set('/simple/my-scenes/', { type: 'application/vnd.pypi.simple.v1+json', body: '{' });
    expect(await pull(asset, host, options)).toMatchObject({ error: { code: 'ASSET_INDEX' } });
    await index.close();
    const offline = await pull(asset, host, options);
    expect(offline).toMatchObject({
      error: { code: 'ASSET_OFFLINE', text: expect.stringContaining('ECONNREFUSED') },
    });
  });

  it('gives a server up that says nothing', async () => {
    index.mute = true;
    const pulled = await pull(published(), host, { ...options, idleMs: 50 });
    expect(pulled).toMatchObject({
      error: { code: 'ASSET_OFFLINE', text: expect.stringContaining('nothing came for 0.05 s') },
    });
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', async () => {
    published();
    const url = `${index.url}files/scenes-1.0.0.tar.gz`;
    expect(await download({ url, index: url }, '/dev/full', options)).toMatchObject({
      ok: false,
      error: { code: 'FILE_DISK_FULL' },
    });
  });

  it('leaves alone what another process is pulling, and a lock whose process is gone does not last', async () => {
    const asset = published();
    mkdirSync(assetCache(host), { recursive: true });
    const lock = join(assetCache(host), 'My_Scenes-1.0.0.lock');
    writeFileSync(lock, `${process.pid}`);
    expect(await pull(asset, host, options)).toMatchObject({ error: { code: 'ASSET_BUSY' } });
    writeFileSync(lock, '0');
    expect(await pull(asset, host, options)).toMatchObject({ ok: true });
    expect(cached()).toEqual(['My_Scenes-1.0.0']);
  });

  it('reads an index that speaks HTML only, and shows its login to no other host', async () => {
    const asset = published();
    const link = `<a data-x="1" href="${index.url}files/scenes-1.0.0.tar.gz#sha256=ab&amp;c">scenes-1.0.0.tar.gz</a>`;
    index.pages.set('/simple/my-scenes/', { type: 'text/html; charset=utf-8', body: `<html>${link}</html>` });
    const withLogin = `${index.url.replace('//', '//me:pass%21@')}simple/`;
    const mirror = { ...host, env: { ...host.env, PIP_INDEX_URL: withLogin } };
    expect(await pull(asset, mirror, options)).toMatchObject({ ok: true });
    const login = `Basic ${Buffer.from('me:pass!').toString('base64')}`;
    expect(index.asked).toEqual([`/simple/my-scenes/ ${login}`, `/files/scenes-1.0.0.tar.gz ${login}`]);
    rmSync(assetCache(host), { recursive: true });
    index.asked.length = 0;
    const elsewhere = link.replace('127.0.0.1', 'localhost');
    index.pages.set('/simple/my-scenes/', { type: 'text/html', body: elsewhere });
    await pull(asset, mirror, options);
    expect(index.asked[1]).toBe('/files/scenes-1.0.0.tar.gz');
  });

  it('gets packages of npm from its registry', async () => {
    const tgz = tarGz([{ path: 'package/scenes/data/B02.jp2', text: scene }]);
    const body = JSON.stringify({ versions: { '2.0.0': { dist: { tarball: `${index.url}files/s.tgz` } } } });
    index.pages.set('/npm/scenes', { type: 'application/json', body });
    index.pages.set('/files/s.tgz', tgz);
    const asset: Asset = {
      ...published(),
      source: { kind: 'npm', package: 'scenes', version: '2.0.0' },
      archive: { file: 's.tgz', bytes: tgz.length, hash: hashOf(tgz), strip: 1 },
    };
    const npm = { ...host, env: { npm_config_registry: `${index.url}npm` } };
    expect(await pull(asset, npm, options)).toMatchObject({ ok: true });
    const other: Asset = { ...asset, source: { kind: 'npm', package: 'scenes', version: '3.0.0' } };
    expect(await pull(other, npm, options)).toMatchObject({ error: { code: 'ASSET_VERSION' } });
  });

  it('says where to get by hand what no index has', async () => {
    const asset: Asset = { ...published(), source: { kind: 'byHand', page: 'https://example.org/scenes' } };
    expect(await pull({ ...asset, archive: undefined }, host, options)).toMatchObject({
      error: { code: 'ASSET_BY_HAND', text: expect.stringContaining('https://example.org/scenes') },
    });
  });
});
