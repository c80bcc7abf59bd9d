/** Opens a picture file by what is in it; names say little (Sentinel-2 `.jp2` files that are TIFFs inside are about). */
import { open } from 'node:fs/promises';
import { fail, type Result } from '../errors';
import { openGeoTiff } from './geoTiff';
import { openJp2 } from './jp2';
import { openPictureFile } from './picture';
import type { Raster } from './raster';

/** The first bytes of each kind of file, in hexadecimal, and who reads it. */
const readers: readonly (readonly [magic: RegExp, open: (file: string) => Promise<Result<Raster>>])[] = [
  [/^(49492a00|4d4d002a|49492b00|4d4d002b)/, openGeoTiff],
  [/^(0000000c6a5020200d0a870a|ff4fff51)/, openJp2],
  [/^(89504e470d0a1a0a|ffd8ff)/, openPictureFile],
];

/** Errors: IMAGERY_FORMAT, IMAGERY_TRUNCATED, IMAGERY_SIZE, IMAGERY_CRS. */
export async function openRaster(file: string): Promise<Result<Raster>> {
  const head = Buffer.alloc(12);
  try {
    const handle = await open(file, 'r');
    try {
      await handle.read(head, 0, head.length, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
  }
  const magic = head.toString('hex');
  const reader = readers.find(([pattern]) => pattern.test(magic));
  if (reader) return reader[1](file);
  return fail('IMAGERY_FORMAT', {
    file,
    why: `it begins with ${magic.slice(0, 16)}, not as TIFF, JPEG 2000, PNG or JPEG`,
  });
}
