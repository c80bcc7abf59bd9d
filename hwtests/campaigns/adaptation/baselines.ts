/** What needs no network: classes by the colours of a tile, fitted on the same labelled tiles. */

import type { Example } from '../../../fsw/learning';
import { classColours, meanColour, pixelStatistics } from '../../../fsw/learning/colour';

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

function statistics(pixels: ArrayLike<number>): number[] {
  const { mean, deviation: spread } = pixelStatistics([pixels]);
  return [...mean, ...spread];
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
}
