import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drifted, drifts } from './drift';
import { EUROSAT_TILE_BYTES, findEurosat, readEurosat, someTiles, tileOf } from './eurosat';

const PLANE = EUROSAT_TILE_BYTES / 3;
let place: string;
/** Three tiles of one colour each, as PNG, so that the pixels are exact. */
const tiles = [
  { path: 'train/River/a.png', label: 'River', split: 'train', colour: { r: 10, g: 20, b: 30 } },
  { path: 'train/Forest/b.png', label: 'Forest', split: 'train', colour: { r: 40, g: 50, b: 60 } },
  { path: 'test/Forest/c.png', label: 'Forest', split: 'test', colour: { r: 70, g: 80, b: 90 } },
];

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'perigee-eurosat-'));
  const folder = join(place, 'eurosat');
  for (const { path, colour } of tiles) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } }).toFile(
      join(folder, path),
    );
  }
  const rows = tiles.map(({ path, label, split }) => `${path},${label},${split},0`);
  writeFileSync(join(folder, 'manifest.csv'), `path,label,split,sha256_pixels\n${rows.join('\n')}\n`);
});
afterAll(() => rmSync(place, { recursive: true }));

async function read(split: 'train' | 'test') {
  const found = await readEurosat(split, findEurosat([place]));
  if (!found.ok) throw new Error(found.error.text);
  return found.value;
}

describe('readEurosat', () => {
  it('reads a split channel first, in the order of the manifest, labels by the sorted classes', async () => {
    const train = await read('train');
    expect(train.classes).toEqual(['Forest', 'River']);
    expect([...train.labels]).toEqual([1, 0]);
    expect([0, PLANE, 2 * PLANE].map((at) => tileOf(train, 1)[at])).toEqual([40, 50, 60]);
    expect((await read('test')).paths).toEqual(['test/Forest/c.png']);
    expect(train.fileBytes.every((bytes) => bytes > 0)).toBe(true);
  });

  it('takes some of them', async () => {
    const some = someTiles(await read('train'), [1]);
    expect([some.labels[0], some.pixels[0], some.pixels.length]).toEqual([0, 40, EUROSAT_TILE_BYTES]);
  });

  it('says where it looked when there is no EuroSAT, and which file is no tile', async () => {
    const nowhere = await readEurosat('train', join(place, 'nothing'));
    expect(nowhere).toMatchObject({ ok: false, error: { code: 'EUROSAT_MISSING' } });
    const other = join(place, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'manifest.csv'), 'path,label,split,sha256_pixels\na.jpg,River,train,0\n');
    const broken = await readEurosat('train', other);
    expect(broken).toMatchObject({ ok: false, error: { code: 'EUROSAT_READ' } });
  });
});

describe('drifted', () => {
  const pixels = new Uint8Array(2 * EUROSAT_TILE_BYTES).map((_, i) => (i * 37) % 256);

  it('leaves tiles as they are where nothing drifts', () => {
    expect(drifted(pixels, drifts.none, ['a', 'b'])).toEqual(pixels);
  });

  it('mixes bands, adds the dark current, and saturates', () => {
    const tile = new Uint8Array(EUROSAT_TILE_BYTES).fill(100, 0, PLANE).fill(250, PLANE, 2 * PLANE);
    const seen = drifted(
      tile,
      {
        ...drifts.none,
        mix: [
          [0.5, 0.2, 0],
          [0, 2, 0],
          [0, 0, 1],
        ],
        offset: [7, 0, -5],
      },
      ['a'],
    );
    expect([0, PLANE, 2 * PLANE].map((at) => seen[at])).toEqual([107, 255, 0]);
  });

  it("gives a tile the same noise wherever it is read, and another seed's another", () => {
    const both = drifted(pixels, drifts.aged, ['a', 'b']);
    const alone = drifted(pixels.slice(EUROSAT_TILE_BYTES), drifts.aged, ['b']);
    expect(alone).toEqual(both.slice(EUROSAT_TILE_BYTES));
    expect(drifted(pixels, drifts.aged, ['a', 'b'], 1)).not.toEqual(both);
  });
});
