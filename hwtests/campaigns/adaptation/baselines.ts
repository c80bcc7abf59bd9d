/** What needs no network: classes by the colours of a tile, fitted on the same labelled tiles. */

import type { Example } from '../../../fsw/learning';
import { type ColourMap, classColours, meanColour } from '../../../fsw/learning/colour';

type Classifier = (pixels: Uint8Array) => number;

export function nearestMeanColour(examples: readonly Example[], classes: number): Classifier {
  const { means, weights } = classColours(examples, classes);
  const known = means.flatMap((mean, c) => (weights[c] > 0 ? [{ mean, c }] : []));
  return (pixels) => {
    const colour = meanColour(pixels);
    return known.reduce((best, one) =>
      distance(one.mean, colour) < distance(best.mean, colour) ? one : best,
    ).c;
  };
}

/** The class of the tile that is nearest in mean and deviation of each band, each scaled by its own spread over the tiles. */
export function nearestNeighbour(examples: readonly Example[]): Classifier {
  const known = examples.map(({ input, target }) => ({ at: statistics(input), c: target.indexOf(1) }));
  const spread = known[0].at.map((_, i) => deviation(known.map(({ at }) => at[i])) || 1);
  const scaled = (at: readonly number[]) => at.map((value, i) => value / spread[i]);
  const places = known.map(({ at, c }) => ({ at: scaled(at), c }));
  return (pixels) => {
    const own = scaled(statistics(pixels));
    return places.reduce((best, one) => (distance(one.at, own) < distance(best.at, own) ? one : best)).c;
  };
}

/** Brings mean and deviation of each band of all pixels to what the network's input is normalised by: no labels. */
export function standardising(
  examples: readonly Example[],
  mean: readonly number[],
  deviations: readonly number[],
): ColourMap {
  const all = statisticsOf(examples.map(({ input }) => input));
  const gains = deviations.map((value, band) => value / all.deviations[band]);
  return {
    matrix: gains.map((gain, to) => [0, 1, 2].map((from) => (from === to ? gain : 0))),
    offset: gains.map((gain, band) => mean[band] - gain * all.means[band]),
  };
}

function statistics(pixels: ArrayLike<number>): number[] {
  const { means, deviations } = statisticsOf([pixels]);
  return [...means, ...deviations];
}

function statisticsOf(tiles: readonly ArrayLike<number>[]): { means: number[]; deviations: number[] } {
  const [sums, squares] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  let count = 0;
  for (const pixels of tiles) {
    const plane = pixels.length / 3;
    count += plane;
    for (let band = 0; band < 3; band++)
      for (let i = band * plane; i < (band + 1) * plane; i++) {
        sums[band] += pixels[i];
        squares[band] += pixels[i] ** 2;
      }
  }
  const means = sums.map((sum) => sum / count);
  return {
    means,
    deviations: squares.map((square, band) => Math.sqrt(Math.max(0, square / count - means[band] ** 2))),
  };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
}
