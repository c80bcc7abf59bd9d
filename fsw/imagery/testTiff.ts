/** For tests: small GeoTIFFs and folders of them, whole or spoilt. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Raster } from './raster';

export interface TestTiff {
  readonly width: number;
  readonly height: number;
  readonly samples?: number;
  readonly bits?: 8 | 16;
  readonly epsg?: number;
  /** Outer corner of the first pixel, and size of a pixel, on the map. */
  readonly x?: number;
  readonly y?: number;
  readonly pixel?: number;
  /** The tie point is that of the first pixel's centre. */
  readonly point?: boolean;
  readonly rowsPerStrip?: number;
  readonly deflate?: boolean;
  /** Zeros that each deflated strip swells by, past what it should hold. */
  readonly swell?: number;
  /** The count of a sample; that of `testCount` unless told. */
  readonly count?: (column: number, row: number, sample: number) => number;
  /** Laid over the tags that belong there: number of the tag to its value. */
  readonly tags?: Readonly<Record<number, number | readonly number[]>>;
}

/** A count that tells where it was read. */
export function testCount(column: number, row: number, sample = 0): number {
  return column + 100 * row + 7 * sample;
}

const TYPES = { short: 3, long: 4, double: 12 } as const;
const DOUBLE_TAGS = new Set([33550, 33922, 34264]);
const LONG_TAGS = new Set([256, 257, 273, 278, 279]);

/** A little-endian TIFF of strips. */
export function tiffBytes(options: TestTiff): Buffer {
  const { width, height, samples = 1, bits = 16, epsg, x = 0, y = 0, pixel = 1 } = options;
  const { rowsPerStrip = 4, count = testCount, deflate = false, swell = 0, point = false } = options;
  const strips: Buffer[] = [];
  for (let top = 0; top < height; top += rowsPerStrip) {
    const rows = Math.min(rowsPerStrip, height - top);
    const strip = Buffer.alloc((rows * width * samples * bits) / 8);
    for (let i = 0; i < rows * width * samples; i++) {
      const place = Math.floor(i / samples);
      const value = count(place % width, top + Math.floor(place / width), i % samples);
      if (bits === 8) strip.writeUInt8(value & 0xff, i);
      else strip.writeUInt16LE(value & 0xffff, 2 * i);
    }
    strips.push(deflate ? deflateSync(Buffer.concat([strip, Buffer.alloc(swell)])) : strip);
  }
  let end = 8;
  const offsets = strips.map((strip) => {
    end += strip.length;
    return end - strip.length;
  });
  const half = point ? pixel / 2 : 0;
  const tags = new Map<number, readonly number[]>([
    [256, [width]],
    [257, [height]],
    [258, Array(samples).fill(bits)],
    [259, [deflate ? 8 : 1]],
    [262, [samples === 3 ? 2 : 1]],
    [273, offsets],
    [277, [samples]],
    [278, [rowsPerStrip]],
    [279, strips.map((strip) => strip.length)],
    [284, [1]],
    [339, Array(samples).fill(1)],
  ]);
  if (epsg !== undefined) {
    const [model, key] = epsg === 4326 ? [2, 2048] : [1, 3072];
    tags.set(33550, [pixel, pixel, 0]);
    tags.set(33922, [0, 0, 0, x + half, y - half, 0]);
    tags.set(34735, [1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, point ? 2 : 1, key, 0, 1, epsg]);
  }
  for (const [tag, value] of Object.entries(options.tags ?? {})) tags.set(Number(tag), [value].flat());
  return Buffer.concat([header(end), ...strips, directory(end, tags)]);
}

function header(directoryAt: number): Buffer {
  const bytes = Buffer.from('49492a0000000000', 'hex');
  bytes.writeUInt32LE(directoryAt, 4);
  return bytes;
}

/** An image file directory at byte `at`, and the values that don't fit in it. */
function directory(at: number, tags: ReadonlyMap<number, readonly number[]>): Buffer {
  const entries = [...tags].sort(([a], [b]) => a - b);
  const head = Buffer.alloc(2 + 12 * entries.length + 4);
  head.writeUInt16LE(entries.length, 0);
  const values: Buffer[] = [];
  let end = at + head.length;
  for (const [i, [tag, numbers]] of entries.entries()) {
    const type = DOUBLE_TAGS.has(tag) ? 'double' : LONG_TAGS.has(tag) ? 'long' : 'short';
    const bytes = Buffer.alloc(numbers.length * { short: 2, long: 4, double: 8 }[type]);
    for (const [j, value] of numbers.entries()) {
      if (type === 'short') bytes.writeUInt16LE(value, 2 * j);
      else if (type === 'long') bytes.writeUInt32LE(value, 4 * j);
      else bytes.writeDoubleLE(value, 8 * j);
    }
    const entry = 2 + 12 * i;
    head.writeUInt16LE(tag, entry);
    head.writeUInt16LE(TYPES[type], entry + 2);
    head.writeUInt32LE(numbers.length, entry + 4);
    if (bytes.length <= 4) bytes.copy(head, entry + 8);
    else {
      head.writeUInt32LE(end, entry + 8);
      values.push(bytes);
      end += bytes.length;
    }
  }
  return Buffer.concat([head, ...values]);
}

export function testFolder(): string {
  return mkdtempSync(join(tmpdir(), 'perigee-scene-'));
}

/** The file's path. */
export function writeTiff(folder: string, name: string, options: TestTiff): string {
  const file = join(folder, name);
  writeFileSync(file, tiffBytes(options));
  return file;
}

/** A Sentinel-2 folder of four 10 m bands, one of 20 m and one of 60 m, with corners as real ones have: 60 × 48 finest pixels and a little more. */
export function writeSentinel2(folder: string, over: Partial<TestTiff> = {}): string {
  mkdirSync(folder, { recursive: true });
  const utm = { epsg: 32618, ...over };
  for (const band of ['B02', 'B03', 'B04', 'B08'])
    writeTiff(folder, `t_${band}.jp2`, {
      width: 67,
      height: 55,
      x: 435_730,
      y: 4_179_460,
      pixel: 10,
      ...utm,
    });
  writeTiff(folder, 't_B11.jp2', { width: 34, height: 28, x: 435_720, y: 4_179_460, pixel: 20, ...utm });
  writeTiff(folder, 't_B01.jp2', { width: 13, height: 10, x: 435_720, y: 4_179_480, pixel: 60, ...utm });
  return folder;
}

/** All of one sample. */
export async function allOf(raster: Raster, sample = 0): Promise<Uint16Array> {
  const plane = new Uint16Array(raster.width * raster.height);
  const read = await raster.read(
    sample,
    { left: 0, top: 0, width: raster.width, height: raster.height },
    plane,
  );
  if (!read.ok) throw new Error(read.error.text);
  return plane;
}
