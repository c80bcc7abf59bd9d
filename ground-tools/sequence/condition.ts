import type { Comparison } from '../../fsw/sequences';
import type { SourceCondition } from './source';

/** Reads `channel comparison value`, the value as JSON or as bare text; undefined when it is none. */
export function parseCondition(text: string): SourceCondition | undefined {
  const [, channel, comparison, value] = text.match(/^\s*([\w.]+)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*$/) ?? [];
  if (channel === undefined) return undefined;
  return { channel, comparison: comparison as Comparison, value: plainValue(value) };
}

/** Quoted text loses its quotes; all else stays text, which the channel's type reads (no digit of a U64 is lost). */
function plainValue(text: string): string {
  const [, , quoted] = text.match(/^(["'])(.*)\1$/) ?? [];
  return quoted ?? text;
}
