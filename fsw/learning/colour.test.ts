import { describe, expect, it } from 'vitest';
import { seededRandom } from '../framework/random';
import {
  type ColourMap,
  classColours,
  fitColours,
  meanColour,
  pixelStatistics,
  standardising,
} from './colour';
import { oneClass } from './examples';

const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const drift = {
  matrix: [
    [0.1, 0.8, 0],
    [0, 0.2, 0.9],
    [0.7, 0, 0.1],
  ],
  offset: [20, -5, 9],
};

function mapped({ matrix, offset }: ColourMap, colour: readonly number[]): number[] {
  return matrix.map((row, i) => row.reduce((sum, value, band) => sum + value * colour[band], offset[i]));
}

function coloursOf(count: number, seed: number) {
  const random = seededRandom(seed);
  const means = Array.from({ length: count }, () => [0, 1, 2].map(() => 40 + 150 * random.next()));
  return { means, weights: means.map(() => 1 + random.integer(30)) };
}

describe('classColours', () => {
  it('are means over the tiles of a class, by weight and by share of the target', () => {
    const tile = (...colour: number[]) => Uint8Array.from(colour.flatMap((value) => [value, value]));
    const { means, weights } = classColours(
      [
        { input: tile(10, 20, 30), target: oneClass(0, 3), weight: 1 },
        { input: tile(40, 20, 0), target: oneClass(0, 3), weight: 2 },
        { input: tile(8, 8, 8), target: Float32Array.of(0, 0.5, 0.5), weight: 1 },
      ],
      3,
    );
    expect(means).toEqual([
      [30, 20, 10],
      [8, 8, 8],
      [8, 8, 8],
    ]);
    expect(weights).toEqual([3, 0.5, 0.5]);
  });

  it('are zero, with no weight, where a class was not seen', () => {
    expect(classColours([], 2)).toEqual({
      means: [
        [0, 0, 0],
        [0, 0, 0],
      ],
      weights: [0, 0],
    });
  });
});

describe('fitColours', () => {
  it('finds the map that the camera has gone through, turned back', () => {
    const reference = coloursOf(10, 3);
    const seen = {
      means: reference.means.map((colour) => mapped(drift, colour)),
      weights: reference.weights,
    };
    const found = fitColours(seen, reference, IDENTITY, 1e-9);
    for (const [c, colour] of seen.means.entries())
      for (const [band, value] of mapped(found, colour).entries())
        expect(value).toBeCloseTo(reference.means[c][band], 3);
  });

  it('keeps to what it held to where the classes leave it open: two classes, one class, none', () => {
    const seen = {
      means: [
        [10, 10, 10],
        [20, 20, 20],
      ],
      weights: [5, 5],
    };
    const reference = {
      means: [
        [20, 20, 20],
        [40, 40, 40],
      ],
      weights: [5, 5],
    };
    const two = fitColours(seen, reference, IDENTITY, 1e-6);
    // Along grey it is free, and doubles; across grey it stays.
    expect(mapped(two, [15, 15, 15])[0]).toBeCloseTo(30, 3);
    expect(two.matrix[0][0] - two.matrix[0][1]).toBeCloseTo(1, 3);
    const one = fitColours({ ...seen, weights: [5, 0] }, reference, IDENTITY, 1e-3);
    expect(one.matrix.flat().map((value) => Math.round(value * 1e6) / 1e6)).toEqual(IDENTITY.flat());
    expect(one.offset[0]).toBeCloseTo(10);
    const none = fitColours({ ...seen, weights: [0, 0] }, reference, IDENTITY, 1e-3);
    expect(none).toEqual({ matrix: IDENTITY, offset: [0, 0, 0] });
  });

  it('leaves out a class that the ground knows nothing of', () => {
    const reference = coloursOf(6, 4);
    const seen = {
      means: reference.means.map((colour) => mapped(drift, colour)),
      weights: reference.weights,
    };
    const blind = { means: reference.means.with(2, [0, 0, 0]), weights: reference.weights.with(2, 0) };
    const found = fitColours(seen, blind, IDENTITY, 1e-9);
    expect(mapped(found, seen.means[2])[0]).toBeCloseTo(reference.means[2][0], 2);
  });
});

describe('standardising', () => {
  it('brings mean and deviation of each band to what they should be', () => {
    const random = seededRandom(9);
    const tiles = Array.from({ length: 5 }, () =>
      Float32Array.from({ length: 48 }, (_, i) => 30 * (1 + Math.floor(i / 16)) + 9 * random.normal()),
    );
    const map = standardising(tiles, [1, 2, 3], [4, 5, 6]);
    const after = tiles.map((tile) =>
      tile.map(
        (value, i) =>
          map.matrix[Math.floor(i / 16)][Math.floor(i / 16)] * value + map.offset[Math.floor(i / 16)],
      ),
    );
    const { mean, deviation } = pixelStatistics(after);
    for (const band of [0, 1, 2]) {
      expect(mean[band]).toBeCloseTo(band + 1, 4);
      expect(deviation[band]).toBeCloseTo(band + 4, 4);
    }
    expect(meanColour(after[0])).toHaveLength(3);
  });
});
