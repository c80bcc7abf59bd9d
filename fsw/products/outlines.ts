/**
 * Cells as the polygons around them: crack codes (Freeman 1974 on the edges between cells), each value's patches by
 * themselves. For value 1 to the highest: how many loops, then each loop
 *
 *     start corner (steps on from the last loop's) | edges | turns, 2 bits each, four a byte: 0 straight, 1 right, 2 left
 *
 * A loop starts eastwards, along the first upper edge of its patch, and keeps the patch to its right.
 * The ground fills by parity: what lies an odd number of upright edges from the left margin is inside, so holes need
 * no rule of their own.
 */
import { fail, type Result, succeed } from '../errors';
import { VarintReader, VarintWriter } from './varints';

/** East, south, west, north: a turn to the right is one on. */
const DX = [1, 0, -1, 0] as const;
const DY = [0, 1, 0, -1] as const;
const RIGHT = 1;
const LEFT = 3;

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly cells: Uint8Array;
}

export function packOutlines(grid: Grid, highest: number): Uint8Array {
  const writer = new VarintWriter();
  for (let value = 1; value <= highest; value++) {
    const loops = loopsOf(grid, value);
    writer.push(loops.length);
    let last = 0;
    for (const { start, turns } of loops) {
      writer.push(start - last);
      last = start;
      writer.push(turns.length);
      for (let at = 0; at < turns.length; at += 4)
        writer.pushByte(
          turns
            .slice(at, at + 4)
            .reduce((byte, turn, i) => byte | ((turn === LEFT ? 2 : turn) << (2 * i)), 0),
        );
    }
  }
  return writer.bytes;
}

interface Loop {
  /** The corner's number, row by row of `width + 1`. */
  readonly start: number;
  /** After each edge, the last one's leads back into the first. */
  readonly turns: readonly number[];
}

/** All outlines of one value, by their start. */
function loopsOf({ width, height, cells }: Grid, value: number): Loop[] {
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && cells[y * width + x] === value;
  const loops: Loop[] = [];
  /** Upper edges that a loop went along; each loop has one that nothing before it had. */
  const seen = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (seen[y * width + x] || !inside(x, y) || inside(x, y - 1)) continue;
      const turns: number[] = [];
      let [cornerX, cornerY, heading] = [x, y, 0];
      do {
        if (heading === 0) seen[cornerY * width + cornerX] = 1;
        cornerX += DX[heading];
        cornerY += DY[heading];
        const turn = turnAt(inside, cornerX, cornerY, heading);
        turns.push(turn);
        heading = (heading + turn) % 4;
      } while (cornerX !== x || cornerY !== y || heading !== 0);
      loops.push({ start: y * (width + 1) + x, turns });
    }
  return loops;
}

/** At a corner, the patch is to the right of where we come from. Where two patches touch by a corner, they stay two. */
function turnAt(inside: (x: number, y: number) => boolean, x: number, y: number, heading: number): number {
  // The cells ahead, left and right of our way, from the corner.
  const ahead = [
    [x, y - 1, x, y],
    [x, y, x - 1, y],
    [x - 1, y, x - 1, y - 1],
    [x - 1, y - 1, x, y - 1],
  ][heading];
  if (!inside(ahead[2], ahead[3])) return RIGHT;
  return inside(ahead[0], ahead[1]) ? LEFT : 0;
}

/** Errors: CELL_MAP for a loop that leaves the map, does not close, or is cut short. */
export function unpackOutlines(
  body: Uint8Array,
  highest: number,
  width: number,
  height: number,
): Result<Uint8Array> {
  const cells = new Uint8Array(width * height);
  const reader = new VarintReader(body);
  for (let value = 1; value <= highest; value++) {
    const upright = new Uint8Array((width + 1) * height);
    const count = reader.next();
    if (count === undefined) return fail('CELL_MAP', { why: `no outlines of value ${value}` });
    for (let i = 0, start = 0; i < count; i++) {
      const step = reader.next();
      const edges = reader.next();
      if (step === undefined || edges === undefined)
        return fail('CELL_MAP', { why: 'an outline is cut short' });
      start += step;
      if (!walk(reader, upright, { start, edges, width, height }))
        return fail('CELL_MAP', { why: `the outline from corner ${start} is none` });
    }
    fill(cells, upright, value, width);
  }
  return reader.atEnd ? succeed(cells) : fail('CELL_MAP', { why: 'bytes are left over' });
}

interface Way {
  readonly start: number;
  readonly edges: number;
  readonly width: number;
  readonly height: number;
}

/** Turns over the upright edges along a loop; false when it is none. */
function walk(reader: VarintReader, upright: Uint8Array, { start, edges, width, height }: Way): boolean {
  let [x, y, heading] = [start % (width + 1), Math.floor(start / (width + 1)), 0];
  let byte: number | undefined = 0;
  for (let i = 0; i < edges; i++) {
    if (i % 4 === 0) byte = reader.nextByte();
    if (byte === undefined) return false;
    const row = heading === 3 ? y - 1 : y;
    if (DY[heading] !== 0 && row >= 0 && row < height) upright[row * (width + 1) + x] ^= 1;
    x += DX[heading];
    y += DY[heading];
    if (x < 0 || y < 0 || x > width || y > height) return false;
    const code = (byte >> (2 * (i % 4))) & 3;
    if (code === 3) return false;
    heading = (heading + (code === 2 ? LEFT : code)) % 4;
  }
  return heading === 0 && y * (width + 1) + x === start;
}

function fill(cells: Uint8Array, upright: Uint8Array, value: number, width: number): void {
  let isInside = 0;
  for (let corner = 0; corner < upright.length; corner++) {
    const x = corner % (width + 1);
    isInside = x === 0 ? upright[corner] : isInside ^ upright[corner];
    if (isInside && x < width) cells[Math.floor(corner / (width + 1)) * width + x] = value;
  }
}
