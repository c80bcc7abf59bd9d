/** Tuning under way: a plan, an engine and the state between two steps. A step is whole or has not happened. */
import { type Failed, fail, type Result, succeed } from '../errors';
import { crossEntropy, isRight, rightOf, totalWeight } from './answers';
import { batchAt, checkExamples, type Example, packed } from './examples';
import { momentsOf } from './optimizer';
import { type Part, parametersOnly, stateInputs, vector } from './stepInputs';
import type { Tensor, TrainingEngine } from './trainingEngine';
import { STEP } from './trainingGraph';
import type { PlanData } from './tuning';

export interface TuningSettings {
  /** Learning rate of the first steps. */
  readonly rate: number;
  /** Weight decay of matrices; nothing else decays. */
  readonly decay: number;
  /** Largest norm of the gradient; more is scaled down. */
  readonly clip: number;
  /** Of the order of the examples. */
  readonly seed: number;
  /** With it, the rate falls along half a cosine from the first step to zero after this many. */
  readonly steps?: number;
}

/** What there is between two steps. */
export interface TuningState {
  readonly parameters: Float32Array;
  /** As `momentsOf` the optimizer says; each as long as the parameters. */
  readonly moments: readonly Float32Array[];
  /** Steps taken. */
  readonly step: number;
}

export interface StepReport {
  /** Counts from 1. */
  readonly step: number;
  /** Of the batch, before the update. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of the gradient, before it was clipped. */
  readonly norm: number;
  readonly examples: number;
}

/** Mean cross-entropy and share of right answers, by the weights of the examples. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

interface SessionOptions {
  readonly plan: PlanData;
  readonly engine: TrainingEngine;
  readonly weights: { readonly name: string; readonly bytes: Uint8Array };
  readonly providers: readonly string[];
  readonly settings: TuningSettings;
  /** Prefix of the engine's sessions: one engine may serve several of these. */
  readonly name: string;
}

type Inputs = Record<string, Tensor>;
type Outputs = Readonly<Record<string, Float32Array>>;

export class TuningSession {
  private state: TuningState;
  private examples: readonly Example[] = [];
  private readonly decay: Float32Array;
  private readonly cached = new WeakMap<Example, Float32Array>();
  private readonly loaded = new Set<Part>();
  /** What each part did last. */
  private readonly last = new Map<
    Part,
    { readonly inputs: Inputs; readonly outputs: readonly Float32Array[] }
  >();

  constructor(private readonly options: SessionOptions) {
    const { plan, settings } = options;
    this.state = {
      parameters: plan.initial.slice(),
      moments: momentsOf(plan.choice.optimizer).map(() => new Float32Array(plan.initial.length)),
      step: 0,
    };
    this.decay = new Float32Array(plan.initial.length);
    for (const { dims, offset, length } of plan.parameters)
      if (dims.length > 1) this.decay.fill(settings.decay, offset, offset + length);
  }

  /** A copy: later steps don't change it. */
  snapshot(): TuningState {
    const { parameters, moments, step } = this.state;
    return { parameters: parameters.slice(), moments: moments.map((moment) => moment.slice()), step };
  }

  /** The state itself, for guards that look at it between steps. */
  get live(): TuningState {
    return this.state;
  }

  /** Goes on from there; copied. Error: TRAINING_VECTOR (other lengths; nothing changed). */
  restore({ parameters, moments, step }: TuningState): Result<void> {
    const { length } = this.state.parameters;
    const lengths = [parameters, ...moments].map((vector) => vector.length);
    if (moments.length !== this.state.moments.length || lengths.some((own) => own !== length))
      return fail('TRAINING_VECTOR', {
        why: `vectors of ${lengths.join(', ')} values, ${1 + this.state.moments.length} of ${length} expected`,
      });
    this.state = { parameters: parameters.slice(), moments: moments.map((moment) => moment.slice()), step };
    return succeed(undefined);
  }

  /** What the next steps learn from. Error: TRAINING_EXAMPLES (nothing changed). */
  learn(examples: readonly Example[]): Result<void> {
    const checked = this.checked(examples);
    if (checked.ok) this.examples = examples;
    return checked;
  }

  /** One update. When it fails, nothing has changed. Errors: TRAINING_EXAMPLES (none given), ENGINE_LOAD, ENGINE_RUN, ENGINE_LOST. */
  async step(): Promise<Result<StepReport>> {
    const { plan, settings } = this.options;
    const { step } = this.state;
    if (this.examples.length === 0) return fail('TRAINING_EXAMPLES', { why: 'there are none' });
    const indices = batchAt(step, this.examples.length, plan.choice.batch, settings.seed);
    const batch = indices.map((index) => this.examples[index]);
    const done = batch.length > plan.microBatch ? await this.inParts(batch) : await this.atOnce(batch);
    if (!done.ok) return done;
    const { state, loss, norm, right } = done.value;
    this.state = { parameters: state[0], moments: state.slice(1), step: step + 1 };
    const accuracy = right / batch.length;
    return succeed({ step: step + 1, loss, norm, accuracy, examples: batch.length });
  }

  /** How the parameters as they are answer these. Errors as `step`. */
  async score(examples: readonly Example[]): Promise<Result<Score>> {
    const checked = this.checked(examples);
    if (!checked.ok) return checked;
    const { microBatch, classes } = this.options.plan;
    const sum = { loss: 0, accuracy: 0, weight: 0 };
    for (let first = 0; first < examples.length; first += microBatch) {
      const some = examples.slice(first, first + microBatch);
      const input = await this.inputOf(some);
      if (!input.ok) return input;
      const run = await this.run('answer', { ...input.value, ...parametersOnly(this.state) });
      if (!run.ok) return run;
      const [logits] = run.value;
      for (const [i, { target, weight }] of some.entries()) {
        sum.loss += weight * crossEntropy(logits.subarray(i * classes, (i + 1) * classes), target);
        sum.accuracy += weight * Number(isRight(logits, i, target));
        sum.weight += weight;
      }
    }
    return succeed({ loss: sum.loss / sum.weight, accuracy: sum.accuracy / sum.weight });
  }

  /**
   * Proves what was computed: each part is loaded anew and does its last work again, which must give the same bits. A copy of
   * the weights that has changed in the engine stays changed until then, so it shows. The state is not touched. Errors:
   * ENGINE_SUSPECT, and those of `step`.
   */
  async prove(): Promise<Result<void>> {
    for (const [part, { inputs, outputs }] of [...this.last]) {
      this.loaded.delete(part);
      const run = await this.run(part, inputs);
      if (!run.ok) return run;
      if (!sameBits(run.value, outputs))
        return fail('ENGINE_SUSPECT', {
          model: this.nameOf(part),
          reason: 'its last work gives other bits when it is loaded anew',
        });
    }
    return succeed(undefined);
  }

  /** Releases what the engine holds. */
  async close(): Promise<void> {
    for (const part of this.loaded) await this.options.engine.release(this.nameOf(part));
    this.loaded.clear();
    this.last.clear();
  }

  private checked(examples: readonly Example[]): Result<void> {
    const { input, classes } = this.options.plan;
    return checkExamples(
      examples,
      input.dims.reduce((product, dim) => product * dim, 1),
      classes,
    );
  }

  private async atOnce(batch: readonly Example[]): Promise<Result<Done>> {
    const data = await this.dataOf(batch, totalWeight(batch));
    if (!data.ok) return data;
    const run = await this.run('step', { ...data.value, ...this.stateInputs() });
    if (!run.ok) return run;
    const state = run.value.slice(0, 1 + this.state.moments.length);
    const [loss, norm, logits] = run.value.slice(state.length);
    return succeed({ state, loss: loss[0], norm: norm[0], right: rightOf(logits, batch) });
  }

  /** Gradients of parts of the batch, added up; then one update: the same step in less memory. */
  private async inParts(batch: readonly Example[]): Promise<Result<Done>> {
    const { microBatch } = this.options.plan;
    const total = totalWeight(batch);
    let gradient = vector(new Float32Array(this.state.parameters.length));
    const sum = { loss: 0, right: 0 };
    for (let first = 0; first < batch.length; first += microBatch) {
      const some = batch.slice(first, first + microBatch);
      const data = await this.dataOf(some, total);
      if (!data.ok) return data;
      const inputs = { ...data.value, ...parametersOnly(this.state), [STEP.gradient]: gradient };
      const run = await this.run('gradient', inputs);
      if (!run.ok) return run;
      const [added, loss, logits] = run.value;
      gradient = vector(added);
      sum.loss += loss[0];
      sum.right += rightOf(logits, some);
    }
    const run = await this.run('update', { ...this.stateInputs(), [STEP.gradient]: gradient });
    if (!run.ok) return run;
    const state = run.value.slice(0, 1 + this.state.moments.length);
    return succeed({ state, norm: run.value[state.length][0], ...sum });
  }

  private async dataOf(batch: readonly Example[], total: number): Promise<Result<Record<string, Tensor>>> {
    const { microBatch, classes } = this.options.plan;
    const input = await this.inputOf(batch);
    if (!input.ok) return input;
    const targets = batch.map(({ target }) => target);
    const weights = batch.map(({ weight }) => Float32Array.of(weight / total));
    return succeed({
      ...input.value,
      [STEP.targets]: packed(targets, microBatch, [classes]),
      [STEP.weights]: packed(weights, microBatch, [1]),
    });
  }

  private async inputOf(batch: readonly Example[]): Promise<Result<Record<string, Tensor>>> {
    const { input, stepInput, microBatch, features } = this.options.plan;
    if (features === undefined) {
      const inputs = batch.map((example) => example.input);
      return succeed({ [input.name]: packed(inputs, microBatch, input.dims) });
    }
    const fresh = batch.filter((example) => !this.cached.has(example));
    if (fresh.length > 0) {
      const inputs = fresh.map((example) => example.input);
      const run = await this.run('features', { [input.name]: packed(inputs, microBatch, input.dims) });
      if (!run.ok) return run;
      const [width] = stepInput.dims;
      for (const [i, example] of fresh.entries())
        this.cached.set(example, run.value[0].slice(i * width, (i + 1) * width));
    }
    const rows = batch.map((example) => this.cached.get(example) ?? new Float32Array(stepInput.dims[0]));
    return succeed({ [stepInput.name]: packed(rows, microBatch, stepInput.dims) });
  }

  private stateInputs(): Record<string, Tensor> {
    const { plan, settings } = this.options;
    return stateInputs(plan.choice.optimizer, settings, this.decay, this.state);
  }

  /** Loads what is asked for the first time; outputs in the order of the graph. */
  private async run(part: Part, inputs: Record<string, Tensor>): Promise<Result<Float32Array[]>> {
    const { engine, plan, weights, providers } = this.options;
    if (!this.loaded.has(part)) {
      const graph = plan[part];
      if (graph === undefined) return noPart(part);
      const loaded = await engine.load(this.nameOf(part), graph, weights, providers);
      if (!loaded.ok) return loaded;
      this.loaded.add(part);
    }
    const run = await engine.run(this.nameOf(part), inputs);
    if (!run.ok) {
      // The engine may have been restarted by someone else: the next step loads anew.
      this.loaded.clear();
      return run;
    }
    const outputs = ordered(run.value, part === 'features' ? [] : plan.outputs[part]);
    this.last.set(part, { inputs, outputs });
    return succeed(outputs);
  }

  private nameOf(part: Part): string {
    return `${this.options.name}.${part}`;
  }
}

interface Done {
  readonly state: Float32Array[];
  readonly loss: number;
  readonly norm: number;
  readonly right: number;
}

function sameBits(one: readonly Float32Array[], other: readonly Float32Array[]): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return one.every((values, i) => bytes(values).equals(bytes(other[i])));
}

function ordered(outputs: Outputs, names: readonly string[]): Float32Array[] {
  return names.length === 0 ? Object.values(outputs) : names.map((name) => outputs[name]);
}

function noPart(part: Part): Failed {
  return fail('ENGINE_RUN', { model: part, reason: 'the plan has no such graph' });
}
