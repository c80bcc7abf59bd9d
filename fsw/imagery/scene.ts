/** A scene: one picture of the ground in several spectral bands, whose pixels lie on one grid. */
import type { Result } from '../errors';
import type { GroundView, Place, SpectralBand } from '../framework';
import type { Point } from './georeference';

export interface Scene {
  /** Of the folder or file that it is. */
  readonly name: string;
  /** What took it: `Sentinel-2`, `Landsat-8`, `picture`. */
  readonly sensor: string;
  /** In the order of the sensor's own numbers. */
  readonly bands: readonly SpectralBand[];
  /** Pixels of the finest bands, both multiples of every band's scale: what all bands cover. */
  readonly width: number;
  readonly lines: number;
  /** Absent where the files don't say where they are. */
  readonly ground: SceneGround | undefined;
  /**
   * Reads rows `first` to `first + count` of a band, counted in its own pixels, into `into`.
   * Errors: IMAGERY_WINDOW, IMAGERY_FORMAT, IMAGERY_TRUNCATED.
   */
  read(band: number, first: number, count: number, into: Uint16Array): Promise<Result<void>>;
  close(): Promise<void>;
}

/** Where a scene lies, exactly. Points are finest pixels from its upper left corner. */
export interface SceneGround {
  placeOf(point: Point): Place;
  pointOf(place: Place): Point;
}

/** Whether a place is in the picture. */
export function contains({ ground, width, lines }: Scene, place: Place): boolean {
  if (ground === undefined) return false;
  const { x, y } = ground.pointOf(place);
  return x >= 0 && y >= 0 && x < width && y < lines;
}

/** A strip of a scene as one frame on the ground (see `viewOf`). */
export function stripView(scene: Scene, firstLine: number, lines: number): GroundView | undefined {
  return scene.ground && viewOf(scene.ground, scene.width, firstLine, lines);
}

/** Mean radius of the Earth (IUGG), metres: the sphere on which frames are gridded (`pixelPlace` of components). */
const EARTH_RADIUS_M = 6_371_009;
const DEG = Math.PI / 180;
/** Points along each side at which the grid on the ground is fitted. */
const FIT_POINTS = 9;

/**
 * The frame whose azimuthal equidistant grid fits a strip best: centre, heading and ground sample distance by least squares
 * over points of the strip (a similarity, Umeyama 1991, in the plane of complex numbers). The heading takes up the angle
 * between the map's north and true north; what is left is mostly the difference between sphere and ellipsoid along the two
 * axes: for 19 km × 4 km at 10 m, under 0.8 of a pixel at its corners at 37° of latitude, 1.3 at the equator.
 */
export function viewOf(ground: SceneGround, width: number, firstLine: number, lines: number): GroundView {
  const middle = ground.placeOf({ x: width / 2, y: firstLine + lines / 2 });
  let [dot, cross, square] = [0, 0, 0];
  for (let i = 0; i < FIT_POINTS; i++) {
    for (let j = 0; j < FIT_POINTS; j++) {
      const right = (i / (FIT_POINTS - 1) - 0.5) * width;
      const forward = (0.5 - j / (FIT_POINTS - 1)) * lines;
      const place = ground.placeOf({ x: width / 2 + right, y: firstLine + lines / 2 - forward });
      const { east, north } = offsetM(middle, place);
      dot += right * east + forward * north;
      cross += forward * east - right * north;
      square += right * right + forward * forward;
    }
  }
  const headingDeg = (Math.atan2(cross, dot) / DEG + 360) % 360;
  return { ...middle, headingDeg, gsdM: Math.hypot(dot, cross) / square };
}

/** Azimuthal equidistant about `from` (Snyder, USGS PP 1395, §25, eq. 25-1 to 25-4), metres. */
function offsetM(from: Place, to: Place): { east: number; north: number } {
  const [lat0, lat] = [from.latDeg * DEG, to.latDeg * DEG];
  const turn = (to.lonDeg - from.lonDeg) * DEG;
  const east = Math.cos(lat) * Math.sin(turn);
  const north = Math.cos(lat0) * Math.sin(lat) - Math.sin(lat0) * Math.cos(lat) * Math.cos(turn);
  const sine = Math.hypot(east, north);
  const cosine = Math.sin(lat0) * Math.sin(lat) + Math.cos(lat0) * Math.cos(lat) * Math.cos(turn);
  const scale = sine > 0 ? (EARTH_RADIUS_M * Math.atan2(sine, cosine)) / sine : EARTH_RADIUS_M;
  return { east: east * scale, north: north * scale };
}
