/**
 * A training step as ordinary graphs: forward, cross-entropy, gradients, update; all state goes in and out as flat vectors.
 * So the engine that infers also trains, on every provider (DESIGN §6).
 */
import { fail, type Result } from '../errors';
import { forward, laidOut, PARAMETERS, type Parameter } from './forward';
import { differentiate } from './gradients/differentiate';
import { Builder, building, GraphFailure } from './graph/builder';
import type { Graph, GraphValue } from './graph/graph';
import { HYPER, momentsOf, type Optimizer, update } from './optimizer';

export interface TrainingOptions {
  /** Items of a micro-batch; a shorter one is filled up with items of weight 0. */
  readonly batch: number;
  /** Names of the initializers that learn, in the order of the flat vector. */
  readonly trainable: readonly string[];
  /** The output of class probabilities (a Softmax), or of logits. */
  readonly output: string;
  readonly optimizer: Optimizer;
}

export interface TrainingGraphs {
  readonly parameters: readonly Parameter[];
  /** inputs…, `targets`, `weights`, state, hyper → state', `loss`, `norm`, `logits`: one batch, one update. */
  readonly step: Graph;
  /** inputs…, `targets`, `weights`, `parameters`, `gradient` → `gradient'`, `loss`, `logits`: adds a micro-batch's gradient. */
  readonly gradient: Graph;
  /** state, `gradient`, hyper → state', `norm`: the update after the last micro-batch. */
  readonly update: Graph;
  /** inputs…, `parameters` → `logits`: what a micro-batch is answered with. */
  readonly answer: Graph;
}

/** Names of the inputs and outputs of a step. */
export const STEP = { targets: 'targets', weights: 'weights', gradient: 'gradient' } as const;

/**
 * Graphs that train `trainable`. `targets` are class weights of each item, [batch, classes], summing to 1 (soft labels are
 * welcome); `weights` [batch, 1] what each item counts for, summing to 1 over all micro-batches of a step; loss = −Σ w Σ t log p.
 * Errors: GRAPH_OPERATOR, GRADIENT_OPERATOR (an operator without a rule, by name), GRAPH_SHAPE, TRAINING_PARAMETER, TRAINING_OUTPUT.
 */
export function trainingGraphs(graph: Graph, options: TrainingOptions): Result<TrainingGraphs> {
  return building(() => {
    const parameters = laidOut(options.trainable.map((name) => ({ name, dims: dimsOf(graph, name) })));
    const total = parameters.reduce((sum, { length }) => sum + length, 0);
    return {
      parameters,
      step: stepGraph(graph, options, parameters, total),
      gradient: gradientGraph(graph, options, parameters, total),
      update: updateGraph(options.optimizer, total),
      answer: answerGraph(graph, options, parameters, total),
    };
  });
}

function stepGraph(
  graph: Graph,
  options: TrainingOptions,
  parameters: readonly Parameter[],
  total: number,
): Graph {
  const b = new Builder(unusedPrefix(graph));
  const { gradient, loss, logits } = backward(b, graph, options, parameters);
  const inputs = stateInputs(b, options.optimizer, total);
  const { state, norm } = update(b, options.optimizer, gradient);
  return b.graph([...dataInputs(b, graph), ...inputs], [...state, loss, norm, logits]);
}

function gradientGraph(
  graph: Graph,
  options: TrainingOptions,
  parameters: readonly Parameter[],
  total: number,
): Graph {
  const b = new Builder(unusedPrefix(graph));
  const { gradient, loss, logits } = backward(b, graph, options, parameters);
  b.input(STEP.gradient, [total]);
  const sum = b.op('Add', [STEP.gradient, gradient]);
  return b.graph(
    [...dataInputs(b, graph), vector(PARAMETERS, total), vector(STEP.gradient, total)],
    [sum, loss, logits],
  );
}

function updateGraph(optimizer: Optimizer, total: number): Graph {
  const b = new Builder();
  const inputs = stateInputs(b, optimizer, total);
  b.input(PARAMETERS, [total]);
  b.input(STEP.gradient, [total]);
  const { state, norm } = update(b, optimizer, STEP.gradient);
  return b.graph([...inputs, vector(STEP.gradient, total)], [...state, norm]);
}

function answerGraph(
  graph: Graph,
  { batch, output }: TrainingOptions,
  parameters: readonly Parameter[],
  total: number,
): Graph {
  const b = new Builder();
  forward(b, graph, batch, parameters);
  const inputs = graph.inputs.map(({ name }) => floatsOf(name, b.shape(name)));
  return b.graph([...inputs, vector(PARAMETERS, total)], [logitsOf(graph, output)]);
}

/** Forward, loss, and the flat gradient. */
function backward(b: Builder, graph: Graph, options: TrainingOptions, parameters: readonly Parameter[]) {
  const nodes = forward(b, graph, options.batch, parameters);
  const logits = logitsOf(graph, options.output);
  const [batch, classes] = b.shape(logits);
  b.input(STEP.targets, [batch, classes]);
  b.input(STEP.weights, [batch, 1]);
  const likelihood = b.op('LogSoftmax', [logits], { axis: -1 });
  const weighed = b.op('Mul', [STEP.targets, STEP.weights]);
  const loss = b.op('Neg', [b.sum(b.op('Mul', [weighed, likelihood]), [0, 1], 0)]);
  const seed = b.op('Mul', [b.op('Sub', [b.op('Exp', [likelihood]), STEP.targets]), STEP.weights]);
  const gradients = differentiate(b, nodes, new Map([[logits, seed]]), new Set(options.trainable));
  const flat = parameters.map(({ name, length }) => {
    const gradient = gradients.get(name);
    if (gradient === undefined)
      throw new GraphFailure(fail('TRAINING_PARAMETER', { name, why: 'the output does not depend on it' }));
    return b.reshape(gradient, [length]);
  });
  return { gradient: flat.length === 1 ? flat[0] : b.op('Concat', flat, { axis: 0 }), loss, logits };
}

/** The graph may come out of a builder itself. */
function unusedPrefix({ nodes, initializers }: Graph): string {
  const names = [...initializers.keys(), ...nodes.flatMap(({ outputs }) => outputs)];
  let prefix = 'p_';
  while (names.some((name) => name.startsWith(prefix))) prefix = `p${prefix}`;
  return prefix;
}

/** What goes into the last softmax: from there the gradient is p − t, without a division. Throws GraphFailure: TRAINING_OUTPUT. */
export function logitsOf({ nodes, outputs }: Graph, output: string): string {
  if (!outputs.some(({ name }) => name === output))
    throw new GraphFailure(
      fail('TRAINING_OUTPUT', { output, known: outputs.map(({ name }) => name).join(', ') }),
    );
  const last = nodes.find((node) => node.outputs.includes(output));
  return last?.op === 'Softmax' ? last.inputs[0] : output;
}

function dimsOf({ initializers }: Graph, name: string): readonly number[] {
  const found = initializers.get(name);
  if (found?.type === 'float32') return found.dims;
  throw new GraphFailure(
    fail('TRAINING_PARAMETER', { name, why: 'the graph has no float32 weights of that name' }),
  );
}

function dataInputs(b: Builder, graph: Graph): GraphValue[] {
  const names = [...graph.inputs.map(({ name }) => name), STEP.targets, STEP.weights];
  return names.map((name) => floatsOf(name, b.shape(name)));
}

function stateInputs(b: Builder, optimizer: Optimizer, total: number): GraphValue[] {
  const vectors = [PARAMETERS, ...momentsOf(optimizer), HYPER.decay].map((name) => vector(name, total));
  const used = [
    HYPER.rate,
    HYPER.clip,
    ...(optimizer.kind === 'adamw' ? [HYPER.correction1, HYPER.correction2] : []),
  ];
  const scalars = used.map((name) => floatsOf(name, []));
  for (const { name } of vectors) b.input(name, [total]);
  for (const { name } of scalars) b.input(name, []);
  return [...vectors, ...scalars];
}

function vector(name: string, length: number): GraphValue {
  return floatsOf(name, [length]);
}

function floatsOf(name: string, shape: readonly number[]): GraphValue {
  return { name, type: 'float32', shape };
}
