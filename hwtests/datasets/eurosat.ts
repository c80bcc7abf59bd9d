/**
 * The one reader of EuroSAT's tiles (P. Helber, B. Bischke, A. Dengel, D. Borth, 2018, 2019; MIT): the subset that lies in
 * `eurosat/` of a data place, with `manifest.csv` (path, label, split, sha256 of the pixels).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { fail, type Result, succeed } from '../../fsw/errors';
import { dataPlaces, findData } from '../../fsw/imagery/dataPlaces';

/** Pixels along a side; 10 m each. */
export const EUROSAT_SIDE = 64;
/** Bytes of a tile as the networks take it: 3 × 64 × 64, channel first, red green blue. */
export const EUROSAT_TILE_BYTES = 3 * EUROSAT_SIDE * EUROSAT_SIDE;

export type EurosatSplit = 'train' | 'test';

export interface EurosatTiles {
  /** Class names, sorted; the order of the land-cover network's outputs. */
  readonly classes: readonly string[];
  /** [n, 3, 64, 64], 0–255. */
  readonly pixels: Uint8Array;
  /** [n], indices into `classes`. */
  readonly labels: Uint8Array;
  /** [n], below the data set's folder, as the manifest has them. */
  readonly paths: readonly string[];
  /** [n], sizes of the JPEG files. */
  readonly fileBytes: Uint32Array;
}

/** The data set's folder, if it lies in one of the places. */
export function findEurosat(places = dataPlaces()): string | undefined {
  return findData(['eurosat/manifest.csv'], places) && findData(['eurosat'], places);
}

/**
 * All tiles of a split, in the manifest's order.
 * Errors: EUROSAT_MISSING (no such folder), EUROSAT_READ (a file of it cannot be read, or has another size).
 */
export async function readEurosat(
  split: EurosatSplit,
  folder = findEurosat(),
): Promise<Result<EurosatTiles>> {
  if (folder === undefined || !existsSync(join(folder, 'manifest.csv')))
    return fail('EUROSAT_MISSING', { places: folder ?? dataPlaces().join(', ') });
  const [, ...lines] = readFileSync(join(folder, 'manifest.csv'), 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split(','));
  const classes = [...new Set(rows.map(([, label]) => label))].sort();
  const chosen = rows.filter(([, , of]) => of === split);
  const pixels = new Uint8Array(chosen.length * EUROSAT_TILE_BYTES);
  const fileBytes = new Uint32Array(chosen.length);
  for (const [i, [path]] of chosen.entries()) {
    const tile = await readTile(join(folder, path));
    if (!tile.ok) return tile;
    pixels.set(tile.value.planes, i * EUROSAT_TILE_BYTES);
    fileBytes[i] = tile.value.bytes;
  }
  return succeed({
    classes,
    pixels,
    labels: Uint8Array.from(chosen, ([, label]) => classes.indexOf(label)),
    paths: chosen.map(([path]) => path),
    fileBytes,
  });
}

/** The tiles at `indices`, in that order. */
export function someTiles(tiles: EurosatTiles, indices: readonly number[]): EurosatTiles {
  const pixels = new Uint8Array(indices.length * EUROSAT_TILE_BYTES);
  for (const [to, from] of indices.entries()) pixels.set(tileOf(tiles, from), to * EUROSAT_TILE_BYTES);
  return {
    classes: tiles.classes,
    pixels,
    labels: Uint8Array.from(indices, (i) => tiles.labels[i]),
    paths: indices.map((i) => tiles.paths[i]),
    fileBytes: Uint32Array.from(indices, (i) => tiles.fileBytes[i]),
  };
}

/** One tile's planes, in place. */
export function tileOf({ pixels }: Pick<EurosatTiles, 'pixels'>, index: number): Uint8Array {
  return pixels.subarray(index * EUROSAT_TILE_BYTES, (index + 1) * EUROSAT_TILE_BYTES);
}

async function readTile(file: string): Promise<Result<{ planes: Uint8Array; bytes: number }>> {
  try {
    const packed = readFileSync(file);
    const { data, info } = await sharp(packed).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    if (info.width !== EUROSAT_SIDE || info.height !== EUROSAT_SIDE || info.channels !== 3)
      return fail('EUROSAT_READ', { file, why: `${info.width} x ${info.height}, ${info.channels} bands` });
    const plane = EUROSAT_SIDE * EUROSAT_SIDE;
    const planes = new Uint8Array(EUROSAT_TILE_BYTES);
    for (let i = 0; i < plane; i++)
      for (let band = 0; band < 3; band++) planes[band * plane + i] = data[3 * i + band];
    return succeed({ planes, bytes: packed.length });
  } catch (cause) {
    return fail('EUROSAT_READ', { file, why: cause instanceof Error ? cause.message : cause });
  }
}
