/** The reference scene that both simulated boards fly, in simulated and in real time. */
import type { Deployment } from '../../fsw/framework/deployment';
import type { Orbit } from './orbit';
import { sunElevationDeg } from './sun';

/** Below this elevation a station does not talk to us, degrees. */
export const MIN_ELEVATION_DEG = 5;
/** Side of a wide-field frame. */
export const FRAME_PX = 128;

/** The sub-satellite point at a flight time, and the Sun's elevation there. `epochMs`: Unix time at which flight time is zero. */
export function groundPoint(orbit: Orbit, epochMs: number, atUs: number) {
  const unixMs = epochMs + atUs / 1000;
  const { latDeg, lonDeg } = orbit.stateAt(unixMs);
  return { latDeg, lonDeg, sunElevationDeg: sunElevationDeg(latDeg, lonDeg, unixMs) };
}

/** Components that threw or lost messages, with how often. Empty when the flight was clean. */
export function faultsOf(deployment: Deployment): Record<string, number> {
  const counts = [...deployment.units.values()].map((unit): [string, number] => [
    unit.name,
    unit.faults + unit.queueDrops,
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
