/**
 * Error feedback: what packing left out of one update goes into the next (F. Seide et al., "1-Bit Stochastic Gradient
 * Descent", 2014; S. P. Karimireddy et al., "Error Feedback Fixes SignSGD", 2019). Nothing of a delta is lost: what was sent,
 * summed, and the residual are the deltas, summed, to the rounding of float32.
 */
import { fail, type Result, succeed } from '../errors';
import { type Coding, type Packed, pack } from './compress';

export interface PackedWithResidual extends Packed {
  /** What is still owed. */
  readonly residual: Float32Array;
}

/** Packs `delta` and what is owed from before. Errors: FED_LAYOUT (other lengths), those of `pack`. */
export function packWithFeedback(
  delta: Float32Array,
  owed: Float32Array,
  coding: Coding,
): Result<PackedWithResidual> {
  if (owed.length !== delta.length)
    return fail('FED_LAYOUT', {
      what: 'the residual',
      found: `${owed.length} values`,
      expected: delta.length,
    });
  const packed = pack(
    delta.map((value, i) => value + owed[i]),
    coding,
  );
  if (!packed.ok) return packed;
  const { values } = packed.value;
  const residual = delta.map((value, i) => value + owed[i] - values[i]);
  return succeed({ ...packed.value, residual });
}

/** The residual after an update that nobody will count (expired, refused): what it sent is owed again. */
export function owedAgain(residual: Float32Array, sent: Float32Array): Float32Array {
  return residual.map((value, i) => value + sent[i]);
}
