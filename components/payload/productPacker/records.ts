/** What a product is made of: its records, each worth its downlink. */
import { array, bool, I16, I32, struct, type Type, U8, U16 } from '../../../fsw/framework';

/** The most bytes of a record. */
export const MAX_RECORD_BYTES = 32;

/** Refuses a record at definition that is too long or whose length varies. */
export function compact<T extends Type<unknown>>(type: T): T {
  if (type.maxSize > MAX_RECORD_BYTES || type.minSize !== type.maxSize)
    throw new Error(
      `${type.name} takes ${type.minSize}..${type.maxSize} bytes, a record ${MAX_RECORD_BYTES} at most, always the same`,
    );
  return type;
}

/** The most classes that a summary counts; the counts of further ones are left out. */
export const SUMMARY_CLASSES = 4;

/** One for each frame, 16 bytes; those of several frames share a packet and its time tag. */
export const FrameSummary = compact(
  struct('Payload.FrameSummary', {
    /** The frame's id, its low 16 bits. */
    frame: U16,
    /** Seconds from the packet's time tag to the frame's exposure. */
    afterS: U16,
    /** False: it is not known where the frame lies, and the place is 0. */
    located: bool,
    latCentideg: I16,
    lonCentideg: I16,
    tiles: U8,
    /** Clear tiles by their likeliest class; 255 stands for more. */
    counts: array(U8, SUMMARY_CLASSES, 'Payload.ClassCounts'),
    /** Mean cloud fraction of all tiles and water fraction of the clear ones. */
    cloudPercent: U8,
    waterPercent: U8,
  }),
);

/** One for each tile of a watched class, 15 bytes. */
export const Detection = compact(
  struct('Payload.Detection', {
    frame: U16,
    /** Row by row from the frame's upper left. */
    tile: U16,
    classIndex: U8,
    /** The class's probability and the tile's water fraction, in 1/255. */
    confidence: U8,
    water: U8,
    /** The tile's centre, 1e-5 degrees; both `NOWHERE` when the frame's place is not known. */
    latE5: I32,
    lonE5: I32,
  }),
);

export const NOWHERE = -(2 ** 31);
