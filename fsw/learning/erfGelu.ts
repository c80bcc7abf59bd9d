/** GELU as exporters write it, in five operators, becomes the one that onnxruntime has a kernel for. */
import type { GraphNode, Initializer } from './graph/graph';

/**
 * ½ x (1 + erf(x / √2)), in whichever order it is multiplied, as `Gelu` (operator set 20): one pass instead of five, and one
 * value that the way back reads instead of six. What else reads the parts still finds them.
 */
export function withGelu(
  nodes: readonly GraphNode[],
  initializers: ReadonlyMap<string, Initializer>,
): GraphNode[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const isScalar = (name: string, value: number) => {
    const data = initializers.get(name)?.data;
    return data instanceof Float32Array && data.length === 1 && Math.abs(data[0] / value - 1) < 1e-6;
  };
  /** The other operand of `name`, if a node `op` gives it and its one operand is this constant. */
  const beside = (name: string, op: string, value: number): string | undefined => {
    const node = producers.get(name);
    if (node?.op !== op) return undefined;
    const [a, b] = node.inputs;
    if (isScalar(b, value)) return a;
    return op !== 'Div' && isScalar(a, value) ? b : undefined;
  };
  /** x of 1 + erf(x / √2). */
  const twiceShareOf = (name: string): string | undefined => {
    const erf = beside(name, 'Add', 1);
    const node = erf === undefined ? undefined : producers.get(erf);
    if (node?.op !== 'Erf') return undefined;
    return beside(node.inputs[0], 'Div', Math.SQRT2) ?? beside(node.inputs[0], 'Mul', Math.SQRT1_2);
  };
  /** x of x (1 + erf(x / √2)), where `halved` x has been halved already. */
  const product = (name: string, halved: boolean): string | undefined => {
    const node = producers.get(name);
    if (node?.op !== 'Mul') return undefined;
    for (const [left, right] of [node.inputs, [...node.inputs].reverse()]) {
      const x = twiceShareOf(right);
      if (x !== undefined && (halved ? beside(left, 'Mul', 0.5) : left) === x) return x;
    }
    return undefined;
  };
  return nodes.map((node) => {
    if (node.op !== 'Mul') return node;
    const whole = beside(node.outputs[0], 'Mul', 0.5);
    const x = product(node.outputs[0], true) ?? (whole === undefined ? undefined : product(whole, false));
    return x === undefined ? node : { op: 'Gelu', inputs: [x], outputs: node.outputs, attributes: {} };
  });
}
