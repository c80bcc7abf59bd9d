/** The shift of a band against the reference, from the windows of a strip that show the most. */
import type { SpectralBand } from '../../../fsw/framework';
import { locate, type Peak, patchOf, RIM, type Samples, type Square } from './correlation';

/** Pixels of the finest bands. */
export interface Shift {
  readonly dx: number;
  readonly dy: number;
}

export interface Plane {
  readonly band: SpectralBand;
  readonly counts: Uint16Array;
}

export interface Limits {
  /** Side of a window and how far a band is looked for, pixels of the coarser band. */
  readonly windowPx: number;
  readonly reachPx: number;
  /** Windows that are correlated, of at most four times as many candidates. */
  readonly windows: number;
  /** Brighter windows are cloud, which is not where the ground is. */
  readonly maxReflectance: number;
  readonly minCorrelation: number;
}

/** Windows must agree as near as this, pixels of the coarser band. */
const AGREE_PX = 0.75;
/** So many of them: two agree by chance now and then (found on Sentinel-2). */
const AGREEING = 3;
/** Smaller windows show too little. */
const SMALLEST_PX = 16;

/**
 * How far `plane` lies beside `reference` in a strip of `width` × `height` finest pixels; undefined when it can't be
 * trusted: fewer than three windows show a peak of `minCorrelation` and agree.
 */
export function estimateShift(
  reference: Plane,
  plane: Plane,
  { width, height }: { readonly width: number; readonly height: number },
  limits: Limits,
): Shift | undefined {
  const scale = Math.max(reference.band.scale, plane.band.scale);
  if (scale % reference.band.scale !== 0 || scale % plane.band.scale !== 0) return undefined;
  const on = ({ band, counts }: Plane): Samples => ({
    plane: counts,
    stride: Math.ceil(width / band.scale),
    step: scale / band.scale,
  });
  const grid = { width: Math.floor(width / scale), height: Math.floor(height / scale) };
  const { reachPx: reach } = limits;
  const side = Math.min(limits.windowPx, Math.min(grid.width, grid.height) - 2 * (reach + RIM));
  if (side < SMALLEST_PX) return undefined;
  const darkest = (limits.maxReflectance - reference.band.offset) / reference.band.gain;
  const candidates = squares(grid, side + 2 * (reach + RIM), limits.windows * 4).flatMap((square) => {
    const inner = { x: square.x + reach + RIM, y: square.y + reach + RIM, side };
    if (meanOf(on(reference), inner) > darkest) return [];
    const pattern = patchOf(on(reference), inner);
    return pattern === undefined ? [] : [{ inner, pattern, detail: detailOf(pattern.edge) }];
  });
  const peaks = candidates
    .sort((a, b) => b.detail - a.detail)
    .slice(0, limits.windows)
    .flatMap(({ inner, pattern }) => {
      const field = patchOf(on(plane), {
        x: inner.x - reach,
        y: inner.y - reach,
        side: side + 2 * reach,
      });
      const peak = field && locate(pattern, field, side, reach);
      return peak === undefined || peak.score < limits.minCorrelation ? [] : [peak];
    });
  const shift = consensus(peaks);
  return shift && { dx: shift.dx * scale, dy: shift.dy * scale };
}

/** The median of the peaks that lie near the median of all; undefined when too few, or fewer than half, do. */
function consensus(peaks: readonly Peak[]): Shift | undefined {
  const middle = medianOf(peaks);
  const near = peaks.filter(
    ({ dx, dy }) => Math.max(Math.abs(dx - middle.dx), Math.abs(dy - middle.dy)) <= AGREE_PX,
  );
  return near.length < AGREEING || near.length * 2 < peaks.length ? undefined : medianOf(near);
}

function medianOf(peaks: readonly Peak[]): Shift {
  const median = (values: number[]) => {
    const sorted = values.sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  };
  return { dx: median(peaks.map(({ dx }) => dx)), dy: median(peaks.map(({ dy }) => dy)) };
}

/** Up to `most` squares spread evenly over a grid, none beyond its edges. */
function squares({ width, height }: { width: number; height: number }, side: number, most: number): Square[] {
  const rows = Math.min(
    Math.floor(height / side),
    Math.max(1, Math.floor(Math.sqrt((most * height) / width))),
  );
  const columns = rows === 0 ? 0 : Math.min(Math.floor(width / side), Math.floor(most / rows));
  const edge = (length: number, count: number, i: number) =>
    count === 1 ? Math.floor((length - side) / 2) : Math.floor((i * (length - side)) / (count - 1));
  return Array.from({ length: rows * columns }, (_, i) => ({
    x: edge(width, columns, i % columns),
    y: edge(height, rows, Math.floor(i / columns)),
    side,
  }));
}

/** Every fourth pixel will do. */
function meanOf({ plane, stride, step }: Samples, { x, y, side }: Square): number {
  let [sum, pixels] = [0, 0];
  for (let row = y * step; row < (y + side) * step; row += 4)
    for (let column = x * step; column < (x + side) * step; column += 4, pixels++)
      sum += plane[row * stride + column];
  return sum / pixels;
}

function detailOf(pattern: Float32Array): number {
  const mean = pattern.reduce((sum, value) => sum + value, 0) / pattern.length;
  return pattern.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
