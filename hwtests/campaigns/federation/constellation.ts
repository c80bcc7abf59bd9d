/** The satellites of the experiment: strings of up to four in one orbital plane, planes turned against each other. */
import { type Result, succeed } from '../../../fsw/errors';
import { type Orbit, orbitFrom } from '../../simulators/orbit';
import type { Tle } from '../../simulators/tle';

/** WGS-84: gravity km³/s², equatorial radius km. */
const GRAVITY = 398_600.4418;
export const EARTH_RADIUS_KM = 6378.137;
const DAY_S = 86_400;

/** Sun-synchronous, 600 km: what small imaging satellites fly. */
const ALTITUDE_KM = 600;
const INCLINATION_DEG = 97.79;
const PER_PLANE = 4;
/** From one to the next in a plane: 2,900 km, in sight of each other at all times. */
const SPACING_DEG = 24;
/** Planes lie within half a turn: the other half is flown downwards. */
const PLANES_SPAN_DEG = 180;

export interface Satellite {
  readonly name: string;
  /** From 0, in its plane and over all planes. */
  readonly plane: number;
  readonly orbit: Orbit;
}

/** `count` satellites whose elements hold at `epochMs` (Unix). */
export function constellation(count: number, epochMs: number): Result<Satellite[]> {
  const planes = Math.ceil(count / PER_PLANE);
  const satellites: Satellite[] = [];
  for (let i = 0; i < count; i++) {
    const plane = i % planes;
    const slot = Math.floor(i / planes);
    const nodeDeg = 30 + (plane * PLANES_SPAN_DEG) / planes;
    // Planes are out of step, so that not all strings are over the pole at once.
    const anomalyDeg = slot * SPACING_DEG + (plane * 360) / (planes * PER_PLANE);
    const name = `sat-${i + 1}`;
    const orbit = orbitFrom(elements(name, i + 1, epochMs, nodeDeg, anomalyDeg));
    if (!orbit.ok) return orbit;
    satellites.push({ name, plane, orbit: orbit.value });
  }
  return succeed(satellites);
}

/** A circular orbit as two lines, as space-track.org writes them. */
function elements(name: string, number: number, epochMs: number, nodeDeg: number, anomalyDeg: number): Tle {
  const date = new Date(epochMs);
  const year = date.getUTCFullYear();
  const day = (epochMs - Date.UTC(year, 0, 1)) / (DAY_S * 1000) + 1;
  const axis = EARTH_RADIUS_KM + ALTITUDE_KM;
  const perDay = (DAY_S * Math.sqrt(GRAVITY / axis ** 3)) / (2 * Math.PI);
  const id = String(90_000 + number);
  const epoch = String(year % 100).padStart(2, '0') + day.toFixed(8).padStart(12, '0');
  const angle = (deg: number) => (((deg % 360) + 360) % 360).toFixed(4).padStart(8);
  const line1 = `1 ${id}U 22001A   ${epoch}  .00000000  00000-0  00000-0 0  999`;
  const line2 = `2 ${id} ${angle(INCLINATION_DEG)} ${angle(nodeDeg)} 0001000 ${angle(0)} ${angle(anomalyDeg)} ${perDay.toFixed(8).padStart(11)}    1`;
  return { name, line1: line1 + checksum(line1), line2: line2 + checksum(line2) };
}

function checksum(line: string): number {
  return [...line].reduce((sum, c) => sum + (c === '-' ? 1 : Number(c) || 0), 0) % 10;
}

/** Height above the ground at which the straight line between two places passes, km. */
export function grazingKm(a: Place, b: Place): number {
  const [dx, dy, dz] = [b.x - a.x, b.y - a.y, b.z - a.z];
  const share = -(a.x * dx + a.y * dy + a.z * dz) / (dx * dx + dy * dy + dz * dz || 1);
  const t = Math.min(1, Math.max(0, share));
  return Math.hypot(a.x + t * dx, a.y + t * dy, a.z + t * dz) - EARTH_RADIUS_KM;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export function rangeKm(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}
