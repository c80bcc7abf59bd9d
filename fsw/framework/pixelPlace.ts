/** Where on the ground the pixels of a frame or strip lie. */

/** Mean radius of the Earth (IUGG), metres: the sphere on which frames are gridded. */
const EARTH_RADIUS_M = 6_371_009;
const DEG = Math.PI / 180;

export interface FramePlace {
  readonly width: number;
  readonly height: number;
  readonly latDeg: number;
  readonly lonDeg: number;
  /** Of the frame's up edge, clockwise from north. */
  readonly headingDeg: number;
  readonly gsdM: number;
}

/**
 * Where a point of the picture lies, in pixels from its upper left. The frame's grid is azimuthal equidistant about
 * its middle (Snyder, USGS PP 1395, §25, eq. 20-14 and 20-15): a pixel's distance is its count times the GSD, its
 * bearing the heading turned by its angle from the up edge.
 */
export function pixelPlace(
  frame: FramePlace,
  across: number,
  down: number,
): { latDeg: number; lonDeg: number } {
  const right = across - frame.width / 2;
  const forward = frame.height / 2 - down;
  const angle = (Math.hypot(right, forward) * frame.gsdM) / EARTH_RADIUS_M;
  const bearing = frame.headingDeg * DEG + Math.atan2(right, forward);
  const lat = frame.latDeg * DEG;
  const sine = Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(bearing);
  const east = Math.atan2(
    Math.sin(bearing) * Math.sin(angle),
    Math.cos(lat) * Math.cos(angle) - Math.sin(lat) * Math.sin(angle) * Math.cos(bearing),
  );
  const latDeg = Math.asin(Math.min(1, Math.max(-1, sine))) / DEG;
  const turned = frame.lonDeg + east / DEG;
  return { latDeg, lonDeg: turned - 360 * Math.floor((turned + 180) / 360) };
}
