/** Frames for the bench as files: the Earth under clouds, from the pictures of npm three-globe. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

export const FORMATS = ['jpeg', 'png', 'tiff'] as const;
export type Format = (typeof FORMATS)[number];

export interface Frames {
  readonly folder: string;
  readonly files: Readonly<Record<Format, readonly string[]>>;
  /** Pixels of all frames together, in millions. */
  readonly megapixels: number;
  remove(): void;
}

const [WIDTH, HEIGHT] = [4096, 2048];

/** Cuts the whole Earth into frames of `side` × `side` pixels and writes each in every format; `most` of them. */
export async function makeFrames(side: number, most = Number.POSITIVE_INFINITY): Promise<Frames> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-eyes-'));
  const examples = join(dirname(require.resolve('three-globe')), '..', 'example');
  const earth = join(examples, 'img', 'earth-blue-marble.jpg');
  const clouds = await sharp(join(examples, 'clouds', 'clouds.png'))
    .ensureAlpha()
    .png()
    .toBuffer();
  const world = await sharp(earth)
    .composite([{ input: clouds }])
    .removeAlpha()
    .raw()
    .toBuffer();
  const files: Record<Format, string[]> = { jpeg: [], png: [], tiff: [] };
  for (let top = 0; top < HEIGHT; top += side)
    for (let left = 0; left < WIDTH; left += side) {
      if (files.jpeg.length >= most) continue;
      const picture = sharp(world, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).extract({
        left,
        top,
        width: side,
        height: side,
      });
      const name = join(folder, `${files.jpeg.length}`);
      await picture.clone().jpeg({ quality: 90 }).toFile(`${name}.jpg`);
      await picture.clone().png().toFile(`${name}.png`);
      await picture.clone().tiff({ compression: 'deflate' }).toFile(`${name}.tif`);
      files.jpeg.push(`${name}.jpg`);
      files.png.push(`${name}.png`);
      files.tiff.push(`${name}.tif`);
    }
  return {
    folder,
    files,
    megapixels: (files.jpeg.length * side * side) / 1e6,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
