import fc from 'fast-check';
import { eciToEcf, gstime, sunPos } from 'satellite.js';
import { describe, expect, it } from 'vitest';
import {
  centralDeg,
  eclipseElevationDeg,
  lookAt,
  offNadirDeg,
  reachDeg,
  slewDeg,
  sunElevationDeg,
  unitOf,
  type Vector,
} from './sphere';

const DEG = Math.PI / 180;
const ALTITUDE = 786;

/** Earth-fixed position at a height over the WGS-84 ellipsoid, kilometres. */
function ellipsoidal(latDeg: number, lonDeg: number, heightKm: number): Vector {
  const [a, e2] = [6378.137, 0.00669437999014];
  const [lat, lon] = [latDeg * DEG, lonDeg * DEG];
  const n = a / Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  const flat = (n + heightKm) * Math.cos(lat);
  return {
    x: flat * Math.cos(lon),
    y: flat * Math.sin(lon),
    z: (n * (1 - e2) + heightKm) * Math.sin(lat),
  };
}

const unit = ({ x, y, z }: Vector): Vector => {
  const length = Math.hypot(x, y, z);
  return { x: x / length, y: y / length, z: z / length };
};

describe('looking from orbit', () => {
  it('PGE-PLAN-004: the off-nadir angle is within 0.25 deg of the one over the WGS-84 ellipsoid, up to 45 deg', () => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.double({ min: -82, max: 82, noNaN: true }),
        fc.double({ min: 0, max: 360, noNaN: true }),
        fc.double({ min: 0, max: reachDeg(45, ALTITUDE), noNaN: true }),
        (latDeg, bearing, away) => {
          const target = {
            latDeg: latDeg + away * Math.cos(bearing * DEG),
            lonDeg: (away * Math.sin(bearing * DEG)) / Math.cos(latDeg * DEG),
          };
          const satellite = ellipsoidal(latDeg, 0, ALTITUDE);
          const place = ellipsoidal(target.latDeg, target.lonDeg, 0);
          const foot = ellipsoidal(latDeg, 0, 0);
          const sight = unit({
            x: place.x - satellite.x,
            y: place.y - satellite.y,
            z: place.z - satellite.z,
          });
          const nadir = unit({ x: foot.x - satellite.x, y: foot.y - satellite.y, z: foot.z - satellite.z });
          const exact = centralDeg(sight, nadir);
          const ours = offNadirDeg(centralDeg(unitOf({ latDeg, lonDeg: 0 }), unitOf(target)), ALTITUDE) ?? 99;
          if (exact <= 45) worst = Math.max(worst, Math.abs(ours - exact));
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
    expect(worst).toBeLessThan(0.25);
    expect(worst).toBeGreaterThan(0.01);
  });

  it('PGE-PLAN-004: reach is the reverse of the off-nadir angle, and ends at the horizon', () => {
    for (const angle of [0, 10, 30, 60])
      expect(offNadirDeg(reachDeg(angle, ALTITUDE), ALTITUDE)).toBeCloseTo(angle, 9);
    expect(reachDeg(80, ALTITUDE)).toBeCloseTo(27.1, 1);
    expect(offNadirDeg(28, ALTITUDE)).toBeUndefined();
    expect(eclipseElevationDeg(ALTITUDE)).toBeCloseTo(-27.1, 1);
  });

  it('PGE-PLAN-004: right of the track is positive roll, ahead is positive pitch', () => {
    const [here, ahead] = [unitOf({ latDeg: 0, lonDeg: 0 }), unitOf({ latDeg: 0.05, lonDeg: 0 })];
    const east = lookAt(here, ahead, unitOf({ latDeg: 0, lonDeg: 2 }), ALTITUDE);
    expect(east?.rollDeg).toBeCloseTo(offNadirDeg(2, ALTITUDE) ?? 0, 9);
    expect(east?.pitchDeg).toBeCloseTo(0, 9);
    const north = lookAt(here, ahead, unitOf({ latDeg: 2, lonDeg: 0 }), ALTITUDE);
    expect(north?.pitchDeg).toBeCloseTo(offNadirDeg(2, ALTITUDE) ?? 0, 9);
    expect(slewDeg({ rollDeg: -30, pitchDeg: 0 }, { rollDeg: 30, pitchDeg: 0 })).toBeCloseTo(60, 9);
    expect(slewDeg({ rollDeg: 0, pitchDeg: 20 }, { rollDeg: 0, pitchDeg: 20 })).toBe(0);
  });

  it('PGE-PLAN-004: the Sun stands within 0.02 deg of where satellite.js has it', () => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2049, 0, 1) }),
        fc.double({ min: -90, max: 90, noNaN: true }),
        fc.double({ min: -180, max: 180, noNaN: true }),
        (unixMs, latDeg, lonDeg) => {
          const julian = unixMs / 86_400e3 + 2_440_587.5;
          const sun = unit(eciToEcf(sunPos(julian).rsun, gstime(julian)));
          const place = unitOf({ latDeg, lonDeg });
          worst = Math.max(
            worst,
            Math.abs(sunElevationDeg(place, unixMs * 1000) - 90 + centralDeg(place, sun)),
          );
        },
      ),
      { numRuns: 1000, seed: 2 },
    );
    expect(worst).toBeLessThan(0.02);
  });
});
