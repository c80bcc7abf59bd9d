import { describe, expect, it } from 'vitest';
import { elevationDeg } from '../../simulators/stations';
import { constellation, grazingKm, rangeKm, type Satellite } from './constellation';
import { crosslinkWindows, groundWindows, STATIONS } from './windows';

const epochMs = Date.UTC(2026, 10, 24);
const sky = { epochMs, spanMs: 12 * 3_600_000 };

function fly(count: number): Satellite[] {
  const made = constellation(count, epochMs);
  if (!made.ok) throw new Error(made.error.text);
  return made.value;
}

describe('constellation', () => {
  it('flies strings of four at 600 km, Sun-synchronous', () => {
    const satellites = fly(8);
    expect(satellites.map(({ plane }) => plane)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    for (const { orbit } of satellites) {
      expect(orbit.periodS / 60).toBeCloseTo(96.8, 0);
      const { altM } = orbit.stateAt(epochMs + 3_600_000);
      expect(altM / 1000).toBeGreaterThan(590);
      expect(altM / 1000).toBeLessThan(640);
    }
  });

  it('measures range, and how near the Earth a line of sight comes', () => {
    const [a, b] = [
      { x: 7000, y: 0, z: 0 },
      { x: 0, y: 7000, z: 0 },
    ];
    expect(rangeKm(a, b)).toBeCloseTo(9899.5, 1);
    expect(grazingKm(a, b)).toBeCloseTo(7000 / Math.SQRT2 - 6378.137, 3);
    expect(grazingKm(a, { x: 8000, y: 0, z: 0 })).toBeCloseTo(7000 - 6378.137, 3);
  });
});

describe('windows', () => {
  const satellites = fly(4);
  const ground = groundWindows(satellites, sky);

  it('serve one satellite at a time an antenna, above 10 degrees', () => {
    expect(ground.length).toBeGreaterThan(10);
    for (const { name } of STATIONS) {
      const own = ground.filter(({ station }) => station === name).sort((x, y) => x.startUs - y.startUs);
      for (const [i, later] of own.slice(1).entries())
        expect(later.startUs).toBeGreaterThanOrEqual(own[i].endUs + 30e6);
    }
    for (const { a, station, startUs, endUs } of ground) {
      const site = STATIONS.find(({ name }) => name === station);
      if (site === undefined) throw new Error(station);
      for (const us of [startUs, endUs])
        expect(elevationDeg(satellites[a].orbit, site, epochMs + us / 1000)).toBeGreaterThan(9.99);
    }
  });

  it('keep neighbours of a string in touch at all times, and never who is beyond the horizon', () => {
    const crosslinks = crosslinkWindows(satellites, sky);
    const spans = (a: number, b: number) =>
      crosslinks
        .filter((window) => window.a === a && window.b === b)
        .reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
    expect(spans(0, 1)).toBe(sky.spanMs * 1000);
    expect(spans(0, 3)).toBe(0);
    expect(crosslinks.every(({ startUs, endUs }) => endUs - startUs <= 1800e6)).toBe(true);
  });
});
