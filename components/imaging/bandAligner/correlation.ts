/**
 * How far a band lies beside another, from small windows, by normalised cross-correlation (Zitová & Flusser 2003, §4.1).
 * The gradients' magnitude says to a pixel: it looks alike in bands where the ground's brightness does not. Brightness,
 * upright or inverted, then says to a part of one: its peak is a smooth parabola, that of the gradients is sharp.
 */

/** Counts of one band on a grid; a pixel of the grid is the mean of `step` × `step` counts. */
export interface Samples {
  readonly plane: Uint16Array;
  /** Counts in a line of the plane. */
  readonly stride: number;
  readonly step: number;
}

/** A square of the grid. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Pixels around a square that its gradients need: one to smooth, one to differ. */
export const RIM = 3;

/** A square of a band, row by row. */
export interface Patch {
  /** Mean counts, smoothed twice by 1 2 1. */
  readonly level: Float32Array;
  /** Magnitude of their gradient. */
  readonly edge: Float32Array;
}

/** Undefined where a count of the square or its rim is zero: no data. */
export function patchOf(samples: Samples, { x, y, side }: Square): Patch | undefined {
  const wide = side + 2 * RIM;
  const means = meansOf(samples, { x: x - RIM, y: y - RIM, side: wide });
  if (means === undefined) return undefined;
  for (let pass = 0; pass < 2; pass++) {
    smooth(means, 1);
    smooth(means, wide);
  }
  const [level, edge] = [new Float32Array(side * side), new Float32Array(side * side)];
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const at = (row + RIM) * wide + column + RIM;
      const [right, down] = [means[at + 1] - means[at - 1], means[at + wide] - means[at - wide]];
      level[row * side + column] = means[at];
      edge[row * side + column] = Math.sqrt(right * right + down * down);
    }
  return { level, edge };
}

function meansOf({ plane, stride, step }: Samples, { x, y, side }: Square): Float32Array | undefined {
  const means = new Float32Array(side * side);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      let sum = 0;
      for (let v = 0; v < step; v++) {
        const from = ((y + row) * step + v) * stride + (x + column) * step;
        for (let at = from; at < from + step; at++) {
          if (plane[at] === 0) return undefined;
          sum += plane[at];
        }
      }
      means[row * side + column] = sum / (step * step);
    }
  return means;
}

/** 1 2 1 between neighbours `apart`; what runs over a line's end lands in the rim, which is not used. */
function smooth(values: Float32Array, apart: number): void {
  let before = values[0];
  if (apart === 1) {
    for (let at = 1; at < values.length - 1; at++) {
      const middle = values[at];
      values[at] = (before + 2 * middle + values[at + 1]) / 4;
      before = middle;
    }
    return;
  }
  const line = values.slice(0, apart);
  for (let at = apart; at < values.length - apart; at++) {
    const middle = values[at];
    const column = at % apart;
    values[at] = (line[column] + 2 * middle + values[at + apart]) / 4;
    line[column] = middle;
  }
}

/** Below this correlation, upright or inverted, brightness says nothing of a part of a pixel (found on Sentinel-2). */
const LEVEL_ALIKE = 0.6;

export interface Peak {
  /** Of the second picture against the first, pixels of the grid. */
  readonly dx: number;
  readonly dy: number;
  /** Correlation there, −1 to 1. */
  readonly score: number;
}

/**
 * Where a pattern lies in a field that reaches `reach` pixels further on every side, from the middle; undefined when the
 * best place is at the field's edge, where the true one may lie beyond, or when the pattern has no features.
 */
export function locate(pattern: Patch, field: Patch, side: number, reach: number): Peak | undefined {
  const span = 2 * reach + 1;
  const byEdge = correlation(pattern.edge, field.edge, side, reach, 2);
  const scores = Float32Array.from({ length: span * span }, (_, i) => byEdge(i % span, Math.floor(i / span)));
  let best = 0;
  for (let at = 1; at < scores.length; at++) if (scores[at] > scores[best]) best = at;
  const [u, v] = [best % span, Math.floor(best / span)];
  if (scores[best] <= 0 || u === 0 || v === 0 || u === span - 1 || v === span - 1) return undefined;
  const byLevel = correlation(pattern.level, field.level, side, reach, 1);
  const sign = byLevel(u, v) < 0 ? -1 : 1;
  const top = sign * byLevel(u, v);
  if (top < LEVEL_ALIKE) return undefined;
  return {
    dx: u - reach + summit(sign * byLevel(u - 1, v), top, sign * byLevel(u + 1, v)),
    dy: v - reach + summit(sign * byLevel(u, v - 1), top, sign * byLevel(u, v + 1)),
    score: scores[best],
  };
}

/** The correlation of every `step`th pixel of a pattern with a field from (u, v) on; 0 where one of them has no features. */
function correlation(pattern: Float32Array, field: Float32Array, side: number, reach: number, step: number) {
  const wide = side + 2 * reach;
  const used = (row: number, column: number) => row % step === 0 && column % step === 0;
  const taken = pattern.filter((_, i) => used(Math.floor(i / side), i % side));
  const mean = taken.reduce((sum, value) => sum + value, 0) / taken.length;
  const centred = taken.map((value) => value - mean);
  const energy = centred.reduce((sum, value) => sum + value * value, 0);
  return (u: number, v: number): number => {
    let [product, sum, squares, at] = [0, 0, 0, 0];
    for (let row = 0; row < side; row += step) {
      const from = (v + row) * wide + u;
      for (let column = 0; column < side; column += step) {
        const value = field[from + column];
        product += centred[at++] * value;
        sum += value;
        squares += value * value;
      }
    }
    const spread = squares - (sum * sum) / taken.length;
    return spread > 0 && energy > 0 ? product / Math.sqrt(spread * energy) : 0;
  };
}

/** The top of the parabola through three neighbours, from the middle one, within a pixel. */
function summit(before: number, middle: number, after: number): number {
  const bend = before - 2 * middle + after;
  return bend < 0 ? Math.max(-1, Math.min(1, (before - after) / (2 * bend))) : 0;
}
