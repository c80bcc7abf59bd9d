/** Sequences on the ground: written as YAML or TypeScript, compiled and checked against the dictionary. */
import type { Dictionary } from '../../fsw/framework/dictionary';
import { type Compiled, compileSequence } from './compile';
import { parseSequence } from './yaml';

export { readSequence, writeSequence } from '../../fsw/sequences';
export { type SequenceBuilder, sequence } from './builder';
export { type Compiled, compileSequence } from './compile';
export { listSequence } from './list';
export type { SequenceSource, SourceCondition, SourceStep } from './source';
export { type Parsed, parseSequence } from './yaml';

/** YAML text to a compiled sequence; `writeSequence` makes the file that goes up. */
export function compileYaml(text: string, dictionary: Dictionary, file?: string): Compiled {
  const parsed = parseSequence(text, file);
  return parsed.ok ? compileSequence(parsed.value, dictionary) : parsed;
}
