/** What a frame of the wide field says of places. */
import type { Place, Value } from '../../../fsw/framework';
import type { Findings, FrameInfo } from '../../payload/ports';
import { centralDeg, cross, dot, EARTH_RADIUS_KM, placeOf, scaledSum, unitOf, type Vector } from './sphere';

export type Info = Value<typeof FrameInfo>;

/** The tiles of a located frame, row by row, and the cloud of each. */
export interface TileGrid {
  readonly info: Info;
  readonly columns: number;
  readonly tilePx: number;
  readonly cloudFraction: Float32Array;
}

const DEG = Math.PI / 180;
const RADIUS_M = EARTH_RADIUS_KM * 1000;

export function distanceKm(a: Place, b: Place): number {
  return centralDeg(unitOf(a), unitOf(b)) * DEG * EARTH_RADIUS_KM;
}

/**
 * The mean cloud fraction over a place: of the tiles whose centres lie within its radius, and of the one that it lies in.
 * Undefined when the frame doesn't show the place.
 */
export function cloudOver(grid: TileGrid, place: Place, radiusKm: number): number | undefined {
  const { info, columns, tilePx, cloudFraction } = grid;
  const rows = cloudFraction.length / columns;
  const at = pixelOf(info, place);
  if (at === undefined) return undefined;
  const [column, row] = [Math.floor(at.x / tilePx), Math.floor(at.y / tilePx)];
  const shown = column >= 0 && column < columns && row >= 0 && row < rows;
  const radiusPx = (radiusKm * 1000) / info.gsdM;
  let [sum, tiles] = [0, 0];
  cloudFraction.forEach((cloud, tile) => {
    const [tileColumn, tileRow] = [tile % columns, Math.floor(tile / columns)];
    const away = Math.hypot((tileColumn + 0.5) * tilePx - at.x, (tileRow + 0.5) * tilePx - at.y);
    if (away > radiusPx && (tileColumn !== column || tileRow !== row)) return;
    sum += cloud;
    tiles++;
  });
  return shown ? sum / tiles : undefined;
}

/**
 * The grid of a frame that was discarded before anyone said how it was cut: square tiles that fill it. Undefined when the
 * count of tiles fits no such grid.
 */
export function gridOf(info: Info, cloudFraction: Float32Array): TileGrid | undefined {
  const tiles = cloudFraction.length;
  const columns = Math.round(Math.sqrt((tiles * info.width) / Math.max(1, info.height)));
  if (tiles === 0 || columns === 0 || tiles % columns !== 0) return undefined;
  return { info, columns, tilePx: Math.floor(info.width / columns), cloudFraction };
}

export interface Watch {
  /** Classes, one bit each from the lowest. */
  readonly mask: number;
  readonly minConfidence: number;
  readonly maxCloud: number;
}

/** The clear tile in which a watched class is most certain: its centre, and what is there. */
export function watchedTile(findings: Findings, info: Info, { mask, minConfidence, maxCloud }: Watch) {
  const { columns, tilePx, classNames, probabilities, cloudFraction } = findings;
  let [best, confidence] = [-1, 0];
  probabilities.forEach((probability, at) => {
    const index = at % classNames.length;
    const watched = index < 32 && ((mask >>> index) & 1) === 1;
    const clear = cloudFraction[Math.floor(at / classNames.length)] <= maxCloud;
    if (watched && clear && probability >= minConfidence && probability > confidence)
      [best, confidence] = [at, probability];
  });
  if (best < 0) return undefined;
  const tile = Math.floor(best / classNames.length);
  const [x, y] = [((tile % columns) + 0.5) * tilePx, (Math.floor(tile / columns) + 0.5) * tilePx];
  return { tile, place: placeAt(info, x, y), className: classNames[best % classNames.length], confidence };
}

/** A frame's grid is azimuthal equidistant about its middle (Snyder, USGS PP 1395, §25): where a place lies in it, pixels from the upper left. */
function pixelOf(info: Info, place: Place): { x: number; y: number } | undefined {
  const { middle, right, up } = axesOf(info);
  const target = unitOf(place);
  const [across, along] = [dot(target, right), dot(target, up)];
  const sine = Math.hypot(across, along);
  const metres = centralDeg(middle, target) * DEG * RADIUS_M;
  if (!(info.gsdM > 0)) return undefined;
  const scale = sine === 0 ? 0 : metres / info.gsdM / sine;
  return { x: info.width / 2 + across * scale, y: info.height / 2 - along * scale };
}

/** The reverse. */
function placeAt(info: Info, x: number, y: number): Place {
  const { middle, right, up } = axesOf(info);
  const [across, along] = [x - info.width / 2, info.height / 2 - y];
  const pixels = Math.hypot(across, along);
  if (pixels === 0) return { latDeg: info.latDeg, lonDeg: info.lonDeg };
  const angle = (pixels * info.gsdM) / RADIUS_M;
  const sine = Math.sin(angle) / pixels;
  return placeOf(scaledSum([middle, Math.cos(angle)], [right, across * sine], [up, along * sine]));
}

/** Unit vectors of a frame's middle, its right side and its up edge. */
function axesOf({ latDeg, lonDeg, headingDeg }: Info): { middle: Vector; right: Vector; up: Vector } {
  const middle = unitOf({ latDeg, lonDeg });
  const east = unitOf({ latDeg: 0, lonDeg: lonDeg + 90 });
  const north = cross(middle, east);
  const [sine, cosine] = [Math.sin(headingDeg * DEG), Math.cos(headingDeg * DEG)];
  return {
    middle,
    up: scaledSum([north, cosine], [east, sine]),
    right: scaledSum([east, cosine], [north, -sine]),
  };
}
