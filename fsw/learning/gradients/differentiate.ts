/** Reverse-mode differentiation over a graph: the nodes of the way forward in reverse, emitting only what is asked for. */
import { fail } from '../../errors';
import { type Builder, GraphFailure } from '../graph/builder';
import type { GraphNode } from '../graph/graph';
import { elementwise } from './elementwise';
import { layout } from './layout';
import { linear } from './linear';
import { normal } from './normal';
import type { GradientRule } from './rule';

const rules: Readonly<Record<string, GradientRule>> = { ...elementwise, ...linear, ...layout, ...normal };

export const differentiable: readonly string[] = Object.keys(rules).sort();

/**
 * Gradients by `targets` of a loss whose gradients by some values are given (`seeds`). `forward` are the nodes in the
 * builder, in order. Nothing is computed for frozen weights, nothing below the lowest target. A target on which the loss does
 * not depend has no entry. Throws GraphFailure: GRADIENT_OPERATOR names an operator, or a use of one, that has no rule.
 */
export function differentiate(
  b: Builder,
  forward: readonly GraphNode[],
  seeds: ReadonlyMap<string, string>,
  targets: ReadonlySet<string>,
): Map<string, string> {
  const needed = new Set(targets);
  for (const { inputs, outputs } of forward)
    if (inputs.some((name) => needed.has(name))) for (const name of outputs) needed.add(name);
  const gradients = new Map(seeds);
  for (const node of [...forward].reverse()) {
    if (!node.inputs.some((name) => needed.has(name))) continue;
    const own = node.outputs.map((name) => gradients.get(name));
    if (own.every((gradient) => gradient === undefined)) continue;
    const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
    const needs = (input: number) => needed.has(node.inputs[input]);
    const given = rule?.({ node, b, gradients: own, needs }, own[0] ?? '');
    node.inputs.forEach((name, i) => {
      if (!needs(i)) return;
      const part = given?.[i];
      if (part === undefined) throw new GraphFailure(refusal(node));
      const before = gradients.get(name);
      gradients.set(name, before === undefined ? part : b.op('Add', [before, part]));
    });
  }
  return new Map([...targets].flatMap((name) => pairOf(name, gradients.get(name))));
}

function pairOf(name: string, gradient: string | undefined): [string, string][] {
  return gradient === undefined ? [] : [[name, gradient]];
}

function refusal({ op, outputs }: GraphNode) {
  return fail('GRADIENT_OPERATOR', { operator: op, output: outputs[0], known: differentiable.join(', ') });
}
