/** How far the spacecraft must turn to see a place. */
import { degreesToRadians, geodeticToEcf } from 'satellite.js';
import type { Place } from '../../../fsw/framework';
import type { Vec3 } from '../orbit';
import { dot, verticalAt } from '../sun';

/**
 * Angle at the spacecraft between the line to the Earth's centre and that to a place at sea level (WGS-84), degrees;
 * infinite where the place is behind the horizon. `ecfKm`: Earth-fixed position of the spacecraft.
 */
export function offNadirDeg(ecfKm: Vec3, { latDeg, lonDeg }: Place): number {
  const target = geodeticToEcf({
    latitude: degreesToRadians(latDeg),
    longitude: degreesToRadians(lonDeg),
    height: 0,
  });
  const sight = { x: target.x - ecfKm.x, y: target.y - ecfKm.y, z: target.z - ecfKm.z };
  if (dot(sight, verticalAt(latDeg, lonDeg)) >= 0) return Number.POSITIVE_INFINITY;
  const cosine = -dot(ecfKm, sight) / Math.sqrt(dot(ecfKm, ecfKm) * dot(sight, sight));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
