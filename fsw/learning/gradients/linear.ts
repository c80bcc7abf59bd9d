/** Gradients of products: matrices and convolutions. */

import type { Builder } from '../graph/builder';
import { integer } from '../graph/graph';
import { convolution, type Shape, sizeOf } from '../graph/shapes';
import { again } from './again';
import type { GradientRule, Step } from './rule';
import { turnedOver } from './stacks';

/** X[…, i] · W[i, o] as one flat product, which has a kernel for each transposition; stacks of matrices by MatMul. */
const matMul: GradientRule = ({ node: { inputs }, b, needs }, gradient) => {
  const [left, right] = inputs.map((name) => b.shape(name));
  if (right.length === 2) {
    const factors = isLow(left, right) ? factorsOf(b, gradient) : undefined;
    if (factors) return throughFactors(b, inputs, factors, needs);
    const flat = b.reshape(gradient, [sizeOf(b.shape(gradient)) / right[1], right[1]]);
    const rows = () => b.reshape(again(b, inputs[0]), [sizeOf(left) / right[0], right[0]]);
    return [
      needs(0) ? b.reshape(b.op('Gemm', [flat, inputs[1]], { transB: 1 }), left) : undefined,
      needs(1) ? b.op('Gemm', [rows(), flat], { transA: 1 }) : undefined,
    ];
  }
  return [
    needs(0) ? b.summedTo(b.op('MatMul', [gradient, turnedOver(b, inputs[1])]), left) : undefined,
    needs(1) ? b.summedTo(b.op('MatMul', [turnedOver(b, inputs[0]), gradient]), right) : undefined,
  ];
};

/** A product of two matrices whose factors hold fewer values than it. */
function isLow(left: Shape, right: Shape): boolean {
  return left.length === 2 && left[1] * (left[0] + right[1]) < left[0] * right[1];
}

/** X and D of a gradient Xᵀ D, as the weight of a product has it. */
function factorsOf(b: Builder, gradient: string): readonly [string, string] | undefined {
  const node = b.producer(gradient);
  const isOuter = node?.op === 'Gemm' && integer(node, 'transA', 0) === 1 && integer(node, 'transB', 0) === 0;
  return isOuter && node.inputs.length === 2 ? [node.inputs[0], node.inputs[1]] : undefined;
}

/**
 * W = A · B whose gradient is Xᵀ D: by A it is Xᵀ (D Bᵀ), by B (X A)ᵀ D. For an adapter of low rank that is a small part of
 * the work of Xᵀ D itself, which then nobody asks for.
 */
function throughFactors(
  b: Builder,
  [left, right]: readonly string[],
  [x, d]: readonly [string, string],
  needs: Step['needs'],
): readonly (string | undefined)[] {
  return [
    needs(0) ? b.op('Gemm', [x, b.op('Gemm', [d, right], { transB: 1 })], { transA: 1 }) : undefined,
    needs(1) ? b.op('Gemm', [b.op('Gemm', [x, left]), d], { transA: 1 }) : undefined,
  ];
}

const gemm: GradientRule = ({ node, b, needs }, gradient) => {
  const { attributes, inputs } = node;
  if ('alpha' in attributes || 'beta' in attributes)
    return scaledGemm({ node, b, gradients: [], needs }, gradient);
  const [transA, transB] = [integer(node, 'transA', 0), integer(node, 'transB', 0)];
  const [a, w, c] = inputs;
  const byA = () =>
    transA
      ? b.op('Gemm', [w, gradient], { transA: transB, transB: 1 })
      : b.op('Gemm', [gradient, w], { transB: 1 - transB });
  const byB = () =>
    transB
      ? b.op('Gemm', [gradient, again(b, a)], { transA: 1, transB: transA })
      : b.op('Gemm', [again(b, a), gradient], { transA: 1 - transA });
  return [
    needs(0) ? byA() : undefined,
    needs(1) ? byB() : undefined,
    c && needs(2) ? b.summedTo(gradient, b.shape(c)) : undefined,
  ];
};

/** alpha and beta of 1, the exporters' habit of writing them out, are none; others no rule is given for. */
function scaledGemm(step: Step, gradient: string): readonly (string | undefined)[] {
  const { alpha, beta, ...attributes } = step.node.attributes;
  const isOne = [alpha, beta].every(
    (value) => value === undefined || JSON.stringify(value) === '{"float":1}',
  );
  return isOne ? gemm({ ...step, node: { ...step.node, attributes } }, gradient) : [];
}

/**
 * A convolution in two dimensions, one group, no dilation. By the input: the transposed convolution. By the weights: the
 * gradient times the patches that each weight saw, one strided slice of the padded input for each place in the kernel.
 */
const conv: GradientRule = ({ node, b, needs }, gradient) => {
  const [x, w, bias] = node.inputs;
  const [xs, ws, gs] = [b.shape(x), b.shape(w), b.shape(gradient)];
  const { kernel, strides, pads, dilations, group } = convolution(node, ws);
  if (kernel.length !== 2 || group !== 1 || dilations.some((step) => step !== 1)) return [];
  const left = kernel.map(
    (size, i) => xs[i + 2] + pads[i] + pads[i + 2] - (strides[i] * (gs[i + 2] - 1) + size),
  );
  return [
    needs(0)
      ? b.op('ConvTranspose', [gradient, w], { strides, pads, output_padding: left, kernel_shape: kernel })
      : undefined,
    needs(1) ? byWeights() : undefined,
    bias && needs(2) ? b.sum(gradient, [0, 2, 3], 0) : undefined,
  ];

  function byWeights(): string {
    const [n, outputs, height, width] = gs;
    const padded = pads.some((pad) => pad > 0)
      ? b.op('Pad', [x, b.integers([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])])
      : x;
    const seen = Array.from({ length: kernel[0] * kernel[1] }, (_, k) => {
      const [top, start] = [Math.floor(k / kernel[1]), k % kernel[1]];
      const ends = [top + strides[0] * (height - 1) + 1, start + strides[1] * (width - 1) + 1];
      const slice = b.op('Slice', [
        padded,
        b.integers([top, start]),
        b.integers(ends),
        b.integers([2, 3]),
        b.integers(strides),
      ]);
      return b.reshape(slice, [n, 1, xs[1], height * width]);
    });
    const patches = b.reshape(b.op('Concat', seen, { axis: 1 }), [n, seen.length * xs[1], height * width]);
    const product = b.op('MatMul', [
      b.reshape(gradient, [n, outputs, height * width]),
      b.transpose(patches, [0, 2, 1]),
    ]);
    const byPlace = b.reshape(b.sum(product, [0], 0), [outputs, seen.length, xs[1]]);
    return b.reshape(b.transpose(byPlace, [0, 2, 1]), ws);
  }
};

export const linear: Readonly<Record<string, GradientRule>> = { MatMul: matMul, Gemm: gemm, Conv: conv };
