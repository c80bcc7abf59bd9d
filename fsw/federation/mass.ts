/**
 * What a node has of a mean by weight: a vector and how much it counts. Averages are made by moving mass (weight, and weight
 * times vector), as in push-sum (D. Kempe, A. Dobra and J. Gehrke, "Gossip-Based Computation of Aggregate Information", 2003):
 * what is moved and not lost leaves the mean of all as it is.
 */

import { type Result, succeed } from '../errors';
import { type Coding, pack } from './compress';

export interface Mass {
  /** Parameters less the start that all agree on. */
  readonly delta: Float32Array;
  readonly weight: number;
}

export function together(a: Mass, b: Mass): Mass {
  const weight = a.weight + b.weight;
  if (weight === 0) return a;
  const [left, right] = [a.weight / weight, b.weight / weight];
  return { weight, delta: a.delta.map((value, i) => left * value + right * b.delta[i]) };
}

export interface Halves {
  readonly kept: Mass;
  /** Exactly what its receiver will read. */
  readonly given: Mass;
  /** `given.delta` on the link. */
  readonly packed: Uint8Array;
}

/** Half of the weight goes, packed; what packing leaves out stays: together they are what there was. Errors: those of `pack`. */
export function halved({ delta, weight }: Mass, coding: Coding): Result<Halves> {
  const packed = pack(delta, coding);
  if (!packed.ok) return packed;
  const { bytes, values } = packed.value;
  const half = weight / 2;
  const kept = { weight: weight - half, delta: delta.map((value, i) => 2 * value - values[i]) };
  return succeed({ kept, given: { delta: values, weight: half }, packed: bytes });
}
