/** A hand-made "network" that finds lights: each cell's heat is its brightest pixel against what a cell usually shows. */
import { CELL_PX, CELLS, TILE_PX } from './decode';

const PLANE = CELLS * CELLS;
/** Levels of the made-up sea's red and of a light. */
const [DARK, LIGHT] = [28, 200];

/** Answers `count` tiles [3, 96, 96]: heat, offset (the light's middle, by the weight of its pixels), size 5 × 2. */
export function lightFinder(input: Float32Array, count: number): Record<string, Float32Array> {
  const heat = new Float32Array(count * PLANE);
  const offset = new Float32Array(count * 2 * PLANE);
  const size = new Float32Array(count * 2 * PLANE);
  for (let n = 0; n < count; n++) {
    const red = input.subarray(n * 3 * TILE_PX * TILE_PX, (n * 3 + 1) * TILE_PX * TILE_PX);
    for (let cell = 0; cell < PLANE; cell++) {
      const [left, top] = [(cell % CELLS) * CELL_PX, Math.floor(cell / CELLS) * CELL_PX];
      const peak = brightest(red, left, top);
      const middle = centroid(red, peak.x, peak.y);
      // A light whose middle lies in another cell is that cell's.
      const mine =
        Math.floor(middle.x / CELL_PX) * CELL_PX === left && Math.floor(middle.y / CELL_PX) * CELL_PX === top;
      const at = n * 2 * PLANE + cell;
      heat[n * PLANE + cell] = mine
        ? Math.min(1, Math.max(0, (peak.level - DARK) / (LIGHT - DARK))) * 0.9
        : 0;
      offset[at] = (middle.x - left) / CELL_PX;
      offset[at + PLANE] = (middle.y - top) / CELL_PX;
      size[at] = 5;
      size[at + PLANE] = 2;
    }
  }
  return { heat, offset, size };
}

function brightest(red: Float32Array, left: number, top: number) {
  let best = { x: left, y: top, level: -1 };
  for (let y = top; y < top + CELL_PX; y++)
    for (let x = left; x < left + CELL_PX; x++)
      if (red[y * TILE_PX + x] > best.level) best = { x, y, level: red[y * TILE_PX + x] };
  return best;
}

function centroid(red: Float32Array, px: number, py: number) {
  let [sum, sx, sy] = [1e-6, (px + 0.5) * 1e-6, (py + 0.5) * 1e-6];
  for (let y = Math.max(0, py - 2); y <= Math.min(TILE_PX - 1, py + 2); y++)
    for (let x = Math.max(0, px - 2); x <= Math.min(TILE_PX - 1, px + 2); x++) {
      const weight = Math.max(0, red[y * TILE_PX + x] - DARK - 1);
      sum += weight;
      sx += weight * (x + 0.5);
      sy += weight * (y + 0.5);
    }
  return { x: sx / sum, y: sy / sum };
}
