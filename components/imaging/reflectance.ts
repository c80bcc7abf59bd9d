/** The bands of a strip as reflectance on one grid, and the tiles of that grid. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { BandStack } from './ports';
import { findBands } from './rgb';

/** The bands of the cloud network, in its order. */
export const CLOUD_BANDS = ['blue', 'green', 'red', 'nir', 'swir16', 'swir22'] as const;

export interface Grid {
  /** Places of the bands in the stack. */
  readonly bands: readonly number[];
  /** Finest pixels of a cell: the coarsest of the bands. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** The grid that the named bands of a strip share. Errors: IMAGING_BANDS, IMAGING_SCALES. */
export function gridOf(
  stack: BandStack,
  names: readonly string[],
  size: { readonly width: number; readonly height: number },
): Result<Grid> {
  const bands = findBands(stack, names);
  if (!bands.ok) return bands;
  const scales = bands.value.map((place) => stack.bands[place].scale);
  const scale = Math.max(...scales);
  if (scales.some((finer) => scale % finer !== 0)) return fail('IMAGING_SCALES', { bands: names.join(' ') });
  const [width, height] = [Math.ceil(size.width / scale), Math.floor(size.height / scale)];
  return succeed({ bands: bands.value, scale, width, height });
}

/** What was seen while counts became reflectance: 1 where a cell has no count at all, where a count is at the limit. */
export interface Flags {
  readonly empty: Uint8Array;
  readonly saturated: Uint8Array;
}

/**
 * Top-of-atmosphere reflectance of each band, a plane of the grid each; finer pixels are averaged. `stripWidth`: finest
 * pixels across.
 */
export function toReflectance(
  stack: BandStack,
  grid: Grid,
  stripWidth: number,
  saturatedCount: number,
  out: Float32Array,
  { empty, saturated }: Flags,
): void {
  const cells = grid.width * grid.height;
  empty.fill(1, 0, cells);
  saturated.fill(0, 0, cells);
  grid.bands.forEach((place, b) => {
    const { scale, gain, offset } = stack.bands[place];
    const plane = stack.planes[place];
    const [step, across] = [grid.scale / scale, Math.ceil(stripWidth / scale)];
    const to = b * cells;
    for (let row = 0; row < grid.height; row++)
      for (let column = 0; column < grid.width; column++) {
        const right = Math.min(across, (column + 1) * step);
        let [sum, most, pixels] = [0, 0, 0];
        for (let y = row * step; y < (row + 1) * step; y++)
          for (let at = y * across + column * step; at < y * across + right; at++, pixels++) {
            sum += plane[at];
            if (plane[at] > most) most = plane[at];
          }
        const cell = row * grid.width + column;
        if (most > 0) empty[cell] = 0;
        if (most >= saturatedCount) saturated[cell] = 1;
        out[to + cell] = (sum / pixels) * gain + offset;
      }
  });
}

export interface Tile {
  readonly x: number;
  readonly y: number;
}

/** Left and upper edges of the tiles that cover a grid; the last of a row or column lies flush with the edge. */
export function tilesOver(width: number, height: number, side: number): Tile[] {
  const edges = (length: number) =>
    Array.from({ length: Math.ceil(length / side) }, (_, i) =>
      Math.min(i * side, Math.max(0, length - side)),
    );
  return edges(height).flatMap((y) => edges(width).map((x) => ({ x, y })));
}

/** Copies a tile of every band; a grid that is smaller than the tile goes on as its last row and column. */
export function copyTile(
  planes: Float32Array,
  grid: Grid,
  tile: Tile,
  side: number,
  out: Float32Array,
): void {
  let to = 0;
  for (let b = 0; b < grid.bands.length; b++)
    for (let row = 0; row < side; row++) {
      const y = Math.min(grid.height - 1, tile.y + row);
      const from = (b * grid.height + y) * grid.width + tile.x;
      const inside = Math.min(side, grid.width - tile.x);
      out.set(planes.subarray(from, from + inside), to);
      if (inside < side) out.fill(planes[from + inside - 1], to + inside, to + side);
      to += side;
    }
}

/** The share of a tile's cells that are flagged. */
export function flaggedShare(flags: Uint8Array, grid: Grid, tile: Tile, side: number): number {
  const [right, bottom] = [Math.min(grid.width, tile.x + side), Math.min(grid.height, tile.y + side)];
  let [cells, flagged] = [0, 0];
  for (let y = tile.y; y < bottom; y++)
    for (let at = y * grid.width + tile.x; at < y * grid.width + right; at++, cells++) flagged += flags[at];
  return flagged / cells;
}
