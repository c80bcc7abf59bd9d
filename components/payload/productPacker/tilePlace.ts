/** Where on the ground the tiles of a frame lie. */
import { type FramePlace, pixelPlace } from '../../../fsw/framework';

/** The centre of a tile, counted row by row. */
export function tileCentre(
  frame: FramePlace,
  tile: number,
  columns: number,
  tilePx: number,
): { latDeg: number; lonDeg: number } {
  const across = ((tile % columns) + 0.5) * tilePx;
  const down = (Math.floor(tile / columns) + 0.5) * tilePx;
  return pixelPlace(frame, across, down);
}
