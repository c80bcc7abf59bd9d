/** Pixels of a strip as colours, and pictures in their two forms: lossless to keep, progressive to send. */
import sharp from 'sharp';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { BandStack } from '../ports';

/** Interleaved, three values a pixel. */
export interface Picture<A extends Uint8Array | Uint16Array = Uint8Array> {
  readonly width: number;
  readonly height: number;
  readonly pixels: A;
}

/** One band as a plane of counts, and the pixels of the finest bands that one of its pixels spans. */
interface Plane {
  readonly counts: Uint16Array;
  readonly scale: number;
  readonly across: number;
  readonly gain: number;
  readonly offset: number;
}
export type Colours = readonly [Plane, Plane, Plane];

/** The bands red, green and blue; of a sensor without them the first band three times; undefined without any. */
export function coloursOf({ bands, planes }: BandStack, width: number): Colours | undefined {
  const plane = (index: number): Plane => {
    const { scale, gain, offset } = bands[index];
    return { counts: planes[index], scale, across: Math.ceil(width / scale), gain, offset };
  };
  if (bands.length === 0) return undefined;
  const at = ['red', 'green', 'blue'].map((name) => bands.findIndex((band) => band.name === name));
  const [red, green, blue] = at.includes(-1) ? [0, 0, 0] : at;
  return [plane(red), plane(green), plane(blue)];
}

export function countAt({ counts, scale, across }: Plane, x: number, y: number): number {
  return counts[Math.floor(y / scale) * across + Math.floor(x / scale)];
}

/** The counts of a part of a strip, from (left, top) on. */
export function cut(
  colours: Colours,
  left: number,
  top: number,
  width: number,
  height: number,
): Picture<Uint16Array> {
  const pixels = new Uint16Array(width * height * 3);
  for (let row = 0, i = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (const plane of colours) pixels[i++] = countAt(plane, left + column, top + row);
  return { width, height, pixels };
}

/** Counts to reflectance: what a band's `gain` and `offset` say. */
export interface Radiometry {
  readonly gain: number;
  readonly offset: number;
}

/** Reflectance 0 is black, `full` is white. */
export function stretched(
  { width, height, pixels }: Picture<Uint16Array>,
  radiometry: readonly Radiometry[],
  full: number,
): Picture {
  const bright = pixels.map((count, i) => {
    const { gain, offset } = radiometry[i % 3];
    return Math.min(255, Math.max(0, Math.round(((count * gain + offset) / full) * 255)));
  });
  return { width, height, pixels: Uint8Array.from(bright) };
}

/** PNG, 8 or 16 bits deep. Errors: PICTURE_FAILED. */
export function lossless({
  width,
  height,
  pixels,
}: Picture<Uint8Array | Uint16Array>): Promise<Result<Uint8Array>> {
  const made = sharp(pixels, { raw: { width, height, channels: 3 } });
  const deep = pixels instanceof Uint16Array ? made.toColourspace('rgb16') : made;
  return attempt(async () => bytesOf(await deep.png({ compressionLevel: 6 }).toBuffer()));
}

/** Progressive JPEG, four colour samples for each eight pixels, as `layerEnds` cuts it. Errors: PICTURE_FAILED. */
export function progressive(
  { width, height, pixels }: Picture,
  quality: number,
): Promise<Result<Uint8Array>> {
  return attempt(async () =>
    bytesOf(
      await sharp(pixels, { raw: { width, height, channels: 3 } })
        .jpeg({ progressive: true, quality })
        .toBuffer(),
    ),
  );
}

/** Reads what `lossless` made of counts. Errors: PICTURE_FAILED. */
export function readCounts(png: Uint8Array): Promise<Result<Picture<Uint16Array>>> {
  return attempt(async () => {
    const { data, info } = await sharp(png)
      .toColourspace('rgb16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return { width: info.width, height: info.height, pixels };
  });
}

/** Reads what `lossless` made of colours. Errors: PICTURE_FAILED. */
export function readColours(png: Uint8Array): Promise<Result<Picture>> {
  return attempt(async () => {
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: bytesOf(data) };
  });
}

function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

async function attempt<T>(make: () => Promise<T>): Promise<Result<T>> {
  try {
    return succeed(await make());
  } catch (error) {
    return fail('PICTURE_FAILED', { why: (error as Error).message });
  }
}
