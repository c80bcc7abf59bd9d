/** PNG and JPEG pictures by sharp (libvips). */
import sharp from 'sharp';
import { fail, type Result, succeed } from '../errors';
import { checkSize, checkWindow, imageryLimits, type Raster } from './raster';

/**
 * Each window is decoded from the file's beginning: libvips holds some lines at a time, but for interlaced PNG and progressive
 * JPEG, which it decodes whole. Errors: IMAGERY_FORMAT, IMAGERY_SIZE; a picture that was cut short fails in `read`, with
 * IMAGERY_FORMAT, at the window where it ends.
 */
export async function openPictureFile(file: string): Promise<Result<Raster>> {
  const wrong = (error: unknown) => fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
  const open = () =>
    sharp(file, { failOn: 'truncated', sequentialRead: true, limitInputPixels: imageryLimits.blockPx });
  let metadata: sharp.Metadata;
  try {
    metadata = await open().metadata();
  } catch (error) {
    return wrong(error);
  }
  const { width, height, channels: samples, depth } = metadata;
  const size = checkSize(file, width, height, samples);
  if (!size.ok) return size;
  const [value, max] = [width * height, imageryLimits.blockPx];
  if (value > max) return fail('IMAGERY_SIZE', { file, what: 'the number of its pixels', value, max });
  const bits = depth === 'ushort' ? 16 : 8;
  return succeed({
    file,
    width,
    height,
    samples,
    bits,
    async read(sample, window, into) {
      const inside = checkWindow({ file, width, height }, window);
      if (!inside.ok) return inside;
      try {
        const part = open().extract(window);
        const wide = bits === 16 ? part.toColourspace(samples < 3 ? 'grey16' : 'rgb16') : part;
        const { data, info } = await wide
          .raw({ depth: bits === 16 ? 'ushort' : 'uchar' })
          .toBuffer({ resolveWithObject: true });
        const counts = bits === 16 ? new Uint16Array(new Uint8Array(data).buffer) : data;
        for (let i = 0, from = sample; i < window.width * window.height; i++, from += info.channels)
          into[i] = counts[from];
        return succeed(undefined);
      } catch (error) {
        return wrong(error);
      }
    },
    close: async () => {},
  });
}
