/** The ports between learning components: tiles that were seen, orders to train, what came of them. */
import { port, reference, string, U32 } from '../../fsw/framework';

/** A tile as the board keeps it. */
export interface KeptTile {
  /** Never given twice on this board, over boots too. */
  readonly id: number;
  /** Unix time. */
  readonly timeUs: number;
  /** Both NaN where the place is not known. */
  readonly latDeg: number;
  readonly lonDeg: number;
  /** Channel first, 0–255: [3 × 64 × 64] for the land-cover network. */
  readonly pixels: Uint8Array;
  /** What the model said of it, by class. */
  readonly probabilities: Float32Array;
}

/** A tile that was just classified; it has no id before it is kept. */
export interface Specimen extends Omit<KeptTile, 'id'> {
  /** Heading of its up edge, degrees clockwise from north, and ground sample distance; 0 where the place is not known. */
  readonly headingDeg: number;
  readonly gsdM: number;
}

/** Tiles that were just classified, by a model and its version. The pixels belong to the receiver. */
export const Specimens = port('Specimens', {
  model: string(40),
  version: string(20),
  tiles: reference<readonly Specimen[]>('Specimens'),
});

/** The tile of this id; undefined when the board does not keep it, or no longer. */
export const TileFetch = port(
  'TileFetch',
  { tile: U32 },
  { returns: reference<KeptTile | undefined>('KeptTile') },
);
