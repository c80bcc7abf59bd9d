import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageryLimits, openPicture, openRaster, type Raster } from '.';
import { codestreamBytes, geoJp2Box, gmlBox, jp2File } from './testJp2';
import { allOf, type TestTiff, testCount, testFolder, tiffBytes, writeTiff } from './testTiff';

let folder: string;
const opened: Raster[] = [];
beforeEach(() => {
  folder = testFolder();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((raster) => raster.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function raster(file: string): Promise<Raster> {
  const result = await openRaster(file);
  if (!result.ok) throw new Error(result.error.text);
  opened.push(result.value);
  return result.value;
}

function write(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function codeOf(file: string): Promise<string> {
  const result = await openRaster(file);
  if (result.ok) {
    opened.push(result.value);
    return 'opened';
  }
  expect(result.error.text).toContain(file);
  return result.error.code;
}

const expected = (width: number, height: number, sample = 0) =>
  Array.from({ length: width * height }, (_, i) => testCount(i % width, Math.floor(i / width), sample));

describe('GeoTIFF', () => {
  it.each<[string, TestTiff]>([
    ['strips', { width: 9, height: 7 }],
    ['deflate', { width: 9, height: 7, deflate: true }],
    ['one strip', { width: 9, height: 7, rowsPerStrip: 7 }],
  ])('reads %s of 16 bit by the content, whatever the name', async (_, options) => {
    const read = await raster(writeTiff(folder, 'picture.jp2', options));
    expect(read).toMatchObject({ width: 9, height: 7, samples: 1, bits: 16, georeference: undefined });
    expect([...(await allOf(read))]).toEqual(expected(9, 7));
  });

  it('reads any window of any sample', async () => {
    const read = await raster(writeTiff(folder, 'a.tif', { width: 23, height: 17, samples: 3 }));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(22).chain((left) => fc.tuple(fc.constant(left), fc.integer({ min: 1, max: 23 - left }))),
        fc.nat(16).chain((top) => fc.tuple(fc.constant(top), fc.integer({ min: 1, max: 17 - top }))),
        fc.nat(2),
        async ([left, width], [top, height], sample) => {
          const into = new Uint16Array(width * height);
          expect(await read.read(sample, { left, top, width, height }, into)).toMatchObject({ ok: true });
          expect([into[0], into[into.length - 1]]).toEqual([
            testCount(left, top, sample),
            testCount(left + width - 1, top + height - 1, sample),
          ]);
        },
      ),
      { numRuns: 40 },
    );
    const outside = { left: 0, top: 10, width: 23, height: 8 };
    expect(await read.read(0, outside, new Uint16Array(23 * 8))).toMatchObject({
      error: { code: 'IMAGERY_WINDOW', text: expect.stringContaining('rows 10 to 17 asked for, it has 17') },
    });
  });

  it('places a pixel by its corner, also where the file gives its centre', async () => {
    const at = { width: 4, height: 4, epsg: 32616, x: 452_475, y: 3_408_645, pixel: 30 };
    const [area, point] = [{ ...at }, { ...at, point: true }].map((options, i) =>
      writeTiff(folder, `${i}.tif`, options),
    );
    const { georeference } = await raster(area);
    expect(georeference).toEqual({
      epsg: 32616,
      affine: { x: 452_475, y: 3_408_645, xx: 30, xy: 0, yx: 0, yy: -30 },
    });
    expect((await raster(point)).georeference).toEqual(georeference);
  });

  it('refuses huge dimensions before it allocates them', async () => {
    const cases: [string, TestTiff['tags']][] = [
      ['IMAGERY_SIZE', { 256: 4e9 }],
      ['IMAGERY_SIZE', { 257: 4e9 }],
      ['IMAGERY_SIZE', { 256: 65_000, 257: 65_000, 278: 65_000 }],
      ['IMAGERY_TRUNCATED', { 256: 65_000, 257: 65_000, 278: 1 }],
      ['IMAGERY_SIZE', { 277: 60_000 }],
      ['IMAGERY_FORMAT', { 256: 0 }],
    ];
    for (const [code, tags] of cases)
      expect(
        await codeOf(writeTiff(folder, 'bad.tif', { width: 8, height: 8, tags })),
        JSON.stringify(tags),
      ).toBe(code);
  });

  it('refuses strips that lie outside of the file, samples that are no counts, and tags that lead nowhere', async () => {
    const bad = (tags: TestTiff['tags']) =>
      codeOf(writeTiff(folder, 'bad.tif', { width: 8, height: 8, tags }));
    expect(await bad({ 279: [64, 4e9] })).toBe('IMAGERY_TRUNCATED');
    expect(await bad({ 273: [8] })).toBe('IMAGERY_TRUNCATED');
    expect(await bad({ 339: 3 })).toBe('IMAGERY_FORMAT');
    expect(await bad({ 258: 32 })).toBe('IMAGERY_FORMAT');
    const cut = tiffBytes({ width: 8, height: 8 });
    for (const length of [7, 40, cut.length - 30])
      expect(await codeOf(write('cut.tif', cut.subarray(0, length)))).toMatch(/^IMAGERY/);
  });

  it('does not inflate a strip past what one may hold', async () => {
    const bomb = { width: 8, height: 4, deflate: true, swell: 3 * imageryLimits.blockPx };
    const read = await raster(writeTiff(folder, 'bomb.tif', bomb));
    expect(await read.read(0, { left: 0, top: 0, width: 8, height: 4 }, new Uint16Array(32))).toMatchObject({
      error: { code: 'IMAGERY_FORMAT', text: expect.stringContaining('bomb.tif') },
    });
  });

  it('answers to any bytes that were changed, and throws for none', async () => {
    const good = tiffBytes({ width: 8, height: 8, epsg: 32618, pixel: 10 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          const file = write('fuzzed.tif', bytes);
          if ((await codeOf(file)) !== 'opened') return;
          const read = opened.pop();
          await read?.read(0, { left: 0, top: 0, width: 1, height: 1 }, new Uint16Array(1));
          await read?.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('JPEG 2000', () => {
  it.each([
    ['one tile', 96],
    ['tiles', 32],
  ])('reads any window of 16 bit in %s', async (_, tilePx) => {
    const read = await raster(write('a.jp2', jp2File(await codestreamBytes(96, 64, tilePx, testCount))));
    expect(read).toMatchObject({ width: 96, height: 64, samples: 1, bits: 16 });
    expect([...(await allOf(read))]).toEqual(expected(96, 64));
    const part = new Uint16Array(50 * 3);
    await read.read(0, { left: 20, top: 31, width: 50, height: 3 }, part);
    expect([part[0], part[149]]).toEqual([testCount(20, 31), testCount(69, 33)]);
  });

  it('reads a bare codestream', async () => {
    const read = await raster(write('a.j2k', await codestreamBytes(40, 33, 64, testCount)));
    expect([...(await allOf(read))]).toEqual(expected(40, 33));
  });

  it('takes its place from the GeoJP2 box, or from the GML box', async () => {
    const codestream = await codestreamBytes(32, 32, 32, testCount);
    for (const geo of [geoJp2Box(32618, 435_730, 4_179_460, 10), gmlBox(32618, 435_730, 4_179_460, 10)])
      expect((await raster(write('a.jp2', jp2File(codestream, geo)))).georeference).toEqual({
        epsg: 32618,
        affine: { x: 435_730, y: 4_179_460, xx: 10, xy: 0, yx: 0, yy: -10 },
      });
    expect(await codeOf(write('b.jp2', jp2File(codestream, gmlBox(2154, 0, 0, 10))))).toBe('IMAGERY_CRS');
  });

  it('knows a file that was cut short, wherever, and names it', async () => {
    const whole = jp2File(await codestreamBytes(96, 64, 32, testCount), geoJp2Box(32618, 0, 0, 10));
    for (let i = 1; i < 40; i++) {
      const code = await codeOf(write('cut.jp2', whole.subarray(0, Math.floor((whole.length * i) / 40))));
      expect(code).toBe('IMAGERY_TRUNCATED');
    }
    const bare = await codestreamBytes(96, 64, 32, testCount);
    for (let i = 2; i < 40; i++)
      expect(await codeOf(write('cut.j2k', bare.subarray(0, Math.floor((bare.length * i) / 40))))).toMatch(
        /^IMAGERY_(TRUNCATED|FORMAT)$/,
      );
  });

  it('refuses absurd dimensions and samples before anything is decoded', async () => {
    const good = await codestreamBytes(32, 32, 32, testCount);
    const bad = (at: number, value: number) => {
      const bytes = Buffer.from(good);
      bytes.writeUInt32BE(value, at);
      return codeOf(write('bad.j2k', bytes));
    };
    expect(await bad(8, 4e9)).toBe('IMAGERY_SIZE');
    expect(await bad(12, 4e9)).toBe('IMAGERY_SIZE');
    expect(await bad(24, 0)).toBe('IMAGERY_FORMAT');
    const wide = Buffer.from(good);
    for (const at of [8, 12, 24, 28]) wide.writeUInt32BE(60_000, at);
    expect(await codeOf(write('bad.j2k', wide))).toBe('IMAGERY_SIZE');
    for (const at of [24, 28]) wide.writeUInt32BE(1, at);
    expect(await codeOf(write('bad.j2k', wide))).toBe('IMAGERY_FORMAT');
  });
});

describe('PNG and JPEG', () => {
  const noise = (width: number, height: number) =>
    Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => testCount(i % 251, 1) % 256));

  it('reads a picture in red, green and blue, of 8 or 16 bit', async () => {
    const raw = { width: 20, height: 10, channels: 3 } as const;
    const file = join(folder, 'rgb.png');
    await sharp(noise(20, 10), { raw }).png().toFile(file);
    const read = await raster(file);
    expect(read).toMatchObject({ width: 20, height: 10, samples: 3, bits: 8 });
    expect([...(await allOf(read, 1))]).toEqual([...noise(20, 10)].filter((_, i) => i % 3 === 1));
    const wide = Uint16Array.from({ length: 600 }, (_, i) => 100 * i);
    const deep = join(folder, 'deep.png');
    await sharp(wide, { raw: { width: 20, height: 10, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(deep);
    const read16 = await raster(deep);
    expect(read16.bits).toBe(16);
    expect([...(await allOf(read16, 2))]).toEqual([...wide].filter((_, i) => i % 3 === 2));
  });

  it('is a scene in red, green and blue that knows no place', async () => {
    const file = join(folder, 'a.jpg');
    await sharp(noise(20, 10), { raw: { width: 20, height: 10, channels: 3 } })
      .jpeg()
      .toFile(file);
    const scene = await openPicture(file);
    expect(scene).toMatchObject({ value: { sensor: 'picture', width: 20, lines: 10, ground: undefined } });
    if (scene.ok)
      expect(scene.value.bands).toEqual(
        ['red', 'green', 'blue'].map((name) => ({ name, scale: 1, gain: 1 / 255, offset: 0 })),
      );
    const grey = join(folder, 'grey.png');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'grey' } })
      .toColourspace('b-w')
      .png()
      .toFile(grey);
    expect(await openPicture(grey)).toMatchObject({ error: { code: 'IMAGERY_FORMAT' } });
  });

  it('fails at the window where a picture that was cut short ends', async () => {
    const file = join(folder, 'a.png');
    await sharp(noise(200, 200), { raw: { width: 200, height: 200, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toFile(file);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)));
    const read = await raster(file);
    const into = new Uint16Array(200 * 10);
    expect(await read.read(0, { left: 0, top: 180, width: 200, height: 10 }, into)).toMatchObject({
      error: { code: 'IMAGERY_FORMAT', text: expect.stringContaining(file) },
    });
  });

  it('refuses a picture of more pixels than one may have', async () => {
    const side = Math.sqrt(imageryLimits.blockPx) + 200;
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    png.writeUInt32BE(side, 16);
    png.writeUInt32BE(side, 20);
    expect(await codeOf(write('big.png', png))).toMatch(/^IMAGERY_(SIZE|FORMAT)$/);
  });
});

describe('files of other kinds', () => {
  it('are refused by what they begin with', async () => {
    for (const bytes of ['', 'GIF89a and more', 'II', '{"type": "json"}'])
      expect(await codeOf(write('x.tif', Buffer.from(bytes)))).toBe('IMAGERY_FORMAT');
    expect(await codeOf(join(folder, 'none.tif'))).toBe('IMAGERY_FORMAT');
    mkdirSync(join(folder, 'dir.tif'));
    expect(await codeOf(join(folder, 'dir.tif'))).toBe('IMAGERY_FORMAT');
  });
});
