/** What runs training graphs. Every promise is kept: failures are values. */
import type { Result } from '../errors';
import type { Loaded } from '../runtimes/onnx';

export type { Loaded } from '../runtimes/onnx';

/** One float32 tensor. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface TrainingEngine {
  /** False after the engine was lost; `restart` brings it back, without sessions. */
  readonly alive: boolean;
  /**
   * Loads a graph into a session, with the first of `providers` that takes it; `weights` is the file that the graph refers
   * to. The bytes are copied. A session of the same name is replaced. Errors: ENGINE_LOAD, ENGINE_LOST.
   */
  load(
    session: string,
    graph: Uint8Array,
    weights: { readonly name: string; readonly bytes: Uint8Array } | undefined,
    providers: readonly string[],
  ): Promise<Result<Loaded>>;
  /** Every output by name. The same inputs give the same outputs, bit for bit. Errors: ENGINE_RUN, ENGINE_LOST. */
  run(
    session: string,
    inputs: Readonly<Record<string, Tensor>>,
  ): Promise<Result<Readonly<Record<string, Float32Array>>>>;
  /** Errors: ENGINE_RUN (not loaded), ENGINE_LOST. */
  release(session: string): Promise<Result<void>>;
  /** Ends whatever runs (its promise is kept with ENGINE_LOST) and starts afresh, without sessions. */
  restart(): Promise<void>;
  close(): Promise<void>;
}
