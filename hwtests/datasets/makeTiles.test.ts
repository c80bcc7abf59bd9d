import { beforeAll, describe, expect, it } from 'vitest';
import { type Earth, sample } from '../simulators/earth';
import { testEarth, testOrbit } from '../simulators/testWorld';
import type { TileTruth } from '../simulators/truth';
import { drawTiles, TILE_PX } from './makeTiles';

let earth: Earth;
beforeAll(async () => {
  earth = await testEarth();
});

function draw(seed: number, count: number): { pixels: Uint8Array; truth: TileTruth }[] {
  const drawn = [];
  for (const { pixels, truth } of drawTiles(earth, testOrbit(), seed)) {
    drawn.push({ pixels: pixels.slice(), truth });
    if (drawn.length === count) break;
  }
  return drawn;
}

describe('drawTiles', () => {
  it('gives the same tiles for the same seed and others for another', () => {
    expect(draw(5, 20)).toEqual(draw(5, 20));
    expect(draw(5, 1)).not.toEqual(draw(6, 1));
  });

  it('draws daylit tiles all around the Earth', () => {
    const truths = draw(1, 2000).map((tile) => tile.truth);
    expect(Math.min(...truths.map((truth) => truth.meanSunElevationDeg))).toBeGreaterThan(8);
    expect(Math.min(...truths.map((truth) => truth.lonDeg))).toBeLessThan(-150);
    expect(Math.max(...truths.map((truth) => truth.lonDeg))).toBeGreaterThan(150);
    expect(Math.min(...truths.map((truth) => truth.latDeg))).toBeLessThan(-70);
    expect(Math.max(...truths.map((truth) => truth.latDeg))).toBeGreaterThan(50);
  });

  it('labels a cloud-free tile with the place whose ground it shows', () => {
    const ground = new Float32Array(3);
    const middle = ((TILE_PX >> 1) * TILE_PX + (TILE_PX >> 1)) * 3;
    const clear = draw(2, 1500).filter(
      ({ truth }) => truth.cloudFraction === 0 && truth.meanElevation > 0.02,
    );
    expect(clear.length).toBeGreaterThan(100);
    const hueErrors = clear.map(({ pixels, truth }) => {
      sample(earth.day, (truth.lonDeg + 180) / 360, (90 - truth.latDeg) / 180, ground);
      return Math.abs(pixels[middle] / pixels[middle + 2] - ground[0] / ground[2]);
    });
    hueErrors.sort((a, b) => a - b);
    expect(hueErrors[hueErrors.length >> 1]).toBeLessThan(0.15);
  });
});
