/** Gradients of what only moves values. */
import { integer, integers, integersOf } from '../graph/graph';
import { constantInput, sliceOf } from '../graph/shapes';
import type { GradientRule } from './rule';

const reshaped: GradientRule = ({ node, b }, gradient) => [b.reshape(gradient, b.shape(node.inputs[0]))];

const transpose: GradientRule = ({ node, b }, gradient) => {
  const rank = b.shape(node.inputs[0]).length;
  const perm = integers(node, 'perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return [
    b.transpose(
      gradient,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ];
};

/** Back into zeros, at the places they came from; steps of one, as an exporter writes them. */
const slice: GradientRule = ({ node, b }, gradient) => {
  const shape = b.shape(node.inputs[0]);
  const parts = sliceOf(node, shape, b);
  if (!parts || parts.some(({ step }) => step !== 1)) return [];
  const before = parts.map(({ start }) => start);
  const after = parts.map(({ start, count }, i) => shape[i] - start - count);
  return [b.op('Pad', [gradient, b.integers([...before, ...after])])];
};

const concat: GradientRule = ({ node, b }, gradient) => {
  const axis = integer(node, 'axis', 0);
  const at = axis < 0 ? axis + b.shape(gradient).length : axis;
  const sizes = node.inputs.map((input) => b.shape(input)[at]);
  return b.ops('Split', [gradient, b.integers(sizes)], { axis: at }, sizes.length);
};

/** A part that nothing depended on is zero. */
const split: GradientRule = ({ node, b, gradients }) => {
  const axis = integer(node, 'axis', 0);
  const parts = node.outputs.map((output, i) => {
    const shape = b.shape(output);
    return gradients[i] ?? b.op('Expand', [b.floats(0), b.integers(shape)]);
  });
  return [b.op('Concat', parts, { axis })];
};

/** By constant indices: each row of the source gets the sum of what was taken from it, a product with a one-hot matrix. */
const gather: GradientRule = ({ node, b }, gradient) => {
  const indices = b.constant(node.inputs[1]);
  const listed = indices && integersOf(indices);
  if (!listed) return [];
  const shape = b.shape(node.inputs[0]);
  const axis = integer(node, 'axis', 0);
  const at = axis < 0 ? axis + shape.length : axis;
  const rows = shape[at];
  const hot = new Float32Array(rows * listed.length);
  listed.forEach((index, column) => {
    hot[(index < 0 ? index + rows : index) * listed.length + column] = 1;
  });
  const before = shape.slice(0, at).reduce((product, dim) => product * dim, 1);
  const after = shape.slice(at + 1).reduce((product, dim) => product * dim, 1);
  const flat = b.reshape(gradient, [before, listed.length, after]);
  return [b.reshape(b.op('MatMul', [b.floats(hot, [rows, listed.length]), flat]), shape)];
};

/** Zero padding alone. */
const pad: GradientRule = ({ node, b }, gradient) => {
  const pads = constantInput(node, 1, b);
  const shape = b.shape(node.inputs[0]);
  if (!pads || (node.attributes.mode ?? 'constant') !== 'constant') return [];
  const starts = pads.slice(0, shape.length);
  const ends = starts.map((start, i) => start + shape[i]);
  return [b.op('Slice', [gradient, b.integers(starts), b.integers(ends)])];
};

export const layout: Readonly<Record<string, GradientRule>> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Expand: ({ node, b }, gradient) => [b.summedTo(gradient, b.shape(node.inputs[0]))],
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
  Split: split,
  Gather: gather,
  Pad: pad,
};
