import type { GroundView } from '../../fsw/framework/board';
import type { Vec3 } from './orbit';
import { verticalAt } from './sun';

const DEG = Math.PI / 180;
/** Mean radius of the Earth (IUGG), metres. */
const EARTH_RADIUS_M = 6_371_009;

/** The pixels of a frame on a unit sphere, in the frame's own axes: right, forward (up edge), vertical. */
export interface FrameGrid {
  readonly width: number;
  readonly height: number;
  readonly gsdM: number;
  /** Three per pixel. */
  readonly rays: Float32Array;
}

/** Where each pixel of one frame lies. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Longitude and colatitude of each pixel as `sample` of earth.ts takes them. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Sine of the Sun's elevation at each pixel. */
  readonly sunSine: Float32Array;
}

/**
 * The frame's grid in azimuthal equidistant projection (Snyder, USGS PP 1395, §25): every pixel lies
 * `gsdM` × its distance from the middle away, as after the usual resampling to a map grid.
 */
export function frameGrid(width: number, height: number, gsdM: number): FrameGrid {
  const rays = new Float32Array(width * height * 3);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const right = column + 0.5 - width / 2;
      const forward = height / 2 - row - 0.5;
      const distance = Math.hypot(right, forward);
      const angle = (distance * gsdM) / EARTH_RADIUS_M;
      const scale = distance > 0 ? Math.sin(angle) / distance : 0;
      rays[i++] = right * scale;
      rays[i++] = forward * scale;
      rays[i++] = Math.cos(angle);
    }
  }
  return { width, height, gsdM, rays };
}

export function emptyScene(width: number, height: number): Scene {
  const pixels = () => new Float32Array(width * height);
  return { width, height, u: pixels(), v: pixels(), sunSine: pixels() };
}

/** Lays `grid` on the ground as `view` says, lit from `sun` (Earth-fixed, any length), and fills `scene`. */
export function layOnGround(grid: FrameGrid, view: Omit<GroundView, 'gsdM'>, sun: Vec3, scene: Scene): void {
  const [right, forward, vertical] = frameAxes(view);
  const sunDistance = Math.hypot(sun.x, sun.y, sun.z);
  const [sx, sy, sz] = [sun.x / sunDistance, sun.y / sunDistance, sun.z / sunDistance];
  const { rays } = grid;
  for (let i = 0, r = 0; i < scene.u.length; i++, r += 3) {
    const [a, b, c] = [rays[r], rays[r + 1], rays[r + 2]];
    const x = a * right.x + b * forward.x + c * vertical.x;
    const y = a * right.y + b * forward.y + c * vertical.y;
    const z = a * right.z + b * forward.z + c * vertical.z;
    scene.u[i] = 0.5 + Math.atan2(y, x) / (2 * Math.PI);
    scene.v[i] = Math.acos(Math.min(Math.max(z, -1), 1)) / Math.PI;
    scene.sunSine[i] = x * sx + y * sy + z * sz;
  }
}

function frameAxes({ latDeg, lonDeg, headingDeg }: Omit<GroundView, 'gsdM'>): [Vec3, Vec3, Vec3] {
  const vertical = verticalAt(latDeg, lonDeg);
  const north = verticalAt(latDeg + 90, lonDeg);
  const east = { x: -Math.sin(lonDeg * DEG), y: Math.cos(lonDeg * DEG), z: 0 };
  const cos = Math.cos(headingDeg * DEG);
  const sin = Math.sin(headingDeg * DEG);
  return [mix(east, cos, north, -sin), mix(north, cos, east, sin), vertical];
}

function mix(a: Vec3, p: number, b: Vec3, q: number): Vec3 {
  return { x: a.x * p + b.x * q, y: a.y * p + b.y * q, z: a.z * p + b.z * q };
}
