/** One task of training as it is kept over boots, and its checkpoint. */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { TuningState } from '../../../fsw/learning';
import { decodeCbor, encodeCbor } from '../../../fsw/models';
import { list, Malformed, member, whole } from '../../../fsw/models/fields';
import type { TrainTask } from '../ports';

/** How far a task has come; kept with each checkpoint. */
export interface Progress {
  /** `running` goes on after a boot; `stopped` when the same task is given again; `done` may be adopted. */
  readonly standing: 'running' | 'stopped' | 'done' | 'aborted';
  /** Who wants it: an order is answered by its ticket, which a boot ends; so it goes on only when it is ordered again. */
  readonly origin: 'command' | 'order';
  readonly energyJ: number;
  /** Mean loss over the last epoch; NaN before. */
  readonly loss: number;
  /** On the reference tiles; NaN when there are none, or not measured yet. */
  readonly accuracyBefore: number;
  readonly accuracyAfter: number;
  readonly rollbacks: number;
}

export interface Checkpoint {
  readonly task: TrainTask;
  /** Names the task: the same one, given again, goes on. */
  readonly id: string;
  readonly progress: Progress;
  readonly state: TuningState;
}

/** 64 hex digits over all that says what is learned from what. */
export function taskId({ initial, ...task }: TrainTask): string {
  const hash = createHash('sha256').update(encodeCbor(task));
  if (initial) hash.update(bytesOf(initial));
  return hash.digest('hex');
}

export function encodeCheckpoint({
  task: { initial, ...task },
  id,
  progress,
  state,
}: Checkpoint): Uint8Array {
  return encodeCbor({
    task,
    id,
    progress,
    step: state.step,
    vectors: [state.parameters, ...state.moments].map(bytesOf),
  });
}

/** The starting vector of a task is not kept: the state has gone on from it. Error: TRAINING_STATE (it is none). */
export function decodeCheckpoint(content: Uint8Array): Result<Checkpoint> {
  try {
    const value = decodeCbor(content);
    const vectors = list(member(value, 'vectors', 'checkpoint'), 'vectors', 4).map((vector, i) =>
      floatsOf(vector, `vectors[${i}]`),
    );
    // What follows was written by this software and is covered by the hash.
    const { task, id, progress } = value as Pick<Checkpoint, 'task' | 'id' | 'progress'>;
    const step = whole(member(value, 'step', 'checkpoint'), 'step', { max: 2 ** 32 });
    return succeed({
      task,
      id,
      progress,
      state: { parameters: vectors[0], moments: vectors.slice(1), step },
    });
  } catch (error) {
    return fail('TRAINING_STATE', { why: error instanceof Malformed ? error.message : 'no CBOR' });
  }
}

/** Why a task can't be done whatever the board holds, or undefined. */
export function taskFault({ steps, rate, initial, choice }: TrainTask): Result<void> {
  const why = !(Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS)
    ? `${steps} steps, 1 to ${MAX_STEPS} are allowed`
    : !(rate > 0 && rate <= MAX_RATE)
      ? `a rate of ${rate}, up to ${MAX_RATE} is allowed`
      : choice.batch > MAX_BATCH
        ? `a batch of ${choice.batch}, ${MAX_BATCH} the most`
        : undefined;
  if (why !== undefined) return fail('TRAINING_CHOICE', { why });
  const bad = initial?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  return bad < 0 ? succeed(undefined) : fail('TRAINING_VECTOR', { why: `value ${bad} is no number` });
}

const MAX_STEPS = 100_000;
const MAX_RATE = 1;
const MAX_BATCH = 1024;

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

function floatsOf(value: unknown, at: string): Float32Array {
  if (!(value instanceof Uint8Array) || value.length % Float32Array.BYTES_PER_ELEMENT !== 0)
    throw new Malformed(`${at}: no whole floats`);
  return new Float32Array(new Uint8Array(value).buffer);
}
