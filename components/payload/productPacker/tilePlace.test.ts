import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tileCentre } from './tilePlace';

const DEG = Math.PI / 180;
const R = 6_371_009;
const frame = { width: 96, height: 96, latDeg: 0, lonDeg: 0, headingDeg: 0, gsdM: 1000 };

describe('the place of a tile', () => {
  it('is the frame centre for the tile in the middle', () => {
    const place = tileCentre({ ...frame, latDeg: 51, lonDeg: 7, headingDeg: 33 }, 4, 3, 32);
    expect(place.latDeg).toBeCloseTo(51, 9);
    expect(place.lonDeg).toBeCloseTo(7, 9);
  });

  it('is along the heading for a tile straight up, and a quarter turn clockwise for one to the right', () => {
    const stepDeg = 32_000 / R / DEG;
    const [up, right] = [1, 5].map((tile) => tileCentre(frame, tile, 3, 32));
    expect([up.latDeg, up.lonDeg]).toEqual([expect.closeTo(stepDeg, 9), expect.closeTo(0, 9)]);
    expect([right.latDeg, right.lonDeg]).toEqual([expect.closeTo(0, 9), expect.closeTo(stepDeg, 9)]);
    const turned = tileCentre({ ...frame, headingDeg: 90 }, 1, 3, 32);
    expect([turned.latDeg, turned.lonDeg]).toEqual([expect.closeTo(0, 9), expect.closeTo(stepDeg, 9)]);
  });

  it('crosses the date line and the pole', () => {
    const west = tileCentre({ ...frame, lonDeg: 179.9 }, 5, 3, 32);
    expect(west.lonDeg).toBeCloseTo(179.9 + 32_000 / R / DEG - 360, 9);
    const beyond = tileCentre({ ...frame, latDeg: 89.9 }, 1, 3, 32);
    expect(beyond.latDeg).toBeCloseTo(180 - 89.9 - 32_000 / R / DEG, 6);
    expect(Math.abs(beyond.lonDeg)).toBeCloseTo(180, 6);
  });

  it('agrees with the same place found by vectors, anywhere', () => {
    const angles = fc.record({
      latDeg: fc.double({ min: -85, max: 85, noNaN: true }),
      lonDeg: fc.double({ min: -180, max: 180, noNaN: true }),
      headingDeg: fc.double({ min: 0, max: 360, noNaN: true }),
    });
    fc.assert(
      fc.property(angles, fc.nat(63), (view, tile) => {
        const place = tileCentre({ ...view, width: 256, height: 256, gsdM: 5000 }, tile, 8, 32);
        const expected = byVectors(view, tile);
        expect(distance(unit(place.latDeg, place.lonDeg), expected)).toBeLessThan(1e-9);
      }),
      { seed: 5 },
    );
  });
});

type V = readonly [number, number, number];

function unit(latDeg: number, lonDeg: number): V {
  const [lat, lon] = [latDeg * DEG, lonDeg * DEG];
  return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
}

/** The way an imager lays its pixels: rays in the axes right, forward, vertical of the frame. */
function byVectors(view: { latDeg: number; lonDeg: number; headingDeg: number }, tile: number): V {
  const right = ((tile % 8) + 0.5) * 32 - 128;
  const forward = 128 - (Math.floor(tile / 8) + 0.5) * 32;
  const pixels = Math.hypot(right, forward);
  const angle = (pixels * 5000) / R;
  const up = unit(view.latDeg, view.lonDeg);
  const north = unit(view.latDeg + 90, view.lonDeg);
  const east: V = [-Math.sin(view.lonDeg * DEG), Math.cos(view.lonDeg * DEG), 0];
  const [cos, sin] = [Math.cos(view.headingDeg * DEG), Math.sin(view.headingDeg * DEG)];
  const scale = Math.sin(angle) / pixels;
  const mix = (i: 0 | 1 | 2) =>
    scale * right * (east[i] * cos - north[i] * sin) +
    scale * forward * (north[i] * cos + east[i] * sin) +
    Math.cos(angle) * up[i];
  return [mix(0), mix(1), mix(2)];
}

function distance(a: V, b: V): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
