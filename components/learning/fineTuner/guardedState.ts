/** The state between two steps, in the board's memory, where radiation hits it: sealed after each step, checked before the next. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Memory } from '../../../fsw/framework';
import type { StepReport, TuningState } from '../../../fsw/learning';
import { ecc } from '../../../native/ecc';

export const STATE_NAME = 'fineTuner state';

export class GuardedState {
  private readonly vectors: readonly Float32Array[];
  private readonly bytes: Uint8Array;
  private crc = 0;
  private step = 0;

  private constructor(buffer: SharedArrayBuffer, count: number, length: number) {
    this.bytes = new Uint8Array(buffer);
    this.vectors = Array.from(
      { length: count },
      (_, i) => new Float32Array(buffer, i * length * Float32Array.BYTES_PER_ELEMENT, length),
    );
  }

  /** Room for parameters and moments of this shape. Errors: MEMORY_EXHAUSTED. */
  static allocate(memory: Memory, { parameters, moments }: TuningState): Result<GuardedState> {
    const [count, { length }] = [1 + moments.length, parameters];
    const allocated = memory.allocate(STATE_NAME, count * length * Float32Array.BYTES_PER_ELEMENT);
    if (!allocated.ok) return allocated;
    return succeed(new GuardedState(allocated.value, count, length));
  }

  /** Copies a state in, and seals it. */
  put({ parameters, moments, step }: TuningState): void {
    for (const [i, vector] of [parameters, ...moments].entries()) this.vectors[i].set(vector);
    this.step = step;
    this.crc = ecc.crc32c(this.bytes);
  }

  /** A copy of the state, as it was put. Error: TRAINING_STATE (a bit has changed). */
  take(): Result<TuningState> {
    // Copied first: what is checked is what is used.
    const copy = new Uint8Array(this.bytes);
    if (ecc.crc32c(copy) !== this.crc)
      return fail('TRAINING_STATE', { why: `it has changed in memory after step ${this.step}` });
    const [first] = this.vectors;
    const vectors = this.vectors.map(
      (_, i) => new Float32Array(copy.buffer, i * first.byteLength, first.length),
    );
    return succeed({ parameters: vectors[0], moments: vectors.slice(1), step: this.step });
  }
}

export interface Bounds {
  readonly maxLoss: number;
  /** Of the gradient before it is clipped. */
  readonly maxNorm: number;
  /** The parameters' length, in lengths of what they began with. */
  readonly maxGrowth: number;
}

/** What a step gave that no healthy one gives: a flipped exponent in weights or activations shows here. Error: TRAINING_BOUNDS. */
export function withinBounds(
  { step, loss, norm }: StepReport,
  { parameters, moments }: TuningState,
  startLength: number,
  { maxLoss, maxNorm, maxGrowth }: Bounds,
): Result<void> {
  const length = lengthOf(parameters);
  const most = maxGrowth * Math.max(1, startLength);
  const why = !(loss <= maxLoss)
    ? `a loss of ${loss}, ${maxLoss} the most`
    : !(norm <= maxNorm)
      ? `a gradient of length ${norm}, ${maxNorm} the most`
      : !(length <= most)
        ? `parameters of length ${length}, ${most} the most`
        : !moments.every((moment) => moment.every(Number.isFinite))
          ? 'a moment that is no number'
          : undefined;
  return why === undefined ? succeed(undefined) : fail('TRAINING_BOUNDS', { step, why });
}

/** NaN and infinity show in it too. */
export function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}
