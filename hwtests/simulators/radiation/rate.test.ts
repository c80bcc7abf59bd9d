import { describe, expect, it } from 'vitest';
import { orbitFrom } from '../orbit';
import { missionEpochMs, sentinel2a } from '../tle';
import { PUBLISHED_PER_BIT_DAY, polarHorns, southAtlantic, upsetRate } from './rate';

const opened = orbitFrom(sentinel2a);
if (!opened.ok) throw new Error(opened.error.text);
const orbit = opened.value;

describe('the rate of upsets', () => {
  it('is the published one in the mean over the reference orbit, times the factor', () => {
    for (const factor of [1, 10_000]) {
      const rate = upsetRate(orbit, missionEpochMs, factor);
      let [sum, samples] = [0, 0];
      // Off the instants at which it was normalised.
      for (let ms = 17_000; ms < 10 * 86_400_000; ms += 97_000, samples++) {
        const { latDeg, lonDeg } = orbit.stateAt(missionEpochMs + ms);
        sum += rate.at(latDeg, lonDeg);
      }
      expect(((sum / samples) * 86_400) / (factor * PUBLISHED_PER_BIT_DAY)).toBeCloseTo(1, 2);
    }
  });

  it('is highest in the South Atlantic, raised near the poles, and lowest over the Pacific', () => {
    const rate = upsetRate(orbit, missionEpochMs, 1);
    const anomaly = rate.at(-26, -50);
    const horn = rate.at(75, 120);
    const pacific = rate.at(0, -170);
    expect(anomaly).toBeGreaterThan(10 * horn);
    expect(horn).toBeGreaterThan(2 * pacific);
    expect(pacific).toBeGreaterThan(0);
  });

  it('has shapes that know that the Earth is round', () => {
    expect(southAtlantic(-26, 310)).toBeCloseTo(southAtlantic(-26, -50), 12);
    expect(southAtlantic(0, 179.9)).toBeCloseTo(southAtlantic(0, -180.1), 12);
    expect(polarHorns(-80.65 + 25, 107.32)).toBeCloseTo(1, 3);
  });
});
