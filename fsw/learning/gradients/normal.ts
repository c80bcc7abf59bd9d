/** Gradients of what looks at a whole row: reductions, softmax, normalisations. */

import type { Builder } from '../graph/builder';
import { float, integer } from '../graph/graph';
import { reducedAxes } from '../graph/shapes';
import type { GradientRule, Step } from './rule';
import { turnedOver } from './stacks';

/** Mean or sum: every summand gets the whole, or its share. */
function reduction(share: (count: number) => number): GradientRule {
  return ({ node, b }, gradient) => {
    const shape = b.shape(node.inputs[0]);
    const axes = reducedAxes(node, shape.length, b);
    if (!axes) return [];
    const kept = b.reshape(
      gradient,
      shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
    );
    const factor = share(axes.reduce((product, axis) => product * shape[axis], 1));
    const scaled = factor === 1 ? kept : b.op('Mul', [kept, b.floats(factor)]);
    return [b.op('Expand', [scaled, b.integers(shape)])];
  };
}

function axisOf({ node, b }: Step): number {
  const axis = integer(node, 'axis', -1);
  return axis < 0 ? axis + b.shape(node.outputs[0]).length : axis;
}

/** y (g − Σ g y). */
const softmax: GradientRule = (step, gradient) => {
  const { node, b } = step;
  const [y] = node.outputs;
  const axis = axisOf(step);
  const [upper, lower] = mixture(b, y, gradient, axis) ?? [gradient, y];
  return [b.op('Mul', [y, b.op('Sub', [gradient, b.sum(b.op('Mul', [upper, lower]), [axis])])])];
};

/**
 * In attention, o = y V alone reads y, so g = d Vᵀ with d the gradient by o, and Σ g y over the keys is Σ d o over the
 * channels, which are fewer (T. Dao et al., "FlashAttention", 2022). Gives d and o.
 */
function mixture(b: Builder, y: string, gradient: string, axis: number): [string, string] | undefined {
  const product = b.producer(gradient);
  if (product?.op !== 'MatMul' || axis !== b.shape(y).length - 1) return undefined;
  const [d, turned] = product.inputs;
  const reads = b.nodes.find(
    ({ op, inputs }) => op === 'MatMul' && inputs[0] === y && turnedOver(b, inputs[1]) === turned,
  );
  return reads && [d, reads.outputs[0]];
}

/** g − eʸ Σ g. */
const logSoftmax: GradientRule = (step, gradient) => {
  const { node, b } = step;
  const total = b.sum(gradient, [axisOf(step)]);
  return [b.op('Sub', [gradient, b.op('Mul', [b.op('Exp', [node.outputs[0]]), total])])];
};

/** (d − mean d − x̂ mean(d x̂)) / σ over the axes of a normalisation, d the gradient by x̂. */
function normalised(b: Builder, d: string, hat: string, inverse: string, axes: readonly number[]): string {
  const spread = b.op('Mul', [hat, b.mean(b.op('Mul', [d, hat]), axes)]);
  return b.op('Mul', [b.op('Sub', [b.op('Sub', [d, b.mean(d, axes)]), spread]), inverse]);
}

/** x̂ of a layer normalisation. */
export function standardised(b: Builder, x: string, mean: string, inverse: string): string {
  return b.op('Mul', [b.op('Sub', [x, mean]), inverse]);
}

/** The forward node gives its mean and 1/σ: `prepared` has asked for them. */
const layerNormalization: GradientRule = (step, gradient) => {
  const { node, b, needs } = step;
  const [x, scale, bias] = node.inputs;
  const [, mean, inverse] = node.outputs;
  const shape = b.shape(x);
  const axis = axisOf(step);
  const axes = shape.map((_, i) => i).slice(axis);
  const hat = standardised(b, x, mean, inverse);
  return [
    needs(0) ? normalised(b, b.op('Mul', [gradient, scale]), hat, inverse, axes) : undefined,
    needs(1) ? b.summedTo(b.op('Mul', [gradient, hat]), b.shape(scale)) : undefined,
    bias && needs(2) ? b.summedTo(gradient, b.shape(bias)) : undefined,
  ];
};

/** Of each channel of each item over its pixels; the statistics are computed once more. */
const instanceNormalization: GradientRule = ({ node, b, needs }, gradient) => {
  const [x, scale] = node.inputs;
  const shape = b.shape(x);
  const axes = shape.map((_, i) => i).slice(2);
  const centred = b.op('Sub', [x, b.mean(x, axes)]);
  const variance = b.mean(b.op('Mul', [centred, centred]), axes);
  const deviation = b.op('Sqrt', [b.op('Add', [variance, b.floats(float(node, 'epsilon', 1e-5))])]);
  const inverse = b.op('Div', [b.floats(1), deviation]);
  const hat = b.op('Mul', [centred, inverse]);
  const wide = (name: string) => b.reshape(name, [1, shape[1], ...axes.map(() => 1)]);
  const byChannel = (value: string) => b.sum(value, [0, ...axes], 0);
  return [
    needs(0) ? normalised(b, b.op('Mul', [gradient, wide(scale)]), hat, inverse, axes) : undefined,
    needs(1) ? byChannel(b.op('Mul', [gradient, hat])) : undefined,
    needs(2) ? byChannel(gradient) : undefined,
  ];
};

export const normal: Readonly<Record<string, GradientRule>> = {
  ReduceMean: reduction((count) => 1 / count),
  ReduceSum: reduction(() => 1),
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
};
