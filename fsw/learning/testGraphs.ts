/** For tests: small graphs, and running them. */
import * as ort from 'onnxruntime-node';
import type { Random } from '../framework/random';
import { writeGraph } from './graph/codec';
import type { Attribute, Graph, GraphNode, Initializer } from './graph/graph';
import { sizeOf } from './graph/shapes';

export type Tensors = Readonly<Record<string, Float32Array>>;

export function node(
  op: string,
  inputs: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): GraphNode {
  return { op, inputs, outputs: typeof output === 'string' ? [output] : output, attributes };
}

export function floats(dims: readonly number[], data: ArrayLike<number>): Initializer {
  return { type: 'float32', dims, data: Float32Array.from(data) };
}

export function integers(values: readonly number[]): Initializer {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Even numbers within −1 and 1, one after the other. */
export function draw(random: Random, dims: readonly number[]): Float32Array {
  return Float32Array.from({ length: sizeOf(dims) }, () => 2 * random.next() - 1);
}

/** One thread, so that two cores don't spin against each other. */
export async function session(
  graph: Graph,
): Promise<(feeds: Tensors) => Promise<Record<string, Float32Array>>> {
  const own = await ort.InferenceSession.create(writeGraph(graph), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableMemPattern: false,
    logSeverityLevel: 3,
  });
  return async (feeds) => {
    const tensors = graph.inputs.map(({ name, shape }) => [
      name,
      new ort.Tensor('float32', feeds[name], shape.map(Number)),
    ]);
    const outputs = await own.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
    );
  };
}

/**
 * The slope of a function along a direction: central differences with steps h and h/2, whose second-order errors cancel
 * (L. F. Richardson, 1911).
 */
export async function slope(
  at: (parameters: Float32Array) => Promise<number>,
  start: Float32Array,
  along: Float32Array,
  h: number,
): Promise<number> {
  const central = async (step: number) => {
    const [up, down] = [1, -1].map((side) => start.map((value, i) => value + side * step * along[i]));
    return ((await at(up)) - (await at(down))) / (2 * step);
  };
  return (4 * (await central(h / 2)) - (await central(h))) / 3;
}
