/** What goes down of a tile whose picture stays on board: 40 bytes. */
import { crc32 } from 'node:zlib';
import { array, I32, struct, U8, U16, U32, type Value } from '../framework';
import { MAX_CLASSES } from './labels';

/** In place of both coordinates when it is not known where a tile lies. */
export const NO_PLACE = -(2 ** 31);

export const TileRecord = struct('Learning.TileRecord', {
  /** Its id on board; 0: the tile was not kept, and can't be asked for. */
  tile: U32,
  /** When it was seen, Unix seconds. */
  seconds: U32,
  /** Its centre, 1e-6 degrees; both `NO_PLACE` when not known. */
  latE6: I32,
  lonE6: I32,
  /** Ground sample distance, and the heading of its up edge, in hundredths; 0 for a place that is not known. */
  gsdCm: U16,
  headingCentideg: U16,
  /** Of the model's name and its classes, and of the version that answered (`tagOf`). */
  classesTag: U16,
  versionTag: U16,
  /** Of each class, in 1/255; 0 beyond the last class. */
  probabilities: array(U8, MAX_CLASSES, 'Learning.Probabilities'),
});

/** Tells apart, in 16 bits, what few words may say: the low half of their CRC-32. */
export function tagOf(...words: readonly string[]): number {
  return crc32(new TextEncoder().encode(words.join('\n'))) & 0xffff;
}

/** The tag of a model's classes in their order. */
export function classesTagOf(model: string, classes: readonly string[]): number {
  return tagOf(model, ...classes);
}

export interface SeenTile {
  readonly id: number;
  /** Unix microseconds. */
  readonly timeUs: number;
  /** Both NaN where the place is not known. */
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly headingDeg: number;
  readonly gsdM: number;
  readonly probabilities: Float32Array;
}

export function tileRecord(
  tile: SeenTile,
  tags: Pick<Value<typeof TileRecord>, 'classesTag' | 'versionTag'>,
): Value<typeof TileRecord> {
  const isPlaced = Number.isFinite(tile.latDeg) && Number.isFinite(tile.lonDeg);
  const heading = ((tile.headingDeg % 360) + 360) % 360;
  return {
    tile: tile.id,
    seconds: Math.floor(tile.timeUs / 1e6),
    latE6: isPlaced ? Math.round(tile.latDeg * 1e6) : NO_PLACE,
    lonE6: isPlaced ? Math.round(tile.lonDeg * 1e6) : NO_PLACE,
    gsdCm: isPlaced ? Math.min(0xffff, Math.round(tile.gsdM * 100)) : 0,
    headingCentideg: isPlaced ? Math.round(heading * 100) % 36_000 : 0,
    ...tags,
    probabilities: Array.from({ length: MAX_CLASSES }, (_, i) =>
      Math.round(Math.min(1, Math.max(0, tile.probabilities[i] ?? 0)) * 255),
    ),
  };
}
