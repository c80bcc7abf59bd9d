import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../framework/random';
import type { Graph, GraphNode, Initializer } from '../graph/graph';
import { sizeOf } from '../graph/shapes';
import { adamw } from '../optimizer';
import { draw, floats, integers, node, session, slope } from '../testGraphs';
import { trainingGraphs } from '../trainingGraph';
import { differentiable } from './differentiate';

const [BATCH, CLASSES, SEED] = [3, 4, 20261124];

/** From `w` (and constants) to `y`: what is put between weights and logits. */
interface Case {
  readonly w: readonly number[];
  readonly nodes: readonly GraphNode[];
  readonly constants?: Readonly<Record<string, Initializer>>;
  /** Shape of `y`. */
  readonly y: readonly number[];
  /** Values of `w`; between −1 and 1 without. */
  readonly from?: (value: number) => number;
}

const positive = (value: number) => 1.5 + value;
const random = seededRandom(SEED);
const some = (...dims: number[]) => floats(dims, draw(random, dims));

const cases: Readonly<Record<string, Case>> = {
  Add: { w: [3], nodes: [node('Add', ['w', 'c'], 'y')], constants: { c: some(2, 3) }, y: [2, 3] },
  Sub: { w: [2, 1], nodes: [node('Sub', ['c', 'w'], 'y')], constants: { c: some(2, 3) }, y: [2, 3] },
  Mul: { w: [2, 3], nodes: [node('Mul', ['w', 'w'], 'y')], y: [2, 3] },
  Div: {
    w: [2, 3],
    nodes: [node('Div', ['c', 'w'], 'y')],
    constants: { c: some(1, 3) },
    y: [2, 3],
    from: positive,
  },
  Pow: { w: [6], nodes: [node('Pow', ['w', 'c'], 'y')], constants: { c: floats([], [3]) }, y: [6] },
  Neg: { w: [6], nodes: [node('Neg', ['w'], 'y')], y: [6] },
  Identity: { w: [6], nodes: [node('Identity', ['w'], 'y')], y: [6] },
  Cast: { w: [6], nodes: [node('Cast', ['w'], 'y', { to: 1 })], y: [6] },
  Exp: { w: [6], nodes: [node('Exp', ['w'], 'y')], y: [6] },
  Log: { w: [6], nodes: [node('Log', ['w'], 'y')], y: [6], from: positive },
  Sqrt: { w: [6], nodes: [node('Sqrt', ['w'], 'y')], y: [6], from: positive },
  Erf: { w: [6], nodes: [node('Erf', ['w'], 'y')], y: [6] },
  Tanh: { w: [6], nodes: [node('Tanh', ['w'], 'y')], y: [6] },
  Sigmoid: { w: [6], nodes: [node('Sigmoid', ['w'], 'y')], y: [6] },
  // Away from the kink, where there is no derivative.
  Relu: { w: [6], nodes: [node('Relu', ['w'], 'y')], y: [6], from: (value) => value + Math.sign(value) / 2 },
  Gelu: { w: [6], nodes: [node('Gelu', ['w'], 'y')], y: [6] },
  'Gelu by tanh': { w: [6], nodes: [node('Gelu', ['w'], 'y', { approximate: 'tanh' })], y: [6] },
  Softmax: { w: [2, 3], nodes: [node('Softmax', ['w'], 'y', { axis: 0 })], y: [2, 3] },
  LogSoftmax: { w: [2, 3], nodes: [node('LogSoftmax', ['w'], 'y', { axis: -1 })], y: [2, 3] },
  ReduceMean: {
    w: [2, 3, 2],
    nodes: [node('ReduceMean', ['w', 'a'], 'y', { keepdims: 0 })],
    constants: { a: integers([1]) },
    y: [2, 2],
  },
  ReduceSum: {
    w: [2, 3, 2],
    nodes: [node('ReduceSum', ['w', 'a'], 'y')],
    constants: { a: integers([0, -1]) },
    y: [1, 3, 1],
  },
  LayerNormalization: {
    w: [2, 5],
    nodes: [node('LayerNormalization', ['w', 's', 'c'], 'y', { axis: -1, epsilon: { float: 1e-5 } })],
    constants: { s: some(5), c: some(5) },
    y: [2, 5],
  },
  'LayerNormalization by its scale and bias': {
    w: [5],
    nodes: [node('LayerNormalization', ['c', 'w', 'w'], 'y', { axis: -1, epsilon: { float: 1e-5 } })],
    constants: { c: some(2, 5) },
    y: [2, 5],
  },
  InstanceNormalization: {
    w: [2, 2, 2, 3],
    nodes: [node('InstanceNormalization', ['w', 's', 'c'], 'y', { epsilon: { float: 1e-5 } })],
    constants: { s: some(2), c: some(2) },
    y: [2, 2, 2, 3],
  },
  'InstanceNormalization by its scale and bias': {
    w: [2],
    nodes: [node('InstanceNormalization', ['c', 'w', 'w'], 'y', { epsilon: { float: 1e-5 } })],
    constants: { c: some(1, 2, 2, 3) },
    y: [1, 2, 2, 3],
  },
  MatMul: {
    w: [3, 4],
    nodes: [node('MatMul', ['c', 'w'], 'y')],
    constants: { c: some(2, 2, 3) },
    y: [2, 2, 4],
  },
  'MatMul of stacks': {
    w: [2, 3, 4],
    nodes: [node('Transpose', ['w'], 't', { perm: [0, 2, 1] }), node('MatMul', ['w', 't'], 'y')],
    y: [2, 3, 3],
  },
  'MatMul with a sum of low rank, by its left factor': {
    w: [4, 1],
    nodes: [
      node('MatMul', ['w', 'r'], 'low'),
      node('Add', ['f', 'low'], 's'),
      node('MatMul', ['c', 's'], 'y'),
    ],
    constants: { c: some(2, 3, 4), r: some(1, 5), f: some(4, 5) },
    y: [2, 3, 5],
  },
  'MatMul with a sum of low rank, by its right factor': {
    w: [1, 5],
    nodes: [
      node('MatMul', ['l', 'w'], 'low'),
      node('Add', ['f', 'low'], 's'),
      node('MatMul', ['c', 's'], 'y'),
    ],
    constants: { c: some(2, 3, 4), l: some(4, 1), f: some(4, 5) },
    y: [2, 3, 5],
  },
  'Gemm with a turned sum of low rank': {
    w: [5, 1],
    nodes: [
      node('MatMul', ['w', 'r'], 'low'),
      node('Add', ['f', 'low'], 's'),
      node('Gemm', ['c', 's'], 'y', { transB: 1 }),
    ],
    constants: { c: some(3, 4), r: some(1, 4), f: some(5, 4) },
    y: [3, 5],
  },
  Attention: {
    w: [2, 3, 4],
    nodes: [
      node('MatMul', ['w', 'c'], 'scores'),
      node('Softmax', ['scores'], 'look', { axis: -1 }),
      node('MatMul', ['look', 'w'], 'y'),
    ],
    constants: { c: some(2, 4, 3) },
    y: [2, 3, 4],
  },
  'Attention of which the weights are read once more': {
    w: [2, 3, 3],
    nodes: [
      node('Softmax', ['w'], 'look', { axis: -1 }),
      node('MatMul', ['look', 'c'], 'mixed'),
      node('Add', ['mixed', 'look'], 'y'),
    ],
    constants: { c: some(2, 3, 3) },
    y: [2, 3, 3],
  },
  ...Object.fromEntries(
    [0, 1, 2, 3].map((bits): [string, Case] => {
      const [transA, transB] = [bits & 1, bits >> 1];
      const other = transB ? some(3, 2) : some(2, 3);
      return [
        `Gemm, A ${transA ? 'turned' : 'straight'}, B ${transB ? 'turned' : 'straight'}`,
        {
          w: transA ? [2, 4] : [4, 2],
          nodes: [node('Gemm', ['w', 'c', 'w3'], 'y', { transA, transB })],
          constants: { c: other, w3: some(3) },
          y: [4, 3],
        },
      ];
    }),
  ),
  'Gemm by B and C': {
    w: [3, 3],
    nodes: [node('Gemm', ['c', 'w', 'w'], 'y', { alpha: { float: 1 } })],
    constants: { c: some(3, 3) },
    y: [3, 3],
  },
  'Conv by its input': {
    w: [1, 2, 6, 5],
    nodes: [node('Conv', ['w', 'k', 'c'], 'y', { strides: [2, 2], pads: [1, 1, 1, 1] })],
    constants: { k: some(3, 2, 3, 3), c: some(3) },
    y: [1, 3, 3, 3],
  },
  'Conv by its weights': {
    w: [3, 2, 3, 2],
    nodes: [node('Conv', ['c', 'w'], 'y', { strides: [2, 1], pads: [1, 0, 1, 1] })],
    constants: { c: some(2, 2, 6, 5) },
    y: [2, 3, 3, 5],
  },
  'Conv by its bias': {
    w: [3],
    nodes: [node('Conv', ['c', 'k', 'w'], 'y')],
    constants: { c: some(2, 2, 3, 3), k: some(3, 2, 3, 3) },
    y: [2, 3, 1, 1],
  },
  Reshape: {
    w: [2, 3],
    nodes: [node('Reshape', ['w', 'a'], 'y')],
    constants: { a: integers([3, -1]) },
    y: [3, 2],
  },
  Flatten: { w: [2, 3, 2], nodes: [node('Flatten', ['w'], 'y', { axis: 2 })], y: [6, 2] },
  Squeeze: {
    w: [2, 1, 3],
    nodes: [node('Squeeze', ['w', 'a'], 'y')],
    constants: { a: integers([1]) },
    y: [2, 3],
  },
  Unsqueeze: {
    w: [2, 3],
    nodes: [node('Unsqueeze', ['w', 'a'], 'y')],
    constants: { a: integers([1]) },
    y: [2, 1, 3],
  },
  Expand: {
    w: [2, 1],
    nodes: [node('Expand', ['w', 'a'], 'y')],
    constants: { a: integers([2, 3]) },
    y: [2, 3],
  },
  Transpose: { w: [2, 3, 4], nodes: [node('Transpose', ['w'], 'y', { perm: [2, 0, 1] })], y: [4, 2, 3] },
  Slice: {
    w: [2, 5],
    nodes: [node('Slice', ['w', 's', 'e', 'a'], 'y')],
    constants: { s: integers([1]), e: integers([-1]), a: integers([1]) },
    y: [2, 3],
  },
  Concat: {
    w: [2, 2],
    nodes: [node('Concat', ['w', 'c', 'w'], 'y', { axis: -1 })],
    constants: { c: some(2, 1) },
    y: [2, 5],
  },
  'Split, of which one part is not used': {
    w: [5, 2],
    nodes: [node('Split', ['w', 'a'], ['p', 'q', 'r'], { axis: 0 }), node('Mul', ['p', 'r'], 'y')],
    constants: { a: integers([2, 1, 2]) },
    y: [2, 2],
  },
  Split: {
    w: [4, 2],
    nodes: [node('Split', ['w'], ['p', 'q'], { axis: 0, num_outputs: 2 }), node('Mul', ['p', 'q'], 'y')],
    y: [2, 2],
  },
  Gather: {
    w: [4, 3],
    nodes: [node('Gather', ['w', 'a'], 'y', { axis: 0 })],
    constants: { a: integers([2, 0, 2]) },
    y: [3, 3],
  },
  Pad: {
    w: [2, 2],
    nodes: [node('Pad', ['w', 'a'], 'y')],
    constants: { a: integers([0, 1, 1, 0]) },
    y: [3, 3],
  },
};

/** `y`, flat, times x and a matrix gives the logits. */
function graphOf({ w, nodes, constants = {}, y }: Case, weights: Float32Array): Graph {
  const size = sizeOf(y);
  const mix = seededRandom(SEED + 1);
  return {
    opset: 20,
    inputs: [{ name: 'x', type: 'float32', shape: ['n', size] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: ['n', CLASSES] }],
    initializers: new Map([
      ['w', floats(w, weights)],
      ['flat', integers([1, size])],
      ['mix', floats([size, CLASSES], draw(mix, [size, CLASSES]))],
      ...Object.entries(constants),
    ]),
    nodes: [
      ...nodes,
      node('Reshape', ['y', 'flat'], 'flat_y'),
      node('Mul', ['x', 'flat_y'], 'xy'),
      node('MatMul', ['xy', 'mix'], 'logits'),
      node('Softmax', ['logits'], 'probabilities', { axis: -1 }),
    ],
  };
}

/** The largest relative error of the graph's gradient along some directions, against central differences. */
async function errorOf(name: string, seed: number): Promise<number> {
  const one = cases[name];
  const own = seededRandom(seed);
  const weights = draw(own, one.w).map(one.from ?? Number);
  const graph = graphOf(one, weights);
  const x = draw(own, [BATCH, sizeOf(one.y)]).map((value) => 2 * value);
  const targets = Float32Array.from({ length: BATCH * CLASSES }, (_, i) =>
    i % CLASSES === seed % CLASSES ? 1 : 0,
  );
  const share = new Float32Array(BATCH).fill(1 / BATCH);
  const built = trainingGraphs(graph, {
    batch: BATCH,
    trainable: ['w'],
    output: 'probabilities',
    optimizer: adamw,
  });
  if (!built.ok) throw new Error(built.error.text);
  const { gradient: backward } = built.value;
  const run = await session(backward);
  const lossAt = async (parameters: Float32Array) => {
    const feeds = { x, targets, weights: share, parameters, gradient: new Float32Array(parameters.length) };
    const out = await run(feeds);
    const [sum, loss] = backward.outputs.map((output) => out[output.name]);
    return { gradient: sum, loss: loss[0] };
  };
  const { gradient } = await lossAt(weights);
  const length = Math.hypot(...gradient);
  let worst = 0;
  for (let i = 0; i < 3; i++) {
    const direction = draw(own, one.w);
    // Near the gradient, so that the difference does not drown in float32's rounding.
    const along = direction.map((value, k) => 0.3 * value + gradient[k] / length);
    const central = await slope(async (at) => (await lossAt(at)).loss, weights, along, 0.02);
    const said = gradient.reduce((sum, value, k) => sum + value * along[k], 0);
    worst = Math.max(worst, Math.abs(said - central) / Math.max(Math.abs(central), length));
  }
  return worst;
}

describe('the gradient', () => {
  it.each(Object.keys(cases))('of %s is that of central differences, to a thousandth', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
        expect(await errorOf(name, seed)).toBeLessThan(1e-3);
      }),
      { seed: SEED, numRuns: 4 },
    );
  });

  it('is checked for every operator that has a rule', () => {
    const checked = new Set(Object.values(cases).flatMap(({ nodes }) => nodes.map(({ op }) => op)));
    expect(differentiable.filter((op) => !checked.has(op))).toEqual([]);
  });
});
