import { eciToEcf, gstime, shadowFraction, sunPos } from 'satellite.js';
import { julianDate, type Vec3 } from './orbit';

const DEG = Math.PI / 180;

/**
 * Earth-fixed position of the Sun in astronomical units: the Astronomical Almanac's low-precision formula
 * (Vallado, "Fundamentals of Astrodynamics and Applications", algorithm 29), good to 0.01° for 1950-2050.
 */
export function sunAt(unixMs: number): Vec3 {
  const jd = julianDate(unixMs);
  return eciToEcf(sunPos(jd).rsun, gstime(jd));
}

/** Unit vector along the local vertical (WGS-84 normal) of a place, Earth-fixed. */
export function verticalAt(latDeg: number, lonDeg: number): Vec3 {
  const lat = latDeg * DEG;
  const lon = lonDeg * DEG;
  return { x: Math.cos(lat) * Math.cos(lon), y: Math.cos(lat) * Math.sin(lon), z: Math.sin(lat) };
}

/** Geometric elevation of the Sun's centre above the horizon, degrees; no refraction. */
export function sunElevationDeg(latDeg: number, lonDeg: number, unixMs: number): number {
  const sun = sunAt(unixMs);
  return Math.asin(dot(verticalAt(latDeg, lonDeg), sun) / Math.sqrt(dot(sun, sun))) / DEG;
}

/** Share of the Sun's disc that the Earth hides from a satellite: 0 in full light, 1 in the umbra. */
export function eclipseAt(satelliteEcfKm: Vec3, unixMs: number): number {
  return shadowFraction(sunAt(unixMs), satelliteEcfKm);
}

export function dot(a: Vec3, b: Vec3): number {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
