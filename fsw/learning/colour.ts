/** Colours of labelled tiles, and the affine map of bands that brings them back to those of the training tiles. */
import type { Example } from './examples';

/** Mean colour of the tiles of each class. */
export interface ClassColours {
  /** [classes][3], in the units of the pixels. */
  readonly means: readonly (readonly number[])[];
  /** Tiles that each mean is of, by weight; 0: nothing known of the class. */
  readonly weights: readonly number[];
}

/** seen → 3 × 3 matrix · seen + offset. */
export interface ColourMap {
  readonly matrix: readonly (readonly number[])[];
  readonly offset: readonly number[];
}

export const BANDS = 3;
/** Of channel-first tiles with three bands; an example counts for each class by its target. */
export function classColours(examples: readonly Example[], classes: number): ClassColours {
  const sums = Array.from({ length: classes }, () => [0, 0, 0]);
  const weights = new Array<number>(classes).fill(0);
  for (const { input, target, weight } of examples) {
    const colour = meanColour(input);
    for (let c = 0; c < classes; c++) {
      weights[c] += weight * target[c];
      for (let band = 0; band < BANDS; band++) sums[c][band] += weight * target[c] * colour[band];
    }
  }
  return {
    means: sums.map((sum, c) => sum.map((value) => (weights[c] > 0 ? value / weights[c] : 0))),
    weights,
  };
}

export function meanColour(pixels: ArrayLike<number>): number[] {
  const plane = pixels.length / BANDS;
  return Array.from({ length: BANDS }, (_, band) => {
    let sum = 0;
    for (let i = band * plane; i < (band + 1) * plane; i++) sum += pixels[i];
    return sum / plane;
  });
}

/**
 * The map of least squares from the colours seen to those of the training tiles, each class by the tiles that were seen of it. Where
 * the classes leave it open (they differ in brightness most, in hue less) it holds on to `prior`, by `hold`, a share of the spread of
 * the colours seen.
 */
export function fitColours(
  seen: ClassColours,
  reference: ClassColours,
  prior: ColourMap['matrix'],
  hold: number,
): ColourMap {
  const weights = seen.weights.map((weight, c) => (reference.weights[c] > 0 ? weight : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const middles = [seen, reference].map(({ means }) =>
    bands((band) => weights.reduce((sum, weight, c) => sum + weight * means[c][band], 0) / total),
  );
  const away = [seen, reference].map(({ means }, i) =>
    means.map((mean) => mean.map((value, band) => value - middles[i][band])),
  );
  const spread = (i: number, band: number, j: number, other: number) =>
    weights.reduce((sum, weight, c) => sum + weight * away[i][c][band] * away[j][c][other], 0);
  const held =
    hold * bands((band) => spread(0, band, 0, band)).reduce((sum, value) => sum + value, 0) + Number.EPSILON;
  const square = bands((i) => bands((j) => spread(0, i, 0, j) + (i === j ? held : 0)));
  const matrix = bands((to) =>
    solve(
      square,
      bands((from) => spread(1, to, 0, from) + held * prior[to][from]),
    ),
  );
  const moved = bands((to) => matrix[to].reduce((sum, value, from) => sum + value * middles[0][from], 0));
  return { matrix, offset: bands((band) => middles[1][band] - moved[band]) };
}

/** Brings mean and deviation of each band over all pixels to these: what can be done without labels. */
export function standardising(
  tiles: readonly ArrayLike<number>[],
  mean: readonly number[],
  deviation: readonly number[],
): ColourMap {
  const own = pixelStatistics(tiles);
  const gains = deviation.map((value, band) => value / Math.max(own.deviation[band], 1e-6));
  return {
    matrix: bands((to) => bands((from) => (from === to ? gains[to] : 0))),
    offset: bands((band) => mean[band] - gains[band] * own.mean[band]),
  };
}

/** Mean and deviation of each band over all pixels of channel-first tiles. */
export function pixelStatistics(tiles: readonly ArrayLike<number>[]): {
  mean: number[];
  deviation: number[];
} {
  const [sums, squares] = [bands(() => 0), bands(() => 0)];
  let count = 0;
  for (const pixels of tiles) {
    const plane = pixels.length / BANDS;
    count += plane;
    for (let i = 0; i < pixels.length; i++) {
      const band = Math.floor(i / plane);
      sums[band] += pixels[i];
      squares[band] += pixels[i] ** 2;
    }
  }
  const mean = sums.map((sum) => sum / count);
  return {
    mean,
    deviation: squares.map((square, i) => Math.sqrt(Math.max(0, square / count - mean[i] ** 2))),
  };
}

export function bands<T>(of: (band: number) => T): T[] {
  return Array.from({ length: BANDS }, (_, band) => of(band));
}

/** A x = y by elimination with pivots; values that are no numbers where A has no inverse. */
export function solve(a: readonly (readonly number[])[], y: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, y[i]]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const pivot = rows.reduce(
      (best, row, i) => (i >= column && Math.abs(row[column]) > Math.abs(rows[best][column]) ? i : best),
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i][column] / rows[column][column];
      for (let j = column; j <= size; j++) rows[i][j] -= factor * rows[column][j];
    }
  }
  return rows.map((row, i) => row[size] / row[i]);
}
