import { describe, expect, it } from 'vitest';
import { seededRandom } from './random';

const draws = (random: { next(): number }, n: number) => Array.from({ length: n }, () => random.next());

describe('seeded random', () => {
  it('gives the sequence that it has always given, on every host', () => {
    const random = seededRandom(7, 'camera');
    expect(Array.from({ length: 4 }, () => random.integer(1_000_000))).toEqual([
      373_403, 170_721, 780_784, 26_862,
    ]);
  });

  it('gives the same for the same seed and name, another for another', () => {
    expect(draws(seededRandom(1), 5)).toEqual(draws(seededRandom(1), 5));
    expect(draws(seededRandom(1), 5)).not.toEqual(draws(seededRandom(2), 5));
    expect(draws(seededRandom(1, 'a'), 5)).not.toEqual(draws(seededRandom(1, 'b'), 5));
  });

  it('forks streams that the parent neither shifts nor is shifted by', () => {
    const [parent, undisturbed] = [seededRandom(3), seededRandom(3)];
    const early = draws(parent.fork('noise'), 5);
    expect(draws(parent, 5)).toEqual(draws(undisturbed, 5));
    expect(draws(parent.fork('noise'), 5)).toEqual(early);
    expect(draws(parent.fork('other'), 5)).not.toEqual(early);
  });

  it('is uniform enough in mean, spread and buckets', () => {
    const values = draws(seededRandom(11), 20_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(spread).toBeCloseTo(1 / 12, 2);
    const buckets = new Array<number>(10).fill(0);
    for (const value of values) buckets[Math.floor(value * 10)]++;
    for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(2000));
  });

  it('draws normal numbers of mean 0 and spread 1', () => {
    const random = seededRandom(5);
    const values = Array.from({ length: 20_000 }, () => random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(values.reduce((sum, value) => sum + value ** 2, 0) / values.length).toBeCloseTo(1, 1);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});
