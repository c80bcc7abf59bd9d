/** Gradients of what works element by element, broadcasts included. */

import type { Builder } from '../graph/builder';
import { integer } from '../graph/graph';
import type { GradientRule } from './rule';

const TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);
const ROOT_HALF = Math.SQRT1_2;
const DENSITY = 1 / Math.sqrt(2 * Math.PI);

/** f'(x) from input and output. */
type Derivative = (b: Builder, x: string, y: string) => string;

function unary(derivative: Derivative): GradientRule {
  return ({ node, b }, gradient) => [b.op('Mul', [gradient, derivative(b, node.inputs[0], node.outputs[0])])];
}

const add: GradientRule = ({ node, b, needs }, gradient) =>
  node.inputs.map((input, i) => (needs(i) ? b.summedTo(gradient, b.shape(input)) : undefined));

const sub: GradientRule = ({ node: { inputs }, b, needs }, gradient) => [
  needs(0) ? b.summedTo(gradient, b.shape(inputs[0])) : undefined,
  needs(1) ? b.op('Neg', [b.summedTo(gradient, b.shape(inputs[1]))]) : undefined,
];

const mul: GradientRule = ({ node: { inputs }, b, needs }, gradient) =>
  inputs.map((input, i) =>
    needs(i) ? b.summedTo(b.op('Mul', [gradient, inputs[1 - i]]), b.shape(input)) : undefined,
  );

/** y = a / b: by a, g / b; by b, −(g / b) y. */
const div: GradientRule = ({ node: { inputs, outputs }, b, needs }, gradient) => {
  const quotient = b.op('Div', [gradient, inputs[1]]);
  return [
    needs(0) ? b.summedTo(quotient, b.shape(inputs[0])) : undefined,
    needs(1) ? b.op('Neg', [b.summedTo(b.op('Mul', [quotient, outputs[0]]), b.shape(inputs[1]))]) : undefined,
  ];
};

/** erf'(x) = 2/√π exp(−x²). */
const erf: Derivative = (b, x) =>
  b.op('Mul', [b.op('Exp', [b.op('Neg', [b.op('Mul', [x, x])])]), b.floats(TWO_BY_ROOT_PI)]);

/** Φ(x) + x φ(x); by the approximation with tanh where the node says so. */
const gelu: GradientRule = ({ node, b }, gradient) => {
  const [x] = node.inputs;
  if (node.attributes.approximate === 'tanh') return [b.op('Mul', [gradient, tanhGelu(b, x)])];
  const bell = b.op('Exp', [b.op('Mul', [b.op('Mul', [x, x]), b.floats(-0.5)])]);
  const slope = b.op('Add', [normalShare(b, x), b.op('Mul', [b.op('Mul', [x, bell]), b.floats(DENSITY)])]);
  return [b.op('Mul', [gradient, slope])];
};

/** Φ(x) = ½ erf(x / √2) + ½. */
export function normalShare(b: Builder, x: string): string {
  const half = b.floats(0.5);
  return b.op('Add', [b.op('Mul', [b.op('Erf', [b.op('Mul', [x, b.floats(ROOT_HALF)])]), half]), half]);
}

/** ½(1 + t) + ½ x (1 − t²) u', t = tanh u, u = √(2/π)(x + 0.044715 x³). */
function tanhGelu(b: Builder, x: string): string {
  const root = b.floats(Math.sqrt(2 / Math.PI));
  const [one, half] = [b.floats(1), b.floats(0.5)];
  const square = b.op('Mul', [x, x]);
  const inner = b.op('Add', [one, b.op('Mul', [square, b.floats(0.044715)])]);
  const t = b.op('Tanh', [b.op('Mul', [b.op('Mul', [x, inner]), root])]);
  const slope = b.op('Mul', [b.op('Add', [one, b.op('Mul', [square, b.floats(3 * 0.044715)])]), root]);
  const bend = b.op('Mul', [b.op('Sub', [one, b.op('Mul', [t, t])]), b.op('Mul', [x, slope])]);
  return b.op('Mul', [half, b.op('Add', [b.op('Add', [one, t]), bend])]);
}

/** x^c with a constant exponent. */
const pow: GradientRule = ({ node: { inputs }, b, needs }, gradient) => {
  const exponent = b.constant(inputs[1])?.data;
  const c = exponent instanceof Float32Array && exponent.length === 1 ? exponent[0] : undefined;
  if (c === undefined || needs(1)) return [];
  const lower = c === 2 ? inputs[0] : b.op('Pow', [inputs[0], b.floats(c - 1)]);
  return [b.op('Mul', [gradient, b.op('Mul', [lower, b.floats(c)])])];
};

const cast: GradientRule = ({ node }, gradient) => (integer(node, 'to', 0) === 1 ? [gradient] : []);

export const elementwise: Readonly<Record<string, GradientRule>> = {
  Identity: (_, gradient) => [gradient],
  Cast: cast,
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: div,
  Pow: pow,
  Gelu: gelu,
  Neg: ({ b }, gradient) => [b.op('Neg', [gradient])],
  Erf: unary(erf),
  Exp: unary((_, __, y) => y),
  Log: ({ node, b }, gradient) => [b.op('Div', [gradient, node.inputs[0]])],
  Sqrt: ({ node, b }, gradient) => [b.op('Div', [b.op('Mul', [gradient, b.floats(0.5)]), node.outputs[0]])],
  Tanh: unary((b, _, y) => b.op('Sub', [b.floats(1), b.op('Mul', [y, y])])),
  Sigmoid: unary((b, _, y) => b.op('Mul', [y, b.op('Sub', [b.floats(1), y])])),
  Relu: unary((b, _, y) => b.op('Sign', [y])),
};
