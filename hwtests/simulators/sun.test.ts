import { describe, expect, it } from 'vitest';
import { eclipseAt, sunElevationDeg } from './sun';
import { testOrbit } from './testWorld';
import { missionEpochMs } from './tle';

describe('sun', () => {
  it('stands in the zenith of the equator at the equinox, noon by the equation of time', () => {
    // 2022-03-20 15:33 UTC, equation of time -7.4 min: local apparent noon at (12 h - 15.55 h) * 15 + 1.9°.
    expect(sunElevationDeg(0, -51.4, Date.UTC(2022, 2, 20, 15, 33))).toBeGreaterThan(89.7);
  });

  it('touches the horizon of the polar circle at midnight of the June solstice', () => {
    expect(Math.abs(sunElevationDeg(66.56, 0, Date.UTC(2022, 5, 21, 0, 2)))).toBeLessThan(0.1);
  });

  it('agrees with the tropic of Cancer at noon of the June solstice', () => {
    expect(sunElevationDeg(23.44, 0, Date.UTC(2022, 5, 21, 12, 2))).toBeGreaterThan(89.5);
  });

  it('is hidden from the satellite for about a third of each orbit, and only on the night side', () => {
    const orbit = testOrbit();
    let eclipsed = 0;
    for (let i = 0; i < 1000; i++) {
      const ms = missionEpochMs + (i * orbit.periodS * 1000) / 1000;
      const state = orbit.stateAt(ms);
      const hidden = eclipseAt(state.ecfKm, ms);
      if (hidden === 1) eclipsed++;
      if (hidden > 0) expect(sunElevationDeg(state.latDeg, state.lonDeg, ms)).toBeLessThan(0);
    }
    expect(eclipsed / 1000).toBeGreaterThan(0.28);
    expect(eclipsed / 1000).toBeLessThan(0.36);
  });

  it('lights the beginning of the flight', () => {
    const { latDeg, lonDeg } = testOrbit().stateAt(missionEpochMs);
    expect(sunElevationDeg(latDeg, lonDeg, missionEpochMs)).toBeGreaterThan(8);
  });
});
