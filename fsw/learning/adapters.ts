/** Low-rank adapters: W stays frozen, W + (α/r) A B is what flies (E. Hu et al., "LoRA", 2021). */
import { fail } from '../errors';
import { GraphFailure } from './graph/builder';
import { type Graph, type GraphNode, type Initializer, integer } from './graph/graph';

export interface AdapterOptions {
  /** Names of the weight matrices to adapt. */
  readonly weights: readonly string[];
  readonly rank: number;
  readonly alpha: number;
}

export interface Adapter {
  readonly weight: string;
  /** [inputs, rank], drawn at random before training. */
  readonly a: string;
  /** [rank, outputs], zero before training. */
  readonly b: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the weight is stored [outputs, inputs]. */
  readonly turned: boolean;
}

/** The graph with an adapter beside each product with a chosen weight; `a` and `b` are initializers without values. */
export function adapted(
  graph: Graph,
  { weights, rank, alpha }: AdapterOptions,
): { graph: Graph; adapters: Adapter[] } {
  const adapters = weights.map((weight) => adapterOf(graph, weight));
  const byWeight = new Map(adapters.map((adapter) => [adapter.weight, adapter]));
  const initializers = new Map(graph.initializers);
  for (const { a, b, inputs, outputs } of adapters) {
    initializers.set(a, empty([inputs, rank]));
    initializers.set(b, empty([rank, outputs]));
  }
  initializers.set('lora_scale', { type: 'float32', dims: [], data: Float32Array.of(alpha / rank) });
  const nodes = graph.nodes.flatMap((node) => {
    const adapter = isProduct(node) ? byWeight.get(node.inputs[1]) : undefined;
    return adapter ? besides(node, adapter) : [node];
  });
  return { graph: { ...graph, initializers, nodes }, adapters };
}

/** y = x W, then y + s (x A) B under the name that the node's output had. */
function besides(node: GraphNode, { a, b }: Adapter): GraphNode[] {
  const [y] = node.outputs;
  const plain = (op: string, inputs: string[], output: string): GraphNode => ({
    op,
    inputs,
    outputs: [output],
    attributes: {},
  });
  return [
    { ...node, outputs: [`${y}_frozen`] },
    plain('MatMul', [node.inputs[0], a], `${y}_low`),
    plain('MatMul', [`${y}_low`, b], `${y}_high`),
    plain('Mul', [`${y}_high`, 'lora_scale'], `${y}_scaled`),
    plain('Add', [`${y}_frozen`, `${y}_scaled`], y),
  ];
}

function adapterOf({ initializers, nodes }: Graph, weight: string): Adapter {
  const dims = initializers.get(weight)?.dims;
  const uses = nodes.filter((node) => isProduct(node) && node.inputs[1] === weight);
  if (dims?.length !== 2 || uses.length === 0)
    throw new GraphFailure(
      fail('TRAINING_PARAMETER', { name: weight, why: 'it is no matrix that something is multiplied by' }),
    );
  const turned = uses.some((node) => integer(node, 'transB', 0) === 1);
  const [inputs, outputs] = turned ? [dims[1], dims[0]] : dims;
  return { weight, a: `${weight}.lora_a`, b: `${weight}.lora_b`, inputs, outputs, turned };
}

function isProduct({ op }: GraphNode): boolean {
  return op === 'MatMul' || op === 'Gemm';
}

function empty(dims: readonly number[]): Initializer {
  return { type: 'float32', dims, data: new Float32Array(dims[0] * dims[1]) };
}

/** Adds s A B to a weight, in place: what a delta upload and a promotion do. */
export function mergeAdapter(
  weight: Float32Array,
  { inputs, outputs, turned }: Adapter,
  a: Float32Array,
  b: Float32Array,
  scale: number,
): void {
  const rank = a.length / inputs;
  for (let i = 0; i < inputs; i++)
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += a[i * rank + r] * b[r * outputs + o];
      weight[turned ? o * inputs + i : i * outputs + o] += scale * sum;
    }
}
