import { describe, expect, it } from 'vitest';
import { offNadirDeg } from './pushbroom/reach';
import { startOf } from './start';
import { testOrbit } from './testWorld';
import { missionEpochMs } from './tle';

const orbit = testOrbit();

describe('the start of a flight', () => {
  it('is that of the reference flight unless told', () => {
    expect(startOf(undefined, orbit)).toEqual({ ok: true, value: missionEpochMs });
  });

  it.each([
    ['2022-03-03T16:36Z', Date.UTC(2022, 2, 3, 16, 36)],
    ['2022-03-03T16:36:10.5', Date.UTC(2022, 2, 3, 16, 36, 10, 500)],
    ['2022-03-03T17:36:00+01:00', Date.UTC(2022, 2, 3, 16, 36)],
  ])('%s', (text, value) => expect(startOf(text, orbit)).toEqual({ ok: true, value }));

  it.each(['', 'tomorrow', '2022-03-03', '2022-13-03T16:36Z', '2022-03-03T25:36Z', '2022-03-03T16:36Zx'])(
    'is not %j',
    (text) => expect(startOf(text, orbit)).toMatchObject({ error: { code: 'START_TIME' } }),
  );

  it('lies in the weeks for which the elements of the orbit hold', () => {
    expect(startOf('2026-03-03T16:36Z', orbit)).toMatchObject({
      error: { code: 'START_TIME', text: expect.stringContaining('2022-03-24T17:13:57') },
    });
  });

  it('brings the reference flight past the Sentinel-2 scene after ten minutes, and another past the Landsat scene', () => {
    const lookAt = (ms: number, latDeg: number, lonDeg: number) =>
      offNadirDeg(orbit.stateAt(ms).ecfKm, { latDeg, lonDeg });
    expect(lookAt(missionEpochMs + 617_000, 37.673, -75.619)).toBeCloseTo(5.8, 1);
    expect(lookAt(Date.UTC(2022, 2, 3, 16, 45, 2), 30.7287, -87.398)).toBeCloseTo(8.3, 1);
  });
});
