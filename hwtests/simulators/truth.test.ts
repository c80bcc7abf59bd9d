import { describe, expect, it } from 'vitest';
import type { Earth, EarthMap } from './earth';
import { emptyScene, frameGrid, layOnGround } from './scene';
import { tileTruth } from './truth';

const flat = (west: number, east: number): EarthMap => ({
  width: 8,
  height: 4,
  channels: 1,
  data: Uint8Array.from({ length: 32 }, (_, i) => (i % 8 < 4 ? west : east)),
});
/** Cloud and water on the western half of the world, the eastern half high. */
const earth: Earth = {
  day: flat(0, 0),
  lights: flat(0, 0),
  clouds: flat(255, 0),
  water: flat(255, 0),
  elevation: flat(0, 255),
};

/** The Greenwich meridian runs down the middle of the frame, the Sun in its zenith. */
const scene = emptyScene(64, 64);
layOnGround(frameGrid(64, 64, 5000), { latDeg: 0, lonDeg: 0, headingDeg: 0 }, { x: 1, y: 0, z: 0 }, scene);

describe('tileTruth', () => {
  it('counts cloud and water pixel by pixel and averages the rest', () => {
    const [whole] = tileTruth(earth, scene, 0, 64);
    expect(whole.cloudFraction).toBe(0.5);
    expect(whole.waterFraction).toBe(0.5);
    expect(whole.meanElevation).toBeCloseTo(0.5, 2);
    expect(whole.meanSunElevationDeg).toBeGreaterThan(88);
  });

  it('lists tiles row by row, from the up edge, each with its middle', () => {
    const tiles = tileTruth(earth, scene, 0, 32);
    expect(tiles.map((tile) => tile.waterFraction)).toEqual([1, 0, 1, 0]);
    expect(tiles[0].latDeg).toBeCloseTo(0.7, 1);
    expect(tiles[3].lonDeg).toBeCloseTo(0.74, 1);
  });

  it('shifts clouds eastward and leaves the water where it is', () => {
    const [west, east] = tileTruth(earth, scene, 0.25, 32);
    expect([west.cloudFraction, east.cloudFraction]).toEqual([1, 1]);
    expect([west.waterFraction, east.waterFraction]).toEqual([1, 0]);
  });

  it('leaves out pixels beyond the last whole tile', () => {
    expect(tileTruth(earth, scene, 0, 48)).toHaveLength(1);
  });
});
