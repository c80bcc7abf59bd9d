/** Tiles of a frame, or of a strip, as specimens: each with its place, its time and its answer. */
import { type FramePlace, pixelPlace, type Time, unixUsOf } from '../framework';
import type { SeenTile } from './tileRecord';

export type Specimen = Omit<SeenTile, 'id'> & { readonly pixels: Uint8Array };

export interface TilesSeen {
  readonly time: Time;
  /** Undefined where it is not known where the frame lies. */
  readonly place: FramePlace | undefined;
  readonly columns: number;
  readonly tilePx: number;
  /** Of each tile, row by row: its levels, channel first; undefined leaves the tile out. */
  pixels(tile: number): Uint8Array | undefined;
  /** [tiles × classes]. */
  readonly probabilities: Float32Array;
  readonly classes: number;
  /** Pixels of the frame to a pixel of the tile; 1 unless told. */
  readonly scale?: number;
}

export function specimensOf(seen: TilesSeen): Specimen[] {
  const { time, place, columns, tilePx, probabilities, classes } = seen;
  const timeUs = unixUsOf(time);
  return Array.from({ length: probabilities.length / classes }, (_, tile) => tile).flatMap((tile) => {
    const pixels = seen.pixels(tile);
    if (pixels === undefined) return [];
    const across = ((tile % columns) + 0.5) * tilePx;
    const down = (Math.floor(tile / columns) + 0.5) * tilePx;
    const { latDeg, lonDeg } = place
      ? pixelPlace(place, across, down)
      : { latDeg: Number.NaN, lonDeg: Number.NaN };
    return {
      timeUs,
      latDeg,
      lonDeg,
      headingDeg: place?.headingDeg ?? 0,
      gsdM: (place?.gsdM ?? 0) * (seen.scale ?? 1),
      pixels,
      probabilities: probabilities.slice(tile * classes, (tile + 1) * classes),
    };
  });
}
