import { type Earth, sample } from './earth';
import type { Scene } from './scene';

/** Edge of the tiles that the payload cuts and that truth is kept for. */
export const TILE_PX = 32;
const DEG = Math.PI / 180;

/** What really lies under one tile of a frame, from the maps that the picture was (and wasn't) made of. */
export interface TileTruth {
  /** Share of pixels whose cloud opacity is above one half. */
  readonly cloudFraction: number;
  /** Share of pixels that the water map (25 km, independent of the picture) calls water. */
  readonly waterFraction: number;
  /** Mean of the elevation map, 0..1, its own scale. */
  readonly meanElevation: number;
  readonly meanSunElevationDeg: number;
  /** Middle of the tile. */
  readonly latDeg: number;
  readonly lonDeg: number;
}

/** Truth of each `tilePx` × `tilePx` tile, row by row; pixels beyond the last whole tile are left out. */
export function tileTruth(earth: Earth, scene: Scene, cloudShift: number, tilePx: number): TileTruth[] {
  const tiles: TileTruth[] = [];
  for (let top = 0; top + tilePx <= scene.height; top += tilePx) {
    for (let left = 0; left + tilePx <= scene.width; left += tilePx) {
      tiles.push(truthOf(earth, scene, cloudShift, { top, left, tilePx }));
    }
  }
  return tiles;
}

function truthOf(
  earth: Earth,
  scene: Scene,
  cloudShift: number,
  { top, left, tilePx }: { top: number; left: number; tilePx: number },
): TileTruth {
  const value = new Float32Array(1);
  let [cloudy, wet, height, sunDeg] = [0, 0, 0, 0];
  for (let row = top; row < top + tilePx; row++) {
    for (let i = row * scene.width + left, end = i + tilePx; i < end; i++) {
      sample(earth.clouds, scene.u[i] - cloudShift, scene.v[i], value);
      if (value[0] > 127.5) cloudy++;
      sample(earth.water, scene.u[i], scene.v[i], value);
      if (value[0] > 127.5) wet++;
      sample(earth.elevation, scene.u[i], scene.v[i], value);
      height += value[0] / 255;
      sunDeg += Math.asin(Math.min(Math.max(scene.sunSine[i], -1), 1)) / DEG;
    }
  }
  const pixels = tilePx * tilePx;
  const middle = (top + (tilePx >> 1)) * scene.width + left + (tilePx >> 1);
  return {
    cloudFraction: cloudy / pixels,
    waterFraction: wet / pixels,
    meanElevation: height / pixels,
    meanSunElevationDeg: sunDeg / pixels,
    latDeg: 90 - scene.v[middle] * 180,
    lonDeg: scene.u[middle] * 360 - 180,
  };
}
