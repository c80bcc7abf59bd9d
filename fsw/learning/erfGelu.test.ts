import { describe, expect, it } from 'vitest';
import { seededRandom } from '../framework/random';
import { withGelu } from './erfGelu';
import type { Graph, GraphNode } from './graph/graph';
import { draw, floats, node, session } from './testGraphs';

const initializers = new Map([
  ['one', floats([], [1])],
  ['half', floats([1], [0.5])],
  ['two', floats([], [2])],
  ['root', floats([], [Math.SQRT2])],
  ['inverse', floats([], [Math.SQRT1_2])],
]);
const share = [node('Div', ['x', 'root'], 'd'), node('Erf', ['d'], 'e'), node('Add', ['e', 'one'], 'a')];
const forms: Readonly<Record<string, readonly GraphNode[]>> = {
  'half of x first': [...share, node('Mul', ['x', 'half'], 'h'), node('Mul', ['h', 'a'], 'y')],
  'half of all last': [...share, node('Mul', ['a', 'x'], 'p'), node('Mul', ['half', 'p'], 'y')],
  'times 1/√2': [
    node('Mul', ['inverse', 'x'], 'd'),
    node('Erf', ['d'], 'e'),
    node('Add', ['one', 'e'], 'a'),
    node('Mul', ['half', 'x'], 'h'),
    node('Mul', ['a', 'h'], 'y'),
  ],
};

function graphOf(nodes: readonly GraphNode[]): Graph {
  const value = (name: string) => ({ name, type: 'float32' as const, shape: [64] });
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return {
    opset: 20,
    inputs: [value('x')],
    outputs: [value('y')],
    initializers: new Map([...initializers].filter(([name]) => read.has(name))),
    nodes,
  };
}

describe('withGelu', () => {
  it.each(Object.keys(forms))('finds a GELU written out (%s), and the values stay', async (form) => {
    const found = withGelu(forms[form], initializers);
    expect(found.at(-1)).toEqual(node('Gelu', ['x'], 'y'));
    const x = draw(seededRandom(1), [64]).map((value) => 4 * value);
    const [written, fused] = await Promise.all(
      [forms[form], [node('Gelu', ['x'], 'y')]].map(async (nodes) => (await session(graphOf(nodes)))({ x })),
    );
    for (const [i, value] of fused.y.entries()) expect(value).toBeCloseTo(written.y[i], 6);
  });

  it.each([
    ['another factor', [...share, node('Mul', ['x', 'two'], 'h'), node('Mul', ['h', 'a'], 'y')]],
    ['another value', [...share, node('Mul', ['d', 'half'], 'h'), node('Mul', ['h', 'a'], 'y')]],
    ['no half', [...share, node('Mul', ['x', 'a'], 'y')]],
  ])('leaves alone what only looks like one: %s', (_, nodes) => {
    expect(withGelu(nodes, initializers)).toEqual(nodes);
  });
});
