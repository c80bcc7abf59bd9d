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

/**
 * The graph with every chosen weight W replaced by W + s A B; `a` and `b` are initializers without values. The sum is made once
 * a run, and so costs nothing for each token; on the way back the product of a weight's gradient with A or B is taken in the
 * cheap order, by the rule of MatMul.
 */
export function adapted(
  graph: Graph,
  { weights, rank, alpha }: AdapterOptions,
): { graph: Graph; adapters: Adapter[] } {
  const adapters = weights.map((weight) => adapterOf(graph, weight));
  const initializers = new Map(graph.initializers);
  for (const { a, b, inputs, outputs } of adapters) {
    initializers.set(a, empty([inputs, rank]));
    initializers.set(b, empty([rank, outputs]));
  }
  initializers.set(SCALE, { type: 'float32', dims: [], data: Float32Array.of(alpha / rank) });
  const chosen = new Set(weights);
  const nodes = graph.nodes.map((node) =>
    isProduct(node) && chosen.has(node.inputs[1])
      ? { ...node, inputs: node.inputs.with(1, `${node.inputs[1]}_adapted`) }
      : node,
  );
  return { graph: { ...graph, initializers, nodes: [...adapters.flatMap(sum), ...nodes] }, adapters };
}

const SCALE = 'lora_scale';

/** W + A (s B), or W + (s B)ᵀ Aᵀ where the weight is stored the other way. */
function sum({ weight, a, b, turned }: Adapter): GraphNode[] {
  const plain = (op: string, inputs: string[], output: string): GraphNode => ({
    op,
    inputs,
    outputs: [output],
    attributes: {},
  });
  const [scaled, low] = [`${weight}_scaled`, `${weight}_low`];
  const product = turned
    ? [
        plain('Transpose', [scaled], `${scaled}_turned`),
        plain('Transpose', [a], `${a}_turned`),
        plain('MatMul', [`${scaled}_turned`, `${a}_turned`], low),
      ]
    : [plain('MatMul', [a, scaled], low)];
  return [plain('Mul', [b, SCALE], scaled), ...product, plain('Add', [weight, low], `${weight}_adapted`)];
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
