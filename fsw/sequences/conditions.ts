import type { Dictionary } from '../framework';
import { decode, type Type } from '../framework';
import type { Comparison, Condition } from './types';

/** Why values of this type cannot be compared so; undefined when they can. */
export function objection(type: Type<unknown>, comparison: Comparison): string | undefined {
  if (type.kind === 'integer' || type.kind === 'float') return undefined;
  const equality = comparison === '==' || comparison === '!=';
  if (type.kind !== 'enum' && type.kind !== 'bool' && type.kind !== 'string')
    return `a ${type.kind} cannot be compared`;
  return equality ? undefined : `a ${type.kind} has no order: == or != only`;
}

/** Whether the condition holds for a channel's latest value; undefined when either cannot be read. */
export function holds(condition: Condition, dictionary: Dictionary, bytes: Uint8Array): boolean | undefined {
  const type = dictionary.channels.find(({ id }) => id === condition.channel)?.type;
  if (type === undefined) return undefined;
  const [value, wanted] = [decode(type, bytes), decode(type, condition.value)];
  return value.ok && wanted.ok ? compare(value.value, condition.comparison, wanted.value) : undefined;
}

/** `a` and `b` are of one type that can be compared so. */
function compare(a: unknown, comparison: Comparison, b: unknown): boolean {
  const [left, right] = [a as number, b as number];
  switch (comparison) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>=':
      return left >= right;
    case '>':
      return left > right;
  }
}
