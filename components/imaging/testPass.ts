/** A made-up orbit for the tests of this room, and what the wide field says along it. */
import type { Ephemeris, Place } from '../../fsw/framework';
import { timeOf } from '../../fsw/framework';
import type { Findings } from '../payload/ports';

export const PERIOD_S = 6000;
/** The equator at 180 degrees east, where it is noon, is passed northward then. */
export const NOON_S = 500;

/** An orbit over the poles and a resting Earth; the Sun stands over 0 N 180 E. */
export function polarEphemeris(): Ephemeris {
  return {
    groundPoint(atUs) {
      const angle = (2 * Math.PI * (atUs / 1e6 - NOON_S)) / PERIOD_S;
      const latDeg = (Math.asin(Math.sin(angle)) * 180) / Math.PI;
      const noon = Math.cos(angle) >= 0;
      return { latDeg, lonDeg: noon ? 180 : 0, sunElevationDeg: noon ? 90 - Math.abs(latDeg) : -60 };
    },
    contactAt: () => undefined,
  };
}

/** What the classifier says of a frame of 2 × 2 tiles of 32 km about a place. */
export function tip(place: Place, atS: number, clouds: number[], classes: Partial<Findings> = {}) {
  const info = {
    id: 7,
    time: timeOf(atS * 1e6),
    width: 64,
    height: 64,
    located: true,
    ...place,
    headingDeg: 0,
    gsdM: 1000,
  };
  const findings: Findings = {
    columns: 2,
    rows: 2,
    tilePx: 32,
    classNames: ['land', 'river'],
    probabilities: new Float32Array(8),
    waterFraction: new Float32Array(4),
    cloudFraction: new Float32Array(clouds),
    ...classes,
  };
  return { info, findings };
}
