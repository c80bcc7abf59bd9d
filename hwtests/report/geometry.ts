/** Outlines on the Earth, and how they fit on a map that ends at 180°. */
import { type FramePlace, pixelPlace } from '../../fsw/framework/pixelPlace';

/** Degrees east and north. */
export type LonLat = readonly [lonDeg: number, latDeg: number];

/** A rectangle of a picture, in pixels from its upper left. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The outline of a part of a frame on the ground, clockwise as the picture shows it, not closed. */
export function outline(frame: FramePlace, box: PixelBox, pointsPerSide = 1): LonLat[] {
  const { left, top, width, height } = box;
  const side = (x: number, y: number, dx: number, dy: number): LonLat[] =>
    Array.from({ length: pointsPerSide }, (_, i) => {
      const share = i / pointsPerSide;
      const { latDeg, lonDeg } = pixelPlace(frame, x + dx * share, y + dy * share);
      return [lonDeg, latDeg];
    });
  return [
    ...side(left, top, width, 0),
    ...side(left + width, top, 0, height),
    ...side(left + width, top + height, -width, 0),
    ...side(left, top + height, 0, -height),
  ];
}

/** The box of one tile, counted row by row. */
export function tileBox(frame: FramePlace, tile: number, tilePx: number): PixelBox {
  const columns = Math.floor(frame.width / tilePx);
  const left = (tile % columns) * tilePx;
  return { left, top: Math.floor(tile / columns) * tilePx, width: tilePx, height: tilePx };
}

/**
 * The parts of a closed outline within 180° west and east: one, two where it crosses the antimeridian, none when it
 * goes round a pole (no outline in degrees can say that).
 */
export function piecesOf(ring: readonly LonLat[]): LonLat[][] {
  if (ring.length < 3) return [];
  const turned = unwrapped([...ring, ring[0]]);
  const closing = turned[turned.length - 1][0] - turned[0][0];
  if (Math.abs(closing) > 180) return [];
  const whole = turned.slice(0, -1);
  return [-360, 0, 360]
    .map((shift) => cut(cut(shifted(whole, shift), -1), 1))
    .filter((piece) => Math.abs(area(piece)) > 0);
}

/** The parts of an open line within 180° west and east. */
export function splitLine(line: readonly LonLat[]): LonLat[][] {
  const parts: LonLat[][] = [];
  let part: LonLat[] = [];
  line.forEach((to, i) => {
    const from = line[i - 1];
    if (from !== undefined && Math.abs(to[0] - from[0]) > 180) {
      const edge = from[0] < 0 ? -180 : 180;
      const far = to[0] + 2 * edge;
      const share = far === from[0] ? 0 : (edge - from[0]) / (far - from[0]);
      const latDeg = from[1] + (to[1] - from[1]) * share;
      parts.push([...part, [edge, latDeg]]);
      part = [[-edge, latDeg]];
    }
    part.push(to);
  });
  parts.push(part);
  return parts.filter(({ length }) => length > 1);
}

/** Twice the area in square degrees, positive when counterclockwise. */
export function area(ring: readonly LonLat[]): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    return sum + x * nextY - nextX * y;
  }, 0);
}

/** The same points with longitudes that never jump; they may leave ±180. */
function unwrapped(ring: readonly LonLat[]): LonLat[] {
  let last = ring[0][0];
  return ring.map(([lonDeg, latDeg]) => {
    last = lonDeg - 360 * Math.round((lonDeg - last) / 360);
    return [last, latDeg];
  });
}

function shifted(ring: readonly LonLat[], byDeg: number): LonLat[] {
  return ring.map(([lonDeg, latDeg]) => [lonDeg + byDeg, latDeg]);
}

/** What of a ring lies inside ±180 on one side (Sutherland and Hodgman, 1974). */
function cut(ring: readonly LonLat[], side: -1 | 1): LonLat[] {
  const inside = ([lonDeg]: LonLat) => lonDeg * side <= 180;
  return ring.flatMap((to, i) => {
    const from = ring[(i + ring.length - 1) % ring.length];
    const kept: LonLat[] = [];
    if (inside(from) !== inside(to)) {
      const share = (180 * side - from[0]) / (to[0] - from[0]);
      kept.push([180 * side, from[1] + (to[1] - from[1]) * share]);
    }
    if (inside(to)) kept.push(to);
    return kept;
  });
}
