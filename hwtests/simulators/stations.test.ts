import { describe, expect, it } from 'vitest';
import { elevationDeg, ephemerisOf, passes, polarNetwork } from './stations';
import { testOrbit } from './testWorld';

/** Heading south over Finland, the Balkans, Libya, the Sahara and the Gulf of Guinea to the Antarctic. */
const missionEpochMs = Date.UTC(2022, 1, 22, 9, 21);

const orbit = testOrbit();
const window = {
  fromMs: missionEpochMs,
  toMs: missionEpochMs + 6 * 3_600_000,
  missionEpochMs,
  minElevationDeg: 5,
};
const found = passes(orbit, polarNetwork, window);
const unixMs = (flightUs: number) => missionEpochMs + flightUs / 1000;

describe('passes', () => {
  it('gives the contacts that a second-by-second look at the sky gives', () => {
    for (const station of polarNetwork) {
      const mine = found.filter((pass) => pass.station === station.name);
      for (let ms = window.fromMs + 500; ms < window.toMs; ms += 1000) {
        const seen = mine.some((pass) => unixMs(pass.startUs) <= ms && ms < unixMs(pass.endUs));
        if (seen !== elevationDeg(orbit, station, ms) >= 5) expect.fail(`${station.name} at ${ms}`);
      }
    }
  });

  it('puts rise and set where the satellite crosses the mask, to 0.1 s', () => {
    const whole = found.filter((pass) => pass.startUs > 0);
    expect(whole.length).toBeGreaterThan(10);
    for (const pass of whole) {
      const station = polarNetwork.find((s) => s.name === pass.station) ?? expect.fail();
      const at = (us: number) => elevationDeg(orbit, station, unixMs(us));
      expect(at(pass.startUs - 100_000)).toBeLessThan(5);
      expect(at(pass.startUs + 100_000)).toBeGreaterThan(5);
      expect(at(pass.endUs - 100_000)).toBeGreaterThan(5);
      expect(at(pass.endUs + 100_000)).toBeLessThan(5);
      expect(pass.maxElevationDeg).toBeGreaterThanOrEqual(at((pass.startUs + pass.endUs) / 2) - 1e-6);
    }
  });

  it('cuts a pass at the edges of the window', () => {
    const first = found[0];
    const middleMs = unixMs((first.startUs + first.endUs) / 2);
    const narrow = { ...window, fromMs: middleMs - 1000, toMs: middleMs + 1000 };
    const cut = passes(orbit, polarNetwork, narrow).find((pass) => pass.station === first.station);
    expect((cut?.endUs ?? 0) - (cut?.startUs ?? 0)).toBe(2_000_000);
  });

  it('sees a contact in the first orbit over each hemisphere', () => {
    const early = found.filter((pass) => pass.startUs < orbit.periodS * 1e6).map((pass) => pass.station);
    expect(early).toContain('Svalbard');
    expect(early).toContain('Troll');
  });

  it('lists passes in order of rise', () => {
    const starts = found.map((pass) => pass.startUs);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });
});

describe('ephemerisOf', () => {
  const a = { station: 'A', startUs: 10, endUs: 20 };
  const b = { station: 'B', startUs: 15, endUs: 30 };
  const { contactAt, nextContact } = ephemerisOf([b, a]);

  it('gives the contact under way, the end excluded', () => {
    expect([9, 10, 19, 20, 29, 30].map((us) => contactAt(us)?.station)).toEqual([
      undefined,
      'A',
      'A',
      'B',
      'B',
      undefined,
    ]);
  });

  it('stays with the contact that began first where two overlap', () => {
    expect(contactAt(17)).toBe(a);
  });

  it('foresees the contact that comes next, or is under way', () => {
    expect([0, 17, 25, 30].map((us) => nextContact(us)?.station)).toEqual(['A', 'A', 'B', undefined]);
  });
});
