import { copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contains, openSceneFolder, type Scene } from '.';
import { bandIdOf } from './sensors';
import { codestreamBytes, gmlBox, jp2File } from './testJp2';
import { testCount, testFolder, writeSentinel2, writeTiff } from './testTiff';

let folder: string;
const scenes: Scene[] = [];
beforeEach(() => {
  folder = testFolder();
});
afterEach(async () => {
  await Promise.all(scenes.splice(0).map((scene) => scene.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function scene(options = {}): Promise<Scene> {
  const opened = await openSceneFolder(folder, options);
  if (!opened.ok) throw new Error(opened.error.text);
  scenes.push(opened.value);
  return opened.value;
}

async function rowOf(opened: Scene, name: string, row: number): Promise<number[]> {
  const band = opened.bands.findIndex((candidate) => candidate.name === name);
  const plane = new Uint16Array(opened.width / opened.bands[band].scale);
  expect(await opened.read(band, row, 1, plane)).toMatchObject({ ok: true });
  return [...plane];
}

describe('a scene of band files', () => {
  it('names the bands by the sensor, with their scales and radiometry', async () => {
    writeSentinel2(folder);
    const { bands, sensor } = await scene();
    expect(sensor).toBe('Sentinel-2');
    expect(bands.map(({ name, scale, gain, offset }) => [name, scale, gain, offset])).toEqual([
      ['coastal', 6, 1e-4, 0],
      ['blue', 1, 1e-4, 0],
      ['green', 1, 1e-4, 0],
      ['red', 1, 1e-4, 0],
      ['nir', 1, 1e-4, 0],
      ['swir16', 2, 1e-4, 0],
    ]);
  });

  it('begins where the edges of all bands meet, so that no pixel is resampled', async () => {
    writeSentinel2(folder);
    const opened = await scene();
    // 60 m edges lie at 435 780 E and 4 179 420 N: 5 and 4 pixels of 10 m into the finest bands.
    expect([opened.width, opened.lines]).toEqual([60, 48]);
    expect((await rowOf(opened, 'blue', 0))[0]).toBe(testCount(5, 4));
    expect((await rowOf(opened, 'swir16', 3))[0]).toBe(testCount(3, 5));
    expect((await rowOf(opened, 'coastal', 7)).slice(0, 2)).toEqual([testCount(1, 8), testCount(2, 8)]);
    const corner = opened.ground?.placeOf({ x: 0, y: 0 });
    // By the series of Snyder (USGS PP 1395, §8), worked out apart from proj4.
    expect(corner?.latDeg).toBeCloseTo(37.759844268, 7);
    expect(corner?.lonDeg).toBeCloseTo(-75.729081166, 7);
    expect(corner && opened.ground?.pointOf(corner)).toMatchObject({
      x: expect.closeTo(0, 6),
      y: expect.closeTo(0, 6),
    });
  });

  it('knows which places it holds', async () => {
    writeSentinel2(folder);
    const opened = await scene();
    const middle = opened.ground?.placeOf({ x: 30, y: 24 });
    expect(middle && contains(opened, middle)).toBe(true);
    expect(middle && contains(opened, { ...middle, latDeg: middle.latDeg + 0.01 })).toBe(false);
  });

  it('takes the reflectance of Landsat from the elevation of the Sun, that of its metadata first', async () => {
    for (const band of ['B2', 'B3', 'B4', 'B5', 'B8', 'B10'])
      writeTiff(folder, `LC08_${band}.TIF`, { width: 8, height: 8, epsg: 32616, pixel: 30 });
    const opened = await scene({ sunElevationDeg: 30 });
    expect(opened.sensor).toBe('Landsat-8');
    expect(opened.bands.map(({ name }) => name)).toEqual(['blue', 'green', 'red', 'nir']);
    expect(opened.bands[0].gain).toBeCloseTo(4e-5, 12);
    expect(opened.bands[0].offset).toBeCloseTo(-0.2, 12);
    writeFileSync(join(folder, 'LC08_MTL.txt'), '  SUN_ELEVATION = 90.0\n');
    expect((await scene()).bands[0].gain).toBeCloseTo(2e-5, 12);
  });

  it('takes the finest of a band that is there twice, and leaves previews alone', async () => {
    writeSentinel2(folder);
    writeTiff(folder, 't_B02_20m.jp2', {
      width: 34,
      height: 28,
      x: 435_720,
      y: 4_179_460,
      pixel: 20,
      epsg: 32618,
    });
    writeFileSync(join(folder, 'preview.jp2'), 'nothing that can be read');
    expect((await scene()).bands[1]).toMatchObject({ name: 'blue', scale: 1 });
  });

  it('reads bands in real JPEG 2000 beside others in TIFF, on one grid', async () => {
    const codestream = await codestreamBytes(64, 64, 32, testCount);
    for (const band of ['B02', 'B03', 'B04'])
      writeFileSync(
        join(folder, `t_${band}.jp2`),
        jp2File(codestream, gmlBox(32618, 435_720, 4_179_480, 10)),
      );
    writeTiff(folder, 't_B01.tif', {
      width: 10,
      height: 10,
      x: 435_720,
      y: 4_179_480,
      pixel: 60,
      epsg: 32618,
    });
    const opened = await scene();
    expect([opened.width, opened.lines]).toEqual([60, 60]);
    expect((await rowOf(opened, 'red', 37))[45]).toBe(testCount(45, 37));
    expect((await rowOf(opened, 'coastal', 6))[7]).toBe(testCount(7, 6));
  });

  it('says which bands are missing', async () => {
    writeSentinel2(folder);
    rmSync(join(folder, 't_B03.jp2'));
    expect(await openSceneFolder(folder)).toMatchObject({
      error: {
        code: 'SCENE_BANDS_MISSING',
        text: `${folder}: a Sentinel-2 scene without green; it has coastal, blue, red, nir, swir16`,
      },
    });
  });

  it('refuses bands of different reference systems, shifted grids and bands that know no place', async () => {
    writeSentinel2(folder);
    const put = (options: { epsg?: number; x?: number }) =>
      writeTiff(folder, 't_B04.jp2', {
        width: 67,
        height: 55,
        x: 435_730,
        y: 4_179_460,
        pixel: 10,
        ...options,
      });
    const file = put({ epsg: 32617 });
    expect(await openSceneFolder(folder)).toMatchObject({
      error: {
        code: 'SCENE_MIXED',
        text: `${file}: reference system EPSG:32617 does not fit the EPSG:32618 of ${join(folder, 't_B02.jp2')}`,
      },
    });
    put({ epsg: 32618, x: 435_733 });
    expect(await openSceneFolder(folder)).toMatchObject({ error: { code: 'SCENE_MIXED' } });
    put({});
    expect(await openSceneFolder(folder)).toMatchObject({ error: { code: 'SCENE_MIXED' } });
  });

  it('names the file that is cut short, of no known kind, or in an unknown reference system', async () => {
    writeSentinel2(folder);
    const file = join(folder, 't_B04.jp2');
    const whole = join(folder, 'whole');
    copyFileSync(file, whole);
    truncateSync(file, 400);
    expect(await openSceneFolder(folder)).toMatchObject({
      ok: false,
      error: { text: expect.stringContaining(file) },
    });
    writeFileSync(file, 'this is no picture');
    expect(await openSceneFolder(folder)).toMatchObject({
      error: { code: 'IMAGERY_FORMAT', text: expect.stringContaining(file) },
    });
    writeSentinel2(folder, { epsg: 2154 });
    expect(await openSceneFolder(folder)).toMatchObject({
      error: { code: 'IMAGERY_CRS', text: expect.stringContaining('EPSG:2154') },
    });
  });

  it('says that a folder is not there, or holds no bands', async () => {
    expect(await openSceneFolder(join(folder, 'none'))).toMatchObject({ error: { code: 'SCENE_FOLDER' } });
    expect(await openSceneFolder(folder)).toMatchObject({ error: { code: 'SCENE_FOLDER' } });
  });
});

describe('the band in the name of a file', () => {
  it.each([
    ['T18SVG_20160301T160022_B02.jp2', 'B02'],
    ['T18SVG_20220301T155231_B8A_20m.jp2', 'B8A'],
    ['LC08_L1TP_021039_B10.TIF', 'B10'],
    ['s2_b04.tif', 'B04'],
    ['preview.jp2', undefined],
    ['B2B.txt', undefined],
    ['TBB02x.tif', undefined],
  ])('%s: %s', (name, id) => expect(bandIdOf(name)).toBe(id));
});
