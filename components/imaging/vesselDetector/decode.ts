/** From the network's heat, offset and size to vessels. */
import { tensor } from '../../../native/tensor';

/** Pixels of a cell's side, and cells of a tile's. */
export const CELL_PX = 4;
export const CELLS = 24;
export const TILE_PX = CELL_PX * CELLS;

/** A box in pixels of the picture that tiles were cut from. */
export interface Found {
  readonly x: number;
  readonly y: number;
  readonly lengthPx: number;
  readonly widthPx: number;
  readonly score: number;
}

export interface Heads {
  readonly heat: Float32Array;
  readonly offset: Float32Array;
  readonly size: Float32Array;
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Two tiles may put the centre of one vessel on different sides of the line between them, by this much. */
const MARGIN_PX = 2;

/**
 * The peaks of tile `n` that reach `threshold` and whose centre is in `judged` (pixels of the tile) or a hair beyond; a
 * peak is no less than its eight neighbours, and greater than those before it, so that equal cells give one.
 */
export function peaksOf({ heat, offset, size }: Heads, n: number, threshold: number, judged: Area): Found[] {
  const plane = CELLS * CELLS;
  const found: Found[] = [];
  for (let cell = 0; cell < plane; cell++) {
    const score = heat[n * plane + cell];
    if (!(score >= threshold) || !isPeak(heat, n * plane, cell)) continue;
    const pair = n * 2 * plane + cell;
    const x = ((cell % CELLS) + offset[pair]) * CELL_PX;
    const y = (Math.floor(cell / CELLS) + offset[pair + plane]) * CELL_PX;
    if (x < judged.x - MARGIN_PX || x >= judged.x + judged.width + MARGIN_PX) continue;
    if (y < judged.y - MARGIN_PX || y >= judged.y + judged.height + MARGIN_PX) continue;
    found.push({ x, y, lengthPx: size[pair], widthPx: size[pair + plane], score });
  }
  return found;
}

function isPeak(heat: Float32Array, base: number, cell: number): boolean {
  const [column, row] = [cell % CELLS, Math.floor(cell / CELLS)];
  for (let y = Math.max(0, row - 1); y <= Math.min(CELLS - 1, row + 1); y++)
    for (let x = Math.max(0, column - 1); x <= Math.min(CELLS - 1, column + 1); x++) {
      const other = y * CELLS + x;
      const [theirs, ours] = [heat[base + other], heat[base + cell]];
      if (theirs > ours || (theirs === ours && other < cell)) return false;
    }
  return true;
}

/** Vessels nearer than this are one: two cells, or half a long vessel. */
const NEAR_PX = 2 * CELL_PX;
const SAME_IOU = 0.3;

/**
 * Drops what was found twice: of boxes around the centres that overlap, the one of the higher score stays. `settled`
 * were sent with the strip before; they win and are not given again.
 */
export function distinct(found: readonly Found[], settled: readonly Found[]): Found[] {
  const all = [...settled, ...found];
  const corners = new Float32Array(all.length * 4);
  // Boxes are small beside a capture: about the first one they keep all their digits.
  const [originX, originY] = [all[0]?.x ?? 0, all[0]?.y ?? 0];
  all.forEach(({ x, y, lengthPx }, i) => {
    const half = Math.max(NEAR_PX, lengthPx / 2) / 2;
    corners.set([x - originX - half, y - originY - half, x - originX + half, y - originY + half], i * 4);
  });
  const scores = Float32Array.from(all, ({ score }, i) => (i < settled.length ? 2 : score));
  const kept = new Uint32Array(all.length);
  const count = tensor.nms({ corners, scores, classes: new Uint32Array(all.length) }, SAME_IOU, kept);
  if (!count.ok) throw new Error(count.error.text);
  const left = kept.subarray(0, count.value).filter((index) => index >= settled.length);
  return Array.from(left.sort(), (index) => all[index]);
}
