/** What Inference holds between two calls. */
import type { SelfOf } from '../../../fsw/framework';
import type { Engine, Outputs } from './engine';
import type { inferenceModel } from './model';
import type { Shadow } from './shadow';

/** A model that runs. */
export interface LoadedModel {
  readonly name: string;
  readonly version: string;
  /** Values of one item. */
  readonly itemSize: number;
  /** Names of its sessions in the engine: one, or twins. */
  readonly sessions: readonly string[];
  /** Its canary, and the exact outputs that its sessions gave when they were loaded. */
  readonly canary?: { readonly count: number; readonly input: Float32Array; readonly given: Outputs };
  /** The output that has a value for each class, if one has. */
  readonly output: string | undefined;
  readonly classes: readonly string[];
  /** On the reference set when it took over, and when that was last measured, flight time. */
  accuracy: number | undefined;
  measuredUs: number;
  /** When it was loaded or its canary was last good, flight time, and the runs since. */
  provenUs: number;
  runsSince: number;
}

export interface State {
  readonly engine: Engine;
  readonly loaded: Map<string, LoadedModel>;
  readonly reported: Set<string>;
  /** The engine has not answered by a deadline: it must be started afresh. */
  stuck: boolean;
  /** A version that runs beside the one that flies. */
  shadow: Shadow | undefined;
  /** The ticket of an offer that is under trial. */
  trial?: number;
  /** Sessions made in this life: each has a name of its own. */
  sessions: number;
  runs: number;
  errors: number;
  deadlines: number;
  restarts: number;
  canaries: number;
  mismatches: number;
  suspects: number;
  redone: number;
  reloads: number;
}

export type Inference = SelfOf<typeof inferenceModel, State>;
