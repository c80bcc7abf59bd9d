/** What runs models for Inference. Every promise is kept: failures are values. */
import type { Result } from '../../../fsw/errors';
import type { Loaded } from '../../../fsw/runtimes/onnx';
import type { StoredModel } from '../ports';

export type { Loaded } from '../../../fsw/runtimes/onnx';

/** Each output of a model by name. */
export type Outputs = Readonly<Record<string, Float32Array>>;

/**
 * Holds sessions, each a model with a copy of its weights of its own. They are known by a name that the caller
 * gives: one model may have several, which share nothing that radiation could hit twice.
 */
export interface Engine {
  /** False after the engine was lost; `restart` brings it back, without sessions. */
  readonly alive: boolean;
  /**
   * Loads a model into a session, with the first of `providers` that takes it. The bytes are copied before this
   * returns its promise. A session of the same name keeps running until the new one is there, and is then released.
   * Errors: ENGINE_LOAD, MODEL_SHAPE (the graph's inputs or outputs are not those of the manifest), ENGINE_LOST.
   */
  load(session: string, model: StoredModel, providers: readonly string[]): Promise<Result<Loaded>>;
  /** Runs `count` items. The same input gives the same output, bit for bit. Errors: ENGINE_RUN, ENGINE_LOST. */
  run(session: string, count: number, input: Float32Array): Promise<Result<Outputs>>;
  /** Errors: ENGINE_RUN (not loaded), ENGINE_LOST. */
  release(session: string): Promise<Result<void>>;
  /** Ends whatever runs (its promise is kept with ENGINE_LOST) and starts afresh, without sessions. */
  restart(): Promise<void>;
  close(): Promise<void>;
}
