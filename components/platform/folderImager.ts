/** A camera that takes its frames from a folder of pictures. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import type { Imager } from '../../fsw/framework';

const PICTURE = /\.(jpe?g|png|tiff?)$/i;

export interface FolderImagerOptions {
  readonly folder: string;
  /** Each picture is scaled to cover the frame, and cropped at its centre. */
  readonly width: number;
  readonly height: number;
  /** Flight time, microseconds. */
  nowUs(): number;
}

/**
 * An `Imager` over the JPEG, PNG and TIFF files of a folder, in the order of their names, again and again;
 * the folder is read at each capture, so pictures may come and go. Its captures have no `view`.
 * Errors of `capture`: IMAGER_BUFFER_SIZE, IMAGE_FOLDER_EMPTY, IMAGE_FOLDER_UNREADABLE, and IMAGE_UNREADABLE
 * for a truncated or corrupt picture; the next capture goes on with the next one.
 */
export function folderImager({ folder, width, height, nowUs }: FolderImagerOptions): Imager {
  let last = '';
  return {
    width,
    height,
    async capture(into) {
      const needed = width * height * 3;
      if (into.length !== needed) return fail('IMAGER_BUFFER_SIZE', { length: into.length, needed });
      const atUs = nowUs();
      const names = await pictureNames(folder);
      if (!names.ok) return names;
      const name = names.value.find((candidate) => candidate > last) ?? names.value[0];
      if (name === undefined) return fail('IMAGE_FOLDER_EMPTY', { folder });
      last = name;
      const pixels = await pixelsOf(join(folder, name), width, height);
      if (!pixels.ok) return pixels;
      into.set(pixels.value);
      return succeed({ atUs });
    },
  };
}

async function pictureNames(folder: string): Promise<Result<string[]>> {
  try {
    return succeed((await readdir(folder)).filter((name) => PICTURE.test(name)).sort());
  } catch (error) {
    return fail('IMAGE_FOLDER_UNREADABLE', { folder, why: (error as Error).message });
  }
}

/** Interleaved 8-bit RGB, `height × width × 3`. */
async function pixelsOf(file: string, width: number, height: number): Promise<Result<Uint8Array>> {
  const unreadable = (why: string): Failed => fail('IMAGE_UNREADABLE', { file, why });
  try {
    const { data, info } = await sharp(await readFile(file), { failOn: 'truncated' })
      .resize(width, height, { fit: 'cover' })
      .flatten({ background: 'black' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? succeed(data) : unreadable(`${info.channels} channels`);
  } catch (error) {
    return unreadable((error as Error).message);
  }
}
