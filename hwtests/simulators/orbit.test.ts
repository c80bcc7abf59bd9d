import { describe, expect, it } from 'vitest';
import { orbitFrom } from './orbit';
import { testOrbit } from './testWorld';
import { missionEpochMs, sentinel2a } from './tle';

const DEG = Math.PI / 180;

describe('orbit', () => {
  const orbit = testOrbit();

  it("has Sentinel-2A's period, height and inclination", () => {
    expect(orbit.periodS).toBeCloseTo((10 * 86_400) / 143, 0); // 143 orbits in 10 days, by design
    const states = Array.from({ length: 100 }, (_, i) => orbit.stateAt(orbit.epochMs + i * 60_370));
    for (const state of states) {
      expect(state.altM).toBeGreaterThan(780_000);
      expect(state.altM).toBeLessThan(830_000);
    }
    expect(Math.max(...states.map((s) => s.latDeg))).toBeGreaterThan(81);
    expect(Math.max(...states.map((s) => s.latDeg))).toBeLessThan(180 - 98.5 + 0.3);
  });

  it('reads its epoch from the elements', () => {
    expect(Math.abs(orbit.epochMs - Date.parse('2022-02-22T17:13:57.703Z'))).toBeLessThan(2);
  });

  it('heads where its ground track goes', () => {
    for (let minute = 0; minute < 100; minute += 7) {
      const ms = missionEpochMs + minute * 60_000;
      const [before, now, after] = [orbit.stateAt(ms - 500), orbit.stateAt(ms), orbit.stateAt(ms + 500)];
      const east = (((after.lonDeg - before.lonDeg + 540) % 360) - 180) * Math.cos(now.latDeg * DEG);
      const heading = (Math.atan2(east, after.latDeg - before.latDeg) / DEG + 360) % 360;
      expect(Math.abs(heading - now.headingDeg)).toBeLessThan(0.6);
    }
  });

  it('resolves fractions of a millisecond', () => {
    const [a, b] = [orbit.stateAt(missionEpochMs), orbit.stateAt(missionEpochMs + 0.5)];
    const metres = Math.hypot(a.ecfKm.x - b.ecfKm.x, a.ecfKm.y - b.ecfKm.y, a.ecfKm.z - b.ecfKm.z) * 1000;
    expect(metres).toBeGreaterThan(3);
    expect(metres).toBeLessThan(4.5);
  });

  it('refuses a line whose checksum is wrong', () => {
    const bad = orbitFrom({ ...sentinel2a, line2: sentinel2a.line2.replace('98.5714', '98.5715') });
    expect(bad).toMatchObject({ ok: false, error: { code: 'ORBIT_BAD_TLE' } });
    expect(orbitFrom({ ...sentinel2a, line1: 'short' })).toMatchObject({ ok: false });
  });

  it('refuses elements that do not propagate', () => {
    const sunk = '2 40697  98.5714 130.1166 0001225  87.5511 272.5809 19.90814360348443';
    const digits = [...sunk.slice(0, 68)].reduce((sum, c) => sum + (Number(c) || 0), 0);
    const bad = orbitFrom({ ...sentinel2a, line2: sunk.slice(0, 68) + (digits % 10) });
    expect(bad).toMatchObject({ ok: false, error: { text: 'SENTINEL 2A: the elements do not propagate' } });
  });
});
