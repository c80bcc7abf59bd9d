import { fail, type Result } from '../../../fsw/errors';
import type { SelfOf } from '../../../fsw/framework';
import type { Example, PlanData, TuningSession } from '../../../fsw/learning';
import type { FlightEngine } from '../../../fsw/learning/engines/workshop';
import { beforeDeadline } from '../../../fsw/runtimes/deadline';
import type { TrainTask } from '../ports';
import type { GuardedState } from './guardedState';
import type { Book } from './labelBook';
import type { fineTunerModel } from './model';
import type { Progress } from './task';

/** A task under way. */
export interface Job {
  /** Counts jobs since boot. */
  readonly number: number;
  readonly task: TrainTask;
  readonly id: string;
  readonly origin: Progress['origin'];
  /** Of the order that is answered in the end. */
  readonly ticket: number | undefined;
  readonly plan: PlanData;
  readonly session: TuningSession;
  readonly guarded: GuardedState;
  readonly examples: readonly Example[];
  readonly reference: readonly Example[];
  /** Length of the parameters that it began with. */
  readonly startLength: number;
  phase: 'before' | 'train' | 'after';
  /** Reference tiles scored so far, and the sums over them. */
  scored: { count: number; loss: number; accuracy: number; weight: number };
  step: number;
  /** Losses of the last epoch. */
  losses: number[];
  energyJ: number;
  accuracyBefore: number;
  accuracyAfter: number;
  rollbacks: number;
  paused: boolean;
  /** Why it waits; empty when it does not. */
  waits: string;
  /** The step of the newest checkpoint; −1 when there is none. */
  kept: number;
  /** The next piece of work is in the queue, or under way. */
  pending: boolean;
}

export interface State {
  readonly engine: FlightEngine;
  job: Job | undefined;
  jobs: number;
  book: Book;
  /** Sequence of the newest checkpoint. */
  sequence: number;
  /** What was said of damaged checkpoints. */
  readonly damage: Set<string>;
  /** Above the limit of temperature, or not yet cool enough. */
  hot: boolean;
  rollbacks: number;
  checkpoints: number;
  refused: number;
}

export type FineTuner = SelfOf<typeof fineTunerModel, State>;

export function labelsPath({ config }: FineTuner): string {
  return `${config.folder}/labels`;
}

export function checkpointPath({ config }: FineTuner): string {
  return `${config.folder}/checkpoint`;
}

/** Where a delta of this serial is put. */
export function deltaPath({ config }: FineTuner, serial: number): string {
  return `${config.folder}/${config.model}-${serial}.delta`;
}

/** `code: text`, as answers to commands say it. */
export function said(result: Result<unknown>): string {
  return result.ok ? '' : `${result.error.code}: ${result.error.text}`;
}

/** Work of the engine: its declared flight time in simulation. Error ENGINE_DEADLINE when it is late. */
export async function inTime<T>(
  { clock, config: { deadlineUs, model } }: FineTuner,
  work: Promise<Result<T>>,
  costUs: number,
): Promise<Result<T>> {
  const done = await beforeDeadline(clock, deadlineUs, work, costUs);
  return done ?? fail('ENGINE_DEADLINE', { model, deadlineUs });
}

export function providersOf({ config }: FineTuner): readonly string[] {
  return config.providers.split(',').map((name) => name.trim());
}
