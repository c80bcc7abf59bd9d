/** The way forward of a training step: an inference graph with a fixed batch, its chosen weights taken from one flat vector. */
import { withGelu } from './erfGelu';
import type { Builder } from './graph/builder';
import { type Graph, type GraphNode, integers } from './graph/graph';
import { sizeOf } from './graph/shapes';

/** A trainable tensor and its place in the flat vector of parameters. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** Names of the step's own inputs. */
export const PARAMETERS = 'parameters';

/** Trainable tensors one after the other, in the order given. */
export function laidOut(
  tensors: readonly { readonly name: string; readonly dims: readonly number[] }[],
): Parameter[] {
  let offset = 0;
  return tensors.map(({ name, dims }) => {
    const parameter = { name, dims, offset, length: sizeOf(dims) };
    offset += parameter.length;
    return parameter;
  });
}

/**
 * Writes the graph into the builder: inputs with `batch` for their named dimension, frozen initializers as they are, each
 * parameter as its part of the flat vector. Returns the nodes that gradients go back through.
 */
export function forward(
  b: Builder,
  graph: Graph,
  batch: number,
  parameters: readonly Parameter[],
): GraphNode[] {
  for (const { name, shape } of graph.inputs)
    b.input(
      name,
      shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : batch)),
    );
  const trained = new Set(parameters.map(({ name }) => name));
  for (const [name, value] of graph.initializers) if (!trained.has(name)) b.initializer(name, value);
  unpack(b, parameters);
  const from = b.nodes.length;
  for (const node of withGelu(graph.nodes, graph.initializers)) b.add(modern(b, node));
  return b.nodes.slice(from);
}

function unpack(b: Builder, parameters: readonly Parameter[]): void {
  const total = parameters.reduce((sum, { length }) => sum + length, 0);
  b.input(PARAMETERS, [total]);
  const lengths = parameters.map(({ length }) => length);
  const parts =
    parameters.length === 1
      ? [PARAMETERS]
      : b.ops('Split', [PARAMETERS, b.integers(lengths)], { axis: 0 }, lengths.length);
  parameters.forEach(({ name, dims }, i) => {
    b.add({ op: 'Reshape', inputs: [parts[i], b.integers(dims)], outputs: [name], attributes: {} });
  });
}

/** What older operator sets say otherwise, and the statistics that the way back of a layer normalisation reads. */
function modern(b: Builder, node: GraphNode): GraphNode {
  const { op, inputs, outputs, attributes } = node;
  const axes = integers(node, 'axes');
  if (axes && op.startsWith('Reduce')) {
    const { axes: _, ...rest } = attributes;
    return { op, inputs: [inputs[0], b.integers(axes)], outputs, attributes: rest };
  }
  if (axes && (op === 'Squeeze' || op === 'Unsqueeze'))
    return { op, inputs: [inputs[0], b.integers(axes)], outputs, attributes: {} };
  if (op === 'Split' && inputs.length === 1 && !('num_outputs' in attributes))
    return { op, inputs, outputs, attributes: { ...attributes, num_outputs: outputs.length } };
  if (op === 'LayerNormalization' && outputs.length === 1)
    return { op, inputs, outputs: [outputs[0], `${outputs[0]}_mean`, `${outputs[0]}_inverse`], attributes };
  return node;
}
