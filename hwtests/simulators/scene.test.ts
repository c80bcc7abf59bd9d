import { describe, expect, it } from 'vitest';
import { emptyScene, frameGrid, layOnGround } from './scene';
import { sunAt, sunElevationDeg, verticalAt } from './sun';

const GSD_M = 5000;
const size = 129;
const grid = frameGrid(size, size, GSD_M);
const anySun = { x: 1, y: 0, z: 0 };

function place(view: { latDeg: number; lonDeg: number; headingDeg: number }, row: number, column: number) {
  const scene = emptyScene(size, size);
  layOnGround(grid, view, anySun, scene);
  const i = row * size + column;
  return { latDeg: 90 - scene.v[i] * 180, lonDeg: scene.u[i] * 360 - 180 };
}

function groundMetres(a: ReturnType<typeof place>, b: ReturnType<typeof place>): number {
  const [p, q] = [verticalAt(a.latDeg, a.lonDeg), verticalAt(b.latDeg, b.lonDeg)];
  return 2 * 6_371_009 * Math.asin(Math.hypot(p.x - q.x, p.y - q.y, p.z - q.z) / 2);
}

describe('layOnGround', () => {
  const view = { latDeg: 40, lonDeg: 20, headingDeg: 0 };

  it('puts the view in the middle of the frame', () => {
    expect(place(view, 64, 64).latDeg).toBeCloseTo(40, 4);
    expect(place(view, 64, 64).lonDeg).toBeCloseTo(20, 4);
  });

  it('has north up and east right at heading 0, east up and south right at heading 90', () => {
    expect(place(view, 0, 64).latDeg).toBeGreaterThan(42);
    expect(place(view, 64, 128).lonDeg).toBeGreaterThan(23);
    const eastward = { ...view, headingDeg: 90 };
    expect(place(eastward, 0, 64).lonDeg).toBeGreaterThan(23);
    expect(place(eastward, 64, 128).latDeg).toBeLessThan(38);
  });

  it('keeps the ground sample distance from the middle outwards, at any latitude and heading', () => {
    for (const latDeg of [-81, -30, 0, 55, 88.5]) {
      const tilted = { latDeg, lonDeg: 179.5, headingDeg: 211 };
      const middle = place(tilted, 64, 64);
      expect(groundMetres(middle, place(tilted, 64, 128)) / (64 * GSD_M)).toBeCloseTo(1, 3);
      expect(groundMetres(middle, place(tilted, 0, 0)) / (64 * Math.SQRT2 * GSD_M)).toBeCloseTo(1, 3);
    }
  });

  it('knows how high the Sun stands at a pixel', () => {
    const ms = Date.UTC(2022, 1, 22, 9, 30);
    const scene = emptyScene(size, size);
    layOnGround(grid, view, sunAt(ms), scene);
    for (const i of [0, 8320, size * size - 1]) {
      const elevation = sunElevationDeg(90 - scene.v[i] * 180, scene.u[i] * 360 - 180, ms);
      expect((Math.asin(scene.sunSine[i]) * 180) / Math.PI).toBeCloseTo(elevation, 2);
    }
  });
});
