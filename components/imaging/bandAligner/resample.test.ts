import { describe, expect, it } from 'vitest';
import { shiftPlane } from './resample';

const shifted = (plane: readonly number[], width: number, dx: number, dy: number) => {
  const moved = Uint16Array.from(plane);
  shiftPlane(moved, width, { dx, dy }, new Uint16Array(plane.length));
  return [...moved];
};

describe('a shifted plane', () => {
  it('is the plane itself, moved by whole pixels, and goes on at the edges', () => {
    const plane = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(shifted(plane, 3, 0, 0)).toEqual(plane);
    expect(shifted(plane, 3, 1, 0)).toEqual([2, 3, 3, 5, 6, 6, 8, 9, 9]);
    expect(shifted(plane, 3, -1, 1)).toEqual([4, 4, 5, 7, 7, 8, 7, 7, 8]);
    expect(shifted(plane, 3, -9, 9)).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7]);
  });

  it('mixes four neighbours by their distances, rounded', () => {
    expect(shifted([100, 200, 300, 500], 2, 0.25, 0.5)[0]).toBe(238);
  });

  it('mixes nothing with pixels without data', () => {
    expect(shifted([100, 0, 100, 200, 200, 200], 3, 0.4, 0)).toEqual([100, 0, 100, 200, 200, 200]);
    expect(shifted([100, 0, 100, 200, 200, 200], 3, 0.6, 0)).toEqual([0, 100, 100, 200, 200, 200]);
  });
});
