/** The ports between learning components: tiles that were seen, orders to train, what came of them. */
import { enumeration, port, reference, string, U32 } from '../../fsw/framework';
import type { Parameter, TuningChoice } from '../../fsw/learning';

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

/** One task of training. */
export interface TrainTask {
  readonly model: string;
  /** SHA-256 of the weights file that it starts from, 64 hex digits: with other weights on board it is refused. */
  readonly base: string;
  readonly choice: TuningChoice;
  /** The flat vector to start with; the model's own if absent. */
  readonly initial?: Float32Array;
  readonly steps: number;
  readonly rate: number;
  /** Of the order of the tiles. */
  readonly seed: number;
  /** Labelled tiles to take; all if absent. */
  readonly only?: readonly number[];
}
/** Orders training; answered by one `TrainDone` with the same ticket. */
export const TrainOrder = port('TrainOrder', { ticket: U32, order: reference<TrainTask>('TrainTask') });

export const TrainStatus = enumeration('Learning.TrainStatus', {
  DONE: 0,
  /** Other work is under way, or there is no budget now: ask again. */
  BUSY: 1,
  /** The order can't be done as it is: another model or base, no labelled tiles. */
  REFUSED: 2,
  /** Aborted, out of budget, or the numbers went wrong. */
  FAILED: 3,
});

/** What training came to. */
export interface Trained {
  /** Names and dims of the flat vector, as the plan has them; absent: the trainer has none. */
  readonly layout?: readonly Pick<Parameter, 'name' | 'dims'>[];
  /** The flat vector that it started with: the order's, or the model's own. */
  readonly initial: Float32Array;
  readonly parameters: Float32Array;
  /** Labelled tiles that it learned from. */
  readonly examples: number;
  /** Mean over the last epoch. */
  readonly loss: number;
  /** On the reference tiles; NaN when there are none. */
  readonly accuracyBefore: number;
  readonly accuracyAfter: number;
}
/** `result` is there when the status is DONE; else `reason` says why not. */
export const TrainDone = port('TrainDone', {
  ticket: U32,
  status: TrainStatus,
  reason: string(160),
  result: reference<Trained | undefined>('Trained'),
});

/** A message that came from another spacecraft in view; `from` is what the link says. */
export const NeighbourMessage = port('NeighbourMessage', {
  from: string(40),
  bytes: reference<Uint8Array>('Bytes'),
});
