/** Labelled examples: what a step takes of them, in which order, packed as the graphs want them. */
import { fail, type Result, succeed } from '../errors';
import { seededRandom } from '../framework/random';
import type { Tensor } from './trainingEngine';

export interface Example {
  /** The model's input of one item, row by row: pixels as they are kept, or numbers. */
  readonly input: Uint8Array | Float32Array;
  /** Share of each class, summing to 1. */
  readonly target: Float32Array;
  /** What it counts for beside the others; 1 is usual. */
  readonly weight: number;
}

/** A target that is one class alone. */
export function oneClass(index: number, classes: number): Float32Array {
  const target = new Float32Array(classes);
  target[index] = 1;
  return target;
}

/** Error: TRAINING_EXAMPLES, with the first that is wrong and why. */
export function checkExamples(
  examples: readonly Example[],
  inputLength: number,
  classes: number,
): Result<void> {
  if (examples.length === 0) return fail('TRAINING_EXAMPLES', { why: 'there are none' });
  for (const [i, { input, target, weight }] of examples.entries()) {
    const sum = target.reduce((total, share) => total + share, 0);
    const why =
      input.length !== inputLength
        ? `an input of ${input.length} values, ${inputLength} expected`
        : input instanceof Float32Array && !input.every(Number.isFinite)
          ? 'an input with a value that is no number'
          : target.length !== classes
            ? `a target of ${target.length} classes, the model has ${classes}`
            : !target.every((share) => share >= 0 && share <= 1) || Math.abs(sum - 1) > 1e-3
              ? 'a target that does not share out 1'
              : !(weight > 0 && Number.isFinite(weight))
                ? `a weight of ${weight}`
                : undefined;
    if (why !== undefined) return fail('TRAINING_EXAMPLES', { why: `number ${i} has ${why}` });
  }
  return succeed(undefined);
}

/**
 * Indices of the examples of update `step` (from 0) out of `count`. Every epoch takes each once, in an order drawn from the
 * seed; its last batch may be shorter. The step alone says which: a session that goes on from a checkpoint takes the same.
 */
export function batchAt(step: number, count: number, batch: number, seed: number): readonly number[] {
  const perEpoch = Math.ceil(count / batch);
  const random = seededRandom(seed, `epoch ${Math.floor(step / perEpoch)}`);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const first = (step % perEpoch) * batch;
  return order.slice(first, first + batch);
}

/** Inputs one after the other; `room` items, those beyond the given ones zero. */
export function packed(
  inputs: readonly (Uint8Array | Float32Array)[],
  room: number,
  dims: readonly number[],
): Tensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(room * length);
  for (const [i, input] of inputs.entries()) data.set(input, i * length);
  return { dims: [room, ...dims], data };
}
