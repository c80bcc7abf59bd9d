/** What shape each operator gives: every dimension is known, since a training step has a fixed batch. */
import { type Failed, fail, type Result, succeed } from '../../errors';
import { type GraphNode, type Initializer, integer, integers, integersOf } from './graph';

export type Shape = readonly number[];

/** What a rule may ask of its node's inputs. */
export interface Known {
  shape(name: string): Shape;
  /** The values of a constant. */
  constant(name: string): Initializer | undefined;
}

type Rule = (node: GraphNode, inputs: readonly Shape[], known: Known) => readonly Shape[] | string;

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** NumPy's broadcasting; undefined when the shapes do not go together. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    dims.push(x === 1 ? y : x);
  }
  return dims;
}

/** Axes counted from the front, in order. */
export function positive(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
}

/** Axes of a reduction: an attribute before opset 18, an input since; all when neither is there. */
export function reducedAxes(node: GraphNode, rank: number, known: Known): number[] | undefined {
  const listed = integers(node, 'axes');
  if (listed) return positive(listed, rank);
  if (!node.inputs[1]) return Array.from({ length: rank }, (_, i) => i);
  const constant = known.constant(node.inputs[1]);
  const axes = constant && integersOf(constant);
  return axes && positive(axes, rank);
}

/** Integers given by an input that must be constant. */
export function constantInput(node: GraphNode, index: number, known: Known): number[] | undefined {
  const name = node.inputs[index];
  const constant = name ? known.constant(name) : undefined;
  return constant && integersOf(constant);
}

/** First index, count and step along each axis of a Slice; undefined when its bounds are no constants. */
export function sliceOf(node: GraphNode, shape: Shape, known: Known) {
  const [starts, ends] = [constantInput(node, 1, known), constantInput(node, 2, known)];
  if (!starts || !ends) return undefined;
  const axes = node.inputs[3] ? constantInput(node, 3, known) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? constantInput(node, 4, known) : starts.map(() => 1);
  if (!axes || !steps || steps.some((step) => step < 1)) return undefined;
  const parts = shape.map((dim) => ({ start: 0, count: dim, step: 1 }));
  axes.forEach((axis, i) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const dim = shape[at];
    const clamp = (index: number) => Math.max(0, Math.min(dim, index < 0 ? index + dim : index));
    const start = clamp(starts[i]);
    parts[at] = { start, count: Math.max(0, Math.ceil((clamp(ends[i]) - start) / steps[i])), step: steps[i] };
  });
  return parts;
}

/** Kernel, strides and pads [top, left, bottom, right] of a two-dimensional Conv. */
export function convolution(node: GraphNode, weights: Shape) {
  return {
    kernel: weights.slice(2),
    strides: integers(node, 'strides') ?? [1, 1],
    pads: integers(node, 'pads') ?? [0, 0, 0, 0],
    dilations: integers(node, 'dilations') ?? [1, 1],
    group: integer(node, 'group', 1),
  };
}

const same: Rule = (_, [x]) => [x];
const binary: Rule = (_, [a, b]) => {
  const shape = broadcast(a, b);
  return shape ? [shape] : `[${a}] and [${b}] do not go together`;
};
const reduction: Rule = (node, [x], known) => {
  const axes = reducedAxes(node, x.length, known);
  if (!axes) return 'its axes are not constant';
  const keep = integer(node, 'keepdims', 1) === 1;
  return [x.map((dim, i) => (axes.includes(i) ? (keep ? 1 : -1) : dim)).filter((dim) => dim >= 0)];
};

const rules: Readonly<Record<string, Rule>> = {
  Identity: same,
  Neg: same,
  Exp: same,
  Log: same,
  Sqrt: same,
  Erf: same,
  Tanh: same,
  Sigmoid: same,
  Relu: same,
  Sign: same,
  Gelu: same,
  Softmax: same,
  LogSoftmax: same,
  InstanceNormalization: same,
  Cast: same,
  Clip: same,
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Pow: binary,
  Min: binary,
  Max: binary,
  ReduceMean: reduction,
  ReduceSum: reduction,
  ReduceSumSquare: reduction,
  MatMul: (_, [a, b]) => {
    const stack = broadcast(a.slice(0, -2), b.slice(0, -2));
    if (a.length < 2 || b.length < 2 || !stack || a[a.length - 1] !== b[b.length - 2])
      return `[${a}] and [${b}] are not matrices that multiply`;
    return [[...stack, a[a.length - 2], b[b.length - 1]]];
  },
  Gemm: (node, [a, b]) => {
    const [rows, inner] = integer(node, 'transA', 0) ? [a[1], a[0]] : a;
    const [first, columns] = integer(node, 'transB', 0) ? [b[1], b[0]] : b;
    return inner === first ? [[rows, columns]] : `[${a}] and [${b}] are not matrices that multiply`;
  },
  Conv: (node, [x, w]) => {
    const { kernel, strides, pads, dilations } = convolution(node, w);
    const out = kernel.map((size, i) =>
      Math.floor((x[i + 2] + pads[i] + pads[i + 2] - dilations[i] * (size - 1) - 1) / strides[i] + 1),
    );
    return [[x[0], w[0], ...out]];
  },
  ConvTranspose: (node, [x, w]) => {
    const { kernel, strides, pads } = convolution(node, w);
    const extra = integers(node, 'output_padding') ?? [0, 0];
    const out = kernel.map(
      (size, i) => strides[i] * (x[i + 2] - 1) + extra[i] + size - pads[i] - pads[i + 2],
    );
    return [[x[0], w[1], ...out]];
  },
  LayerNormalization: (node, [x]) => {
    const axis = integer(node, 'axis', -1);
    const from = axis < 0 ? axis + x.length : axis;
    const statistics = x.map((dim, i) => (i < from ? dim : 1));
    return [x, statistics, statistics];
  },
  Transpose: (node, [x]) => [
    (integers(node, 'perm') ?? x.map((_, i) => x.length - 1 - i)).map((axis) => x[axis]),
  ],
  Reshape: (node, [x], known) => {
    const asked = constantInput(node, 1, known);
    if (!asked) return 'its shape is not constant';
    const dims = asked.map((dim, i) => (dim === 0 && integer(node, 'allowzero', 0) === 0 ? x[i] : dim));
    const open = dims.indexOf(-1);
    if (open >= 0) dims[open] = sizeOf(x) / -sizeOf(dims);
    return sizeOf(dims) === sizeOf(x) ? [dims] : `[${x}] cannot become [${asked}]`;
  },
  Expand: (node, [x], known) => {
    const asked = constantInput(node, 1, known);
    const shape = asked && broadcast(x, asked);
    return shape ? [shape] : 'its shape is not constant, or does not go with the input';
  },
  Flatten: (node, [x]) => {
    const axis = integer(node, 'axis', 1);
    return [[sizeOf(x.slice(0, axis)), sizeOf(x.slice(axis))]];
  },
  Squeeze: (node, [x], known) => {
    const axes = positive(constantInput(node, 1, known) ?? integers(node, 'axes') ?? [], x.length);
    return [x.filter((_, i) => !axes.includes(i))];
  },
  Unsqueeze: (node, [x], known) => {
    const given = constantInput(node, 1, known) ?? integers(node, 'axes');
    if (!given) return 'its axes are not constant';
    const dims = [...x];
    for (const axis of positive(given, x.length + given.length)) dims.splice(axis, 0, 1);
    return [dims];
  },
  Slice: (node, [x], known) => {
    const parts = sliceOf(node, x, known);
    return parts ? [parts.map(({ count }) => count)] : 'its bounds are not constant, or a step is negative';
  },
  Concat: (node, inputs) => {
    const axis = integer(node, 'axis', 0);
    const at = axis < 0 ? axis + inputs[0].length : axis;
    return [inputs[0].map((dim, i) => (i === at ? inputs.reduce((sum, shape) => sum + shape[at], 0) : dim))];
  },
  Split: (node, [x], known) => {
    const axis = integer(node, 'axis', 0);
    const at = axis < 0 ? axis + x.length : axis;
    const parts = constantInput(node, 1, known) ?? node.outputs.map(() => x[at] / node.outputs.length);
    return parts.map((part) => x.map((dim, i) => (i === at ? part : dim)));
  },
  Gather: (node, [x, indices]) => {
    const axis = integer(node, 'axis', 0);
    const at = axis < 0 ? axis + x.length : axis;
    return [[...x.slice(0, at), ...indices, ...x.slice(at + 1)]];
  },
  Pad: (node, [x], known) => {
    const pads = constantInput(node, 1, known);
    return pads ? [x.map((dim, i) => dim + pads[i] + pads[i + x.length])] : 'its pads are not constant';
  },
};

/** Shapes of a node's outputs. Errors: GRAPH_OPERATOR (not known here), GRAPH_SHAPE. */
export function shapesOf(node: GraphNode, known: Known): Result<readonly Shape[]> {
  const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
  if (!rule) return unknownOperator(node);
  const shapes = rule(
    node,
    node.inputs.map((name) => (name === '' ? [] : known.shape(name))),
    known,
  );
  if (typeof shapes === 'string')
    return fail('GRAPH_SHAPE', { operator: node.op, output: node.outputs[0], why: shapes });
  return succeed(shapes);
}

function unknownOperator({ op, outputs }: GraphNode): Failed {
  return fail('GRAPH_OPERATOR', { operator: op, output: outputs[0], known: Object.keys(rules).join(', ') });
}
