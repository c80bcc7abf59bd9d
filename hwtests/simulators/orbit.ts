import { type EciVec3, eciToEcf, eciToGeodetic, gstime, sgp4, twoline2satrec } from 'satellite.js';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Tle } from './tle';

export type Vec3 = EciVec3<number>;

const DEG = Math.PI / 180;
/** Rotation rate of the Earth, rad/s (WGS-84). */
const EARTH_RATE = 7.292115e-5;
const UNIX_EPOCH_JD = 2440587.5;
const DAY_MS = 86_400_000;
/** How long after the elements' epoch they must still give an orbit. */
export const VALID_MS = 30 * DAY_MS;

export interface OrbitState {
  /** Geodetic place (WGS-84) of the sub-satellite point. */
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly altM: number;
  /** Heading of the ground track, degrees clockwise from north, 0..360. */
  readonly headingDeg: number;
  /** Earth-fixed position, kilometres. */
  readonly ecfKm: Vec3;
}

export interface Orbit {
  readonly name: string;
  /** From one ascending node to the next (draconic). */
  readonly periodS: number;
  /** Unix time of the elements. */
  readonly epochMs: number;
  /** State at a Unix time (fractions of a millisecond count); within 30 days of the epoch. */
  stateAt(unixMs: number): OrbitState;
}

export function julianDate(unixMs: number): number {
  return unixMs / DAY_MS + UNIX_EPOCH_JD;
}

/**
 * An orbit propagated from a TLE by SGP4 (Vallado et al., "Revisiting Spacetrack Report #3", AIAA 2006-6753,
 * as implemented by satellite.js). Fails with `ORBIT_BAD_TLE` when a line's checksum is wrong or the elements
 * don't propagate.
 */
export function orbitFrom(tle: Tle): Result<Orbit> {
  for (const [index, line] of [tle.line1, tle.line2].entries()) {
    if (!checksumHolds(line)) return badTle(tle, `line ${index + 1} has a wrong checksum or length`);
  }
  const elements = twoline2satrec(tle.line1, tle.line2);
  const epochMs = (elements.jdsatepoch - UNIX_EPOCH_JD) * DAY_MS;
  const propagate = (unixMs: number) => sgp4(elements, (unixMs - epochMs) / 60_000);
  if (!propagate(epochMs) || !propagate(epochMs + VALID_MS))
    return badTle(tle, 'the elements do not propagate');

  return succeed({
    name: tle.name,
    periodS: (2 * Math.PI * 60) / (elements.mdot + elements.argpdot),
    epochMs,
    stateAt(unixMs) {
      const eci = propagate(unixMs);
      if (!eci) throw new RangeError(`${tle.name} has no orbit at ${unixMs} ms: too far from the elements`);
      const siderealRad = gstime(julianDate(unixMs));
      const place = eciToGeodetic(eci.position, siderealRad);
      const ecfKm = eciToEcf(eci.position, siderealRad);
      const rotated = eciToEcf(eci.velocity, siderealRad);
      const velocity = {
        x: rotated.x + EARTH_RATE * ecfKm.y,
        y: rotated.y - EARTH_RATE * ecfKm.x,
        z: rotated.z,
      };
      return {
        latDeg: place.latitude / DEG,
        lonDeg: place.longitude / DEG,
        altM: place.height * 1000,
        headingDeg: headingOf(velocity, place.latitude, place.longitude),
        ecfKm,
      };
    },
  });
}

function headingOf(v: Vec3, latRad: number, lonRad: number): number {
  const east = v.y * Math.cos(lonRad) - v.x * Math.sin(lonRad);
  const outward = v.x * Math.cos(lonRad) + v.y * Math.sin(lonRad);
  const north = v.z * Math.cos(latRad) - outward * Math.sin(latRad);
  return (Math.atan2(east, north) / DEG + 360) % 360;
}

/** Column 69 is the sum of the line's digits modulo 10, a minus sign counting as 1. */
function checksumHolds(line: string): boolean {
  let sum = 0;
  for (const c of line.slice(0, 68)) sum += c === '-' ? 1 : Number(c) || 0;
  return line.length === 69 && Number(line[68]) === sum % 10;
}

function badTle(tle: Tle, why: string) {
  return fail('ORBIT_BAD_TLE', { name: tle.name, why });
}
