/** A plan for tuning a model: what learns, where it lies in the flat vector, the graphs that train it, and the way back into the weights. */
import { fail, type Result, succeed } from '../errors';
import { seededRandom } from '../framework/random';
import type { LowRank } from '../models';
import { type Adapter, adapted, mergeAdapter } from './adapters';
import type { Parameter } from './forward';
import { building, GraphFailure } from './graph/builder';
import { readGraph, writeGraph } from './graph/codec';
import type { Graph, GraphValue } from './graph/graph';
import type { Optimizer } from './optimizer';
import { partsOf, restFrom, trunkTo } from './parts';
import { type TrainingGraphs, trainingGraphs } from './trainingGraph';

export interface TuningChoice {
  /**
   * The last product alone; the layer that meets the input alone, which is what a camera that drifted asks for; both; low-rank
   * adapters beside every other matrix, and the head; every weight.
   */
  readonly what: 'head' | 'first' | 'ends' | 'lora' | 'all';
  /** Of the adapters; 8 if not said. */
  readonly rank?: number;
  /** Scale of the adapters is alpha / rank; twice the rank if not said. */
  readonly alpha?: number;
  /** Examples of one update. */
  readonly batch: number;
  /** The most examples that one run holds in memory; a larger batch is added up in parts. `batch` if not said. */
  readonly microBatch?: number;
  readonly optimizer: Optimizer;
  /** `cached`, with the head alone: the frozen trunk answers each example once, and steps are over its features. */
  readonly features?: 'cached';
}

/** A model as its two files. */
export interface TunedModel {
  /** ONNX; refers into `weights` under the name `weightsName`. */
  readonly graph: Uint8Array;
  /** safetensors, float32. */
  readonly weights: Uint8Array;
  readonly weightsName: string;
  /** The output of class probabilities (a Softmax), or of logits. */
  readonly output: string;
}

export interface TuningPlan {
  readonly choice: TuningChoice;
  /** Names, dims and order of the flat vector; adapters are `<matrix>.lora_a` and `<matrix>.lora_b`. */
  readonly parameters: readonly Parameter[];
  /** The flat vector before anything was learned; the same for everyone with the same model and choice. */
  readonly initial: Float32Array;
  /** The model's input, [one example]. */
  readonly input: { readonly name: string; readonly dims: readonly number[] };
  /** What the steps take: the model's input, or the features. */
  readonly stepInput: { readonly name: string; readonly dims: readonly number[] };
  readonly classes: number;
  /** Examples of one run: what the graphs below are made for. */
  readonly microBatch: number;
  /** ONNX files that refer into the weights as the inference graph does; inputs and outputs as in `TrainingGraphs`. */
  readonly step: Uint8Array;
  readonly gradient: Uint8Array;
  readonly update: Uint8Array;
  readonly answer: Uint8Array;
  /** Names of the outputs, in the order of `TrainingGraphs`. */
  readonly outputs: { readonly [graph in 'step' | 'gradient' | 'update' | 'answer']: readonly string[] };
  /** The frozen trunk, [microBatch, …input] → [microBatch, features]; with cached features only. */
  readonly features?: Uint8Array;
  /**
   * The whole weights file with what was learned in place, adapters merged: the same bytes on every computer.
   * Errors: TRAINING_VECTOR (another length, or a value that is no number).
   */
  merged(parameters: Float32Array): Result<Uint8Array>;
  /** The adapters' products, as a delta takes them. */
  products(parameters: Float32Array): readonly LowRank[];
}

/** A plan without its functions: what goes from process to process, and all that training needs. */
export type PlanData = Omit<TuningPlan, 'merged' | 'products'>;

/**
 * Pure. Errors: TRAINING_CHOICE (rank, batch or features that make no sense), GRAPH_FILE, GRAPH_OPERATOR, GRAPH_SHAPE,
 * GRADIENT_OPERATOR (an operator without a rule, by name), TRAINING_OUTPUT, TRAINING_PARAMETER (weights that are no float32, or
 * lie outside of the file).
 */
export function planTuning(model: TunedModel, choice: TuningChoice): Result<TuningPlan> {
  const why = choiceFault(choice);
  if (why !== undefined) return fail('TRAINING_CHOICE', { why });
  const read = readGraph(model.graph);
  if (!read.ok) return read;
  const plan = building(() => planned(read.value, model, choice));
  return plan.ok ? plan.value : plan;
}

function choiceFault({ what, rank = 8, batch, microBatch = batch, features }: TuningChoice) {
  if (features !== undefined && what !== 'head') return 'features are cached where the head alone learns';
  const whole = Object.entries({ rank, batch, microBatch }).find(
    ([, value]) => !Number.isInteger(value) || value < 1,
  );
  return whole && `${whole[0]} ${whole[1]} is no whole number from 1`;
}

function planned(graph: Graph, model: TunedModel, choice: TuningChoice): Result<TuningPlan> {
  const parts = partsOf(graph, model.output);
  const rank = choice.rank ?? 8;
  const alpha = choice.alpha ?? 2 * rank;
  const lora = choice.what === 'lora' ? adapted(graph, { weights: parts.matrices, rank, alpha }) : undefined;
  const adapters = lora?.adapters ?? [];
  const trainable = {
    head: parts.head,
    first: parts.first,
    ends: [...parts.first, ...parts.head],
    lora: [...adapters.flatMap(({ a, b }) => [a, b]), ...parts.head],
    all: parts.weights,
  }[choice.what];
  const microBatch = Math.min(choice.batch, choice.microBatch ?? choice.batch);
  const cached = choice.features === 'cached';
  const width = cached ? featureWidth(graph, parts.head[0], parts.features) : 0;
  const whole = lora?.graph ?? graph;
  const trained = cached ? restFrom(whole, parts.features, model.output, ['N', width]) : whole;
  const built = trainingGraphs(trained, {
    batch: microBatch,
    trainable,
    output: model.output,
    optimizer: choice.optimizer,
  });
  if (!built.ok) return built;
  const { parameters } = built.value;
  const [input] = graph.inputs;
  const logits = built.value.answer.outputs[0].shape;
  return succeed({
    choice,
    parameters,
    initial: initialOf(graph, model, parameters),
    input: exampleOf(input),
    stepInput: exampleOf(trained.inputs[0]),
    classes: Number(logits[1]),
    microBatch,
    ...written(built.value),
    ...(cached && {
      features: writeGraph(fixed(trunkTo(graph, parts.features, [microBatch, width]), microBatch)),
    }),
    merged: (learned) => merged({ graph, model, parameters, adapters, scale: alpha / rank }, learned),
    products: (learned) =>
      adapters.map(({ weight, a, b, turned }) => {
        const part = (name: string) => partOf(learned, parameters, name);
        return { tensor: weight, a: part(a), b: part(b), rank, scale: alpha / rank, turned };
      }),
  });
}

function written({ step, gradient, update, answer }: TrainingGraphs) {
  const graphs = { step, gradient, update, answer };
  const names = ({ outputs }: Graph) => outputs.map(({ name }) => name);
  return {
    step: writeGraph(step),
    gradient: writeGraph(gradient),
    update: writeGraph(update),
    answer: writeGraph(answer),
    outputs: {
      step: names(graphs.step),
      gradient: names(graphs.gradient),
      update: names(graphs.update),
      answer: names(graphs.answer),
    },
  };
}

function exampleOf({ name, shape }: GraphValue) {
  return { name, dims: shape.slice(1).map(Number) };
}

function fixed(graph: Graph, batch: number): Graph {
  const inputs = graph.inputs.map((input) => ({ ...input, shape: [batch, ...input.shape.slice(1)] }));
  return { ...graph, inputs };
}

/** Features of one example: the side of the head's matrix that meets them. */
function featureWidth({ nodes, initializers }: Graph, matrix: string, features: string): number {
  const product = nodes.find(({ inputs }) => inputs[0] === features && inputs[1] === matrix);
  return initializers.get(matrix)?.dims[product?.attributes.transB === 1 ? 1 : 0] ?? 0;
}

/** What the weights file says; an adapter starts with A at random, as peft does (uniform, ± 1/√inputs), and B zero. */
function initialOf(graph: Graph, model: TunedModel, parameters: readonly Parameter[]): Float32Array {
  const last = parameters[parameters.length - 1];
  const flat = new Float32Array(last.offset + last.length);
  for (const { name, dims, offset, length } of parameters) {
    const part = flat.subarray(offset, offset + length);
    if (name.endsWith('.lora_a')) {
      const random = seededRandom(0, name);
      const bound = 1 / Math.sqrt(dims[0]);
      for (let i = 0; i < length; i++) part[i] = (2 * random.next() - 1) * bound;
    } else if (!name.endsWith('.lora_b')) part.set(weightsOf(graph, model, model.weights, name));
  }
  return flat;
}

/** A tensor of the weights file, copied: it may lie at any byte. */
function weightsOf(graph: Graph, { weightsName }: TunedModel, file: Uint8Array, name: string): Float32Array {
  const external = graph.initializers.get(name)?.external;
  const refuse = (why: string) => new GraphFailure(fail('TRAINING_PARAMETER', { name, why }));
  if (external === undefined) throw refuse('its values lie in the graph, not in the weights file');
  const { location, offset, length } = external;
  if (location !== weightsName) throw refuse(`it lies in ${location}, not in ${weightsName}`);
  if (offset + length > file.length) throw refuse(`the weights file ends at byte ${file.length} before it`);
  const copy = new Uint8Array(length);
  copy.set(file.subarray(offset, offset + length));
  return new Float32Array(copy.buffer);
}

function partOf(flat: Float32Array, parameters: readonly Parameter[], name: string): Float32Array {
  const { offset = 0, length = 0 } = parameters.find((one) => one.name === name) ?? {};
  return flat.slice(offset, offset + length);
}

interface Merging {
  readonly graph: Graph;
  readonly model: TunedModel;
  readonly parameters: readonly Parameter[];
  readonly adapters: readonly Adapter[];
  readonly scale: number;
}

function merged(
  { graph, model, parameters, adapters, scale }: Merging,
  learned: Float32Array,
): Result<Uint8Array> {
  const last = parameters[parameters.length - 1];
  const expected = last.offset + last.length;
  const why =
    learned.length !== expected
      ? `${learned.length} values, ${expected} expected`
      : learned.every(Number.isFinite)
        ? undefined
        : `value ${learned.findIndex((value) => !Number.isFinite(value))} is no number`;
  if (why !== undefined) return fail('TRAINING_VECTOR', { why });
  const file = new Uint8Array(model.weights);
  const put = (name: string, values: Float32Array) =>
    file.set(new Uint8Array(values.buffer), graph.initializers.get(name)?.external?.offset ?? 0);
  const values = new Map(
    parameters.map(({ name, offset, length }) => [name, learned.slice(offset, offset + length)]),
  );
  for (const adapter of adapters) {
    const [a, b] = [values.get(adapter.a), values.get(adapter.b)];
    if (a === undefined || b === undefined) continue;
    const weight = weightsOf(graph, model, file, adapter.weight);
    mergeAdapter(weight, adapter, a, b, scale);
    put(adapter.weight, weight);
    values.delete(adapter.a);
    values.delete(adapter.b);
  }
  for (const [name, value] of values) put(name, value);
  return succeed(file);
}
