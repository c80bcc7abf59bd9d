/**
 * Looking at a place from orbit, on a sphere. The Earth is a sphere of its mean radius and the orbit a circle of one
 * altitude; geodetic latitude is taken for geocentric. Off-nadir angles up to 45° are within 0.25° of those over the WGS-84 ellipsoid
 * at the same altitude (tested); an altitude that is off by 2 % adds up to 0.6° at 30°.
 */

/** Mean radius of the Earth (IUGG), kilometres. */
export const EARTH_RADIUS_KM = 6371.009;
const DEG = Math.PI / 180;

export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Where the imager is turned to, degrees: roll about the flight direction (right is positive), pitch (forward is positive). */
export interface Look {
  readonly rollDeg: number;
  readonly pitchDeg: number;
}
export const NADIR: Look = { rollDeg: 0, pitchDeg: 0 };

/** The unit vector of a place. */
export function unitOf({ latDeg, lonDeg }: { readonly latDeg: number; readonly lonDeg: number }): Vector {
  const [lat, lon] = [latDeg * DEG, lonDeg * DEG];
  return { x: Math.cos(lat) * Math.cos(lon), y: Math.cos(lat) * Math.sin(lon), z: Math.sin(lat) };
}

export function placeOf({ x, y, z }: Vector): { latDeg: number; lonDeg: number } {
  return { latDeg: Math.atan2(z, Math.hypot(x, y)) / DEG, lonDeg: Math.atan2(y, x) / DEG };
}

/** The sum of vectors, each times its factor. */
export function scaledSum(...terms: readonly (readonly [Vector, number])[]): Vector {
  const sum = { x: 0, y: 0, z: 0 };
  for (const [vector, factor] of terms) {
    sum.x += vector.x * factor;
    sum.y += vector.y * factor;
    sum.z += vector.z * factor;
  }
  return sum;
}

export function dot(a: Vector, b: Vector): number {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

export function cross(a: Vector, b: Vector): Vector {
  return { x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x };
}

/** The angle at the Earth's centre between two unit vectors, degrees; exact for small angles too. */
export function centralDeg(a: Vector, b: Vector): number {
  const c = cross(a, b);
  return Math.atan2(Math.sqrt(dot(c, c)), dot(a, b)) / DEG;
}

/**
 * The angle between straight down and a place that lies `centralAngleDeg` from the sub-satellite point:
 * tan η = R sin λ / (R + h − R cos λ) (Wertz, "Space Mission Analysis and Design", §5.2, with sin ρ = R / (R + h)).
 * Undefined beyond the horizon (cos λ < sin ρ).
 */
export function offNadirDeg(centralAngleDeg: number, altitudeKm: number): number | undefined {
  const lambda = centralAngleDeg * DEG;
  const orbit = EARTH_RADIUS_KM + altitudeKm;
  const down = orbit - EARTH_RADIUS_KM * Math.cos(lambda);
  if (Math.cos(lambda) < EARTH_RADIUS_KM / orbit) return undefined;
  return Math.atan2(EARTH_RADIUS_KM * Math.sin(lambda), down) / DEG;
}

/** The reverse: how far from the sub-satellite point a place is seen at this angle; to the horizon at most. */
export function reachDeg(offNadirAngleDeg: number, altitudeKm: number): number {
  const sinRho = EARTH_RADIUS_KM / (EARTH_RADIUS_KM + altitudeKm);
  const sinElevation = Math.sin(offNadirAngleDeg * DEG) / sinRho;
  if (sinElevation >= 1) return Math.acos(sinRho) / DEG;
  return Math.asin(sinElevation) / DEG - offNadirAngleDeg;
}

/** How to look from above `here` at a target, while the ground track runs from `here` to `ahead`. Undefined beyond the horizon. */
export function lookAt(here: Vector, ahead: Vector, target: Vector, altitudeKm: number): Look | undefined {
  const eta = offNadirDeg(centralDeg(here, target), altitudeKm);
  if (eta === undefined) return undefined;
  const right = cross(ahead, here);
  const length = Math.sqrt(dot(right, right));
  if (length === 0) return { rollDeg: eta, pitchDeg: 0 };
  const unitRight = { x: right.x / length, y: right.y / length, z: right.z / length };
  const azimuth = Math.atan2(dot(target, unitRight), dot(target, cross(here, unitRight)));
  const sine = Math.sin(eta * DEG);
  return {
    rollDeg: Math.atan2(sine * Math.sin(azimuth), Math.cos(eta * DEG)) / DEG,
    pitchDeg: Math.asin(sine * Math.cos(azimuth)) / DEG,
  };
}

/** The angle to turn from one look to the other, degrees. The orbit frame's own turn (0.06 °/s) is left out. */
export function slewDeg(a: Look, b: Look): number {
  return centralDeg(axisOf(a), axisOf(b));
}

function axisOf({ rollDeg, pitchDeg }: Look): Vector {
  const [roll, pitch] = [rollDeg * DEG, pitchDeg * DEG];
  return { x: Math.sin(pitch), y: Math.cos(pitch) * Math.sin(roll), z: Math.cos(pitch) * Math.cos(roll) };
}

/**
 * Elevation of the Sun above the horizon of a place, degrees: the Astronomical Almanac's low-precision formula (page C5),
 * 0.01° in the years 1950 to 2050.
 */
export function sunElevationDeg(place: Vector, unixUs: number): number {
  const days = unixUs / 86_400e6 - 10_957.5;
  const anomaly = (357.528 + 0.9856003 * days) * DEG;
  const longitude =
    (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * DEG;
  const obliquity = (23.439 - 0.0000004 * days) * DEG;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(longitude));
  const siderealDeg = 280.46062 + 360.98564737 * days;
  const sun = unitOf({ latDeg: declination / DEG, lonDeg: rightAscension / DEG - siderealDeg });
  return 90 - centralDeg(place, sun);
}

/** The lowest elevation of the Sun at the sub-satellite point with which a satellite above it is still lit (a cylinder of shadow). */
export function eclipseElevationDeg(altitudeKm: number): number {
  return -Math.acos(EARTH_RADIUS_KM / (EARTH_RADIUS_KM + altitudeKm)) / DEG;
}
