/** Which parts an inference graph has: its trunk, its head, the matrices inside, and which of its initializers are weights. */
import { fail } from '../errors';
import { GraphFailure } from './graph/builder';
import type { Graph, GraphNode } from './graph/graph';
import { logitsOf } from './trainingGraph';

export interface Parts {
  readonly logits: string;
  /** What goes into the head: [items, features]. */
  readonly features: string;
  /** The last product's matrix and, where there is one, its bias. */
  readonly head: readonly string[];
  /** Weights of the first node that has any, besides what only scales the input. */
  readonly first: readonly string[];
  /** Matrices of the other products, in the order of the graph. */
  readonly matrices: readonly string[];
  /** Every weight that the logits depend on, in the order of the graph; what only scales the input is none. */
  readonly weights: readonly string[];
}

const PRODUCTS: ReadonlySet<string> = new Set(['MatMul', 'Gemm']);
const SCALING: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** `output`: class probabilities or logits. Throws GraphFailure: TRAINING_OUTPUT, TRAINING_PARAMETER (it ends in no product). */
export function partsOf(graph: Graph, output: string): Parts {
  const logits = logitsOf(graph, output);
  const nodes = pathTo(graph, logits);
  const last = productOf(graph, nodes, logits);
  if (last === undefined)
    throw new GraphFailure(
      fail('TRAINING_PARAMETER', { name: output, why: 'it does not come from a product with a matrix' }),
    );
  const scaling = scalingOf(graph, nodes);
  const weights = [...new Set(nodes.flatMap(({ inputs }) => inputs))].filter(
    (name) => graph.initializers.get(name)?.external !== undefined && !scaling.has(name),
  );
  const known = new Set(weights);
  const first = nodes.find(({ inputs }) => inputs.some((name) => known.has(name)))?.inputs ?? [];
  const matrices = nodes.filter(({ op }) => PRODUCTS.has(op)).map(({ inputs }) => inputs[1]);
  return {
    logits,
    features: last.features,
    head: last.head.filter((name) => known.has(name)),
    first: first.filter((name) => known.has(name) && !last.head.includes(name)),
    matrices: [...new Set(matrices)].filter((name) => known.has(name) && name !== last.head[0]),
    weights,
  };
}

/** The nodes that a value depends on, in order. */
export function pathTo({ nodes }: Graph, value: string): GraphNode[] {
  const needed = new Set([value]);
  const path = [...nodes].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  return path.reverse();
}

/** The graph that gives `value`, from the same inputs. `shape` is the value's. */
export function trunkTo(graph: Graph, value: string, shape: readonly (number | string)[]): Graph {
  const outputs = [{ name: value, type: 'float32' as const, shape }];
  return used({ ...graph, outputs, nodes: pathTo(graph, value) });
}

/** The graph that takes `value` as its input, and gives the output. */
export function restFrom(
  graph: Graph,
  value: string,
  output: string,
  shape: readonly (number | string)[],
): Graph {
  const before = new Set(pathTo(graph, value));
  return used({
    ...graph,
    inputs: [{ name: value, type: 'float32', shape }],
    outputs: graph.outputs.filter(({ name }) => name === output),
    nodes: pathTo(graph, output).filter((node) => !before.has(node)),
  });
}

function used(graph: Graph): Graph {
  const asked = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const initializers = new Map([...graph.initializers].filter(([name]) => asked.has(name)));
  return { ...graph, initializers };
}

/** `logits` as x W, x W + b, or a Gemm. */
function productOf(
  { initializers }: Graph,
  nodes: readonly GraphNode[],
  logits: string,
): { features: string; head: string[] } | undefined {
  const giving = (value: string) => nodes.find(({ outputs }) => outputs.includes(value));
  const last = giving(logits);
  if (last === undefined) return undefined;
  if (PRODUCTS.has(last.op)) {
    const [features, ...head] = last.inputs;
    return initializers.has(head[0]) ? { features, head } : undefined;
  }
  const bias = last.op === 'Add' ? last.inputs.find((name) => initializers.has(name)) : undefined;
  const [product] = last.inputs.filter((name) => name !== bias).map(giving);
  if (bias === undefined || product === undefined || !PRODUCTS.has(product.op)) return undefined;
  const [features, matrix] = product.inputs;
  return initializers.has(matrix) ? { features, head: [matrix, bias] } : undefined;
}

/** Initializers that meet the input before any other weight does: its mean and scale belong to the sensor. */
function scalingOf({ inputs, initializers }: Graph, nodes: readonly GraphNode[]): Set<string> {
  const raw = new Set(inputs.map(({ name }) => name));
  const scaling = new Set<string>();
  for (const { op, inputs: given, outputs } of nodes) {
    if (!SCALING.has(op) || !given.some((name) => raw.has(name))) continue;
    const others = given.filter((name) => !raw.has(name));
    if (!others.every((name) => initializers.has(name))) continue;
    for (const name of others) scaling.add(name);
    for (const name of outputs) raw.add(name);
  }
  return scaling;
}
