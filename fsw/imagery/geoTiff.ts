/** GeoTIFF files: strips or tiles, plain, LZW or deflate, unsigned 8 and 16 bit. */
import { type FileHandle, open } from 'node:fs/promises';
import { fail, type Result, succeed } from '../errors';
import { georeferenceOf } from './geoKeys';
import { type GeoTiffImage, geotiffLibrary } from './geotiffLibrary';
import { checkSize, checkWindow, imageryLimits, type Raster, type Window } from './raster';

/** The most bytes that one read of the file may take: a block of 16 bit that did not compress. */
const MAX_FETCH = 2 * imageryLimits.blockPx + 65_536;

/**
 * Opens a TIFF or BigTIFF by npm geotiff. Nothing of a size that the file declares is allocated before it was held against
 * `imageryLimits` and the length of the file. Errors: IMAGERY_FORMAT, IMAGERY_SIZE, IMAGERY_TRUNCATED, IMAGERY_CRS.
 */
export async function openGeoTiff(file: string): Promise<Result<Raster>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const opened = await rasterOf(file, handle, (await handle.stat()).size);
    if (!opened.ok) await handle.close();
    return opened;
  } catch (error) {
    await handle?.close();
    return fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
  }
}

async function rasterOf(file: string, handle: FileHandle, length: number): Promise<Result<Raster>> {
  const { GeoTIFF } = await geotiffLibrary();
  const tiff = await GeoTIFF.fromSource(sourceOf(handle, length));
  const image = await tiff.getImage(0);
  const [width, height, samples] = [image.getWidth(), image.getHeight(), image.getSamplesPerPixel()];
  const size = checkSize(file, width, height, samples);
  if (!size.ok) return size;
  const bits = image.getBitsPerSample(0);
  if ((bits !== 8 && bits !== 16) || image.getSampleFormat(0) !== 1)
    return fail('IMAGERY_FORMAT', { file, why: `its samples are no unsigned integers of 8 or 16 bit` });
  const blocks = await checkBlocks(file, image, length);
  if (!blocks.ok) return blocks;
  const georeference = georeferenceOf(file, image.fileDirectory);
  if (!georeference.ok) return georeference;
  return succeed({
    file,
    width,
    height,
    samples,
    bits,
    georeference: georeference.value,
    async read(sample: number, window: Window, into: Uint16Array) {
      const inside = checkWindow({ file, width, height }, window);
      if (!inside.ok) return inside;
      const { left, top } = window;
      try {
        const [plane] = await image.readRasters({
          window: [left, top, left + window.width, top + window.height],
          samples: [sample],
          interleave: false,
        });
        into.set(plane as Uint16Array);
        return succeed(undefined);
      } catch (error) {
        return fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
      }
    },
    close: () => handle.close(),
  });
}

/** Every strip or tile lies within the file and is no larger than one may be. */
async function checkBlocks(file: string, image: GeoTiffImage, length: number): Promise<Result<void>> {
  const [what, max] = ['a strip or tile of it, in pixels', imageryLimits.blockPx];
  const blockPx = image.getTileWidth() * image.getTileHeight() * image.getSamplesPerPixel();
  if (!(blockPx > 0)) return fail('IMAGERY_FORMAT', { file, why: 'its strips have no rows' });
  if (blockPx > max) return fail('IMAGERY_SIZE', { file, what, value: blockPx, max });
  const tiled = image.fileDirectory.hasTag('TileOffsets');
  const offsets = await image.fileDirectory.loadValue(tiled ? 'TileOffsets' : 'StripOffsets');
  const counts = await image.fileDirectory.loadValue(tiled ? 'TileByteCounts' : 'StripByteCounts');
  const across = Math.ceil(image.getWidth() / image.getTileWidth());
  const needed = across * Math.ceil(image.getHeight() / image.getTileHeight());
  if (!offsets || !counts || offsets.length < needed || counts.length < needed)
    return fail('IMAGERY_TRUNCATED', { file, why: `${needed} strips or tiles needed` });
  for (let i = 0; i < needed; i++) {
    const end = Number(offsets[i]) + Number(counts[i]);
    if (end > length)
      return fail('IMAGERY_TRUNCATED', {
        file,
        why: `${length} bytes on hand, strip or tile ${i} ends at ${end}`,
      });
  }
  return succeed(undefined);
}

/** The file as geotiff reads it; what is asked beyond its end, or all too much, throws. */
function sourceOf(handle: FileHandle, fileSize: number) {
  const fetchSlice = async ({ offset, length }: { offset: number; length: number }) => {
    if (!(offset >= 0) || offset >= fileSize || !(length >= 0) || length > MAX_FETCH)
      throw new RangeError(`bytes ${offset} to ${offset + length} asked for, it has ${fileSize}`);
    const bytes = new Uint8Array(Math.min(length, fileSize - offset));
    await handle.read(bytes, 0, bytes.length, offset);
    return { offset, length: bytes.length, data: bytes.buffer };
  };
  return {
    fileSize,
    fetchSlice,
    fetch: (slices: { offset: number; length: number }[]) =>
      Promise.all(slices.map(async (slice) => (await fetchSlice(slice)).data)),
    close: async () => {},
  };
}
