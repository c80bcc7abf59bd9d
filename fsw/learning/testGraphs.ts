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

/** One thread, so that two cores don't spin against each other; no arena, so that small sessions stay small. */
export async function run(graph: Graph, feeds: Tensors): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(writeGraph(graph), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const tensors = graph.inputs.map(({ name, shape }) => [
    name,
    new ort.Tensor('float32', feeds[name], shape.map(Number)),
  ]);
  const outputs = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}
