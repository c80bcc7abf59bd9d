/** Where a point near a known place lies on the ellipsoid. */
import type { GroundView } from './board';
import type { Place } from './pushbroom';

/** WGS-84: semi-major axis in metres, flattening. */
const A = 6_378_137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const DEG = Math.PI / 180;

/**
 * The place `rightM` metres to the right and `forwardM` metres ahead of the view's centre, seen along its heading: the
 * end of the geodesic of that length and bearing (Vincenty, Survey Review 1975, direct formula; millimetres). At a scale
 * of 100 km it meets a scene gridded in UTM but for that grid's own scale factor, 0.04 % at the most.
 */
export function groundPlace(view: Omit<GroundView, 'gsdM'>, rightM: number, forwardM: number): Place {
  const distance = Math.hypot(rightM, forwardM);
  if (distance === 0) return { latDeg: view.latDeg, lonDeg: view.lonDeg };
  const bearing = view.headingDeg * DEG + Math.atan2(rightM, forwardM);
  const [sinBearing, cosBearing] = [Math.sin(bearing), Math.cos(bearing)];
  const tanU1 = (1 - F) * Math.tan(view.latDeg * DEG);
  const cosU1 = 1 / Math.sqrt(1 + tanU1 * tanU1);
  const sinU1 = tanU1 * cosU1;
  const sigma1 = Math.atan2(tanU1, cosBearing);
  const sinAlpha = cosU1 * sinBearing;
  const cosSqAlpha = 1 - sinAlpha * sinAlpha;
  const uSq = (cosSqAlpha * (A * A - B * B)) / (B * B);
  const first = 1 + (uSq / 16384) * (4096 + uSq * (-768 + uSq * (320 - 175 * uSq)));
  const second = (uSq / 1024) * (256 + uSq * (-128 + uSq * (74 - 47 * uSq)));
  let sigma = distance / (B * first);
  let cos2M = 0;
  let [sin, cos] = [0, 1];
  for (let round = 0; round < 20; round++) {
    cos2M = Math.cos(2 * sigma1 + sigma);
    [sin, cos] = [Math.sin(sigma), Math.cos(sigma)];
    const inner = cos * (2 * cos2M * cos2M - 1);
    const outer = (second / 6) * cos2M * (4 * sin * sin - 3) * (4 * cos2M * cos2M - 3);
    const next = distance / (B * first) + second * sin * (cos2M + (second / 4) * (inner - outer));
    const moved = Math.abs(next - sigma);
    sigma = next;
    if (moved < 1e-13) break;
  }
  [sin, cos] = [Math.sin(sigma), Math.cos(sigma)];
  cos2M = Math.cos(2 * sigma1 + sigma);
  const across = sinU1 * sin - cosU1 * cos * cosBearing;
  const lat = Math.atan2(sinU1 * cos + cosU1 * sin * cosBearing, (1 - F) * Math.hypot(sinAlpha, across));
  const lambda = Math.atan2(sin * sinBearing, cosU1 * cos - sinU1 * sin * cosBearing);
  const c = (F / 16) * cosSqAlpha * (4 + F * (4 - 3 * cosSqAlpha));
  const turn =
    lambda - (1 - c) * F * sinAlpha * (sigma + c * sin * (cos2M + c * cos * (2 * cos2M * cos2M - 1)));
  const lonDeg = view.lonDeg + turn / DEG;
  return { latDeg: lat / DEG, lonDeg: lonDeg - 360 * Math.floor((lonDeg + 180) / 360) };
}
