/** JPEG 2000 pictures, bare or in a JP2 file, decoded tile by tile. */
import { type FileHandle, open } from 'node:fs/promises';
import { fail, type Result, succeed } from '../errors';
import { type Codestream, readCodestream } from './codestream';
import type { Georeference } from './georeference';
import { readBoxes } from './jp2Boxes';
import { type DecodedPicture, decodeJpeg2000 } from './openjpeg';
import { checkWindow, type Raster, type Window } from './raster';

/**
 * Held in memory: one row of tiles, decoded, so that strips which share it cost it once. A file of one tile is decoded
 * whole. Errors: IMAGERY_FORMAT, IMAGERY_SIZE, IMAGERY_TRUNCATED, IMAGERY_CRS.
 */
export async function openJp2(file: string): Promise<Result<Raster>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const opened = await rasterOf(file, handle);
    if (!opened.ok) await handle.close();
    return opened;
  } catch (error) {
    await handle?.close();
    return fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
  }
}

async function rasterOf(file: string, handle: FileHandle): Promise<Result<Raster>> {
  const { size } = await handle.stat();
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    await handle.read(bytes, 0, bytes.length, offset);
    return bytes;
  };
  const boxes = await readBoxes(file, size, read);
  if (!boxes.ok) return boxes;
  const { offset, length } = boxes.value.codestream;
  const codestream = await readCodestream(file, length, (at, count) =>
    read(offset + at, Math.min(count, length - at)),
  );
  if (!codestream.ok) return codestream;
  return succeed(tiledRaster(file, codestream.value, boxes.value.georeference, () => handle.close()));
}

function tiledRaster(
  file: string,
  codestream: Codestream,
  georeference: Georeference | undefined,
  close: () => Promise<void>,
): Raster {
  const { width, height, samples, bits, columns, rows } = codestream;
  let held: { row: number; tiles: Map<number, DecodedPicture> } = { row: -1, tiles: new Map() };

  async function tileOf(index: number): Promise<DecodedPicture> {
    const row = Math.floor(index / columns);
    if (held.row !== row) held = { row, tiles: new Map() };
    const known = held.tiles.get(index);
    if (known !== undefined) return known;
    const decoded = await decodeJpeg2000(await codestream.tile(index));
    const place = codestream.placeOf(index);
    if (decoded.width !== place.width || decoded.height !== place.height || decoded.samples !== samples)
      throw new Error(
        `tile ${index} decodes to ${decoded.width}x${decoded.height} pixels of ${decoded.samples}`,
      );
    held.tiles.set(index, decoded);
    return decoded;
  }

  return {
    file,
    width,
    height,
    samples,
    bits,
    georeference,
    async read(sample, window, into) {
      const inside = checkWindow({ file, width, height }, window);
      if (!inside.ok) return inside;
      try {
        for (let index = 0; index < columns * rows; index++) {
          const place = codestream.placeOf(index);
          if (overlaps(place, window)) copyTile(await tileOf(index), place, sample, window, into);
        }
        return succeed(undefined);
      } catch (error) {
        return fail('IMAGERY_FORMAT', { file, why: (error as Error).message });
      }
    },
    close,
  };
}

function overlaps(a: Window, b: Window): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

/** Copies what a tile at `place` has of a window. */
function copyTile(
  tile: DecodedPicture,
  place: Window,
  sample: number,
  window: Window,
  into: Uint16Array,
): void {
  const [left, top] = [Math.max(place.left, window.left), Math.max(place.top, window.top)];
  const right = Math.min(place.left + place.width, window.left + window.width);
  const bottom = Math.min(place.top + place.height, window.top + window.height);
  const { counts, samples, width } = tile;
  for (let y = top; y < bottom; y++) {
    let from = ((y - place.top) * width + left - place.left) * samples + sample;
    let to = (y - window.top) * window.width + left - window.left;
    for (let x = left; x < right; x++, from += samples) into[to++] = counts[from];
  }
}
