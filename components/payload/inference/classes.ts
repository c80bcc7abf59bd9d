/** What a model says of each item: the class, and how sure it is. */
import type { StoredModel } from '../ports';
import type { Outputs } from './engine';

export interface Said {
  readonly best: number;
  readonly confidence: number;
}

/** The output that has a value for each class; undefined for a model without classes. */
export function classOutput({
  classes,
  outputs,
}: Pick<StoredModel, 'classes' | 'outputs'>): string | undefined {
  if (classes.length < 2) return undefined;
  return outputs.find(({ shape }) => shape.length === 2 && shape[1] === classes.length)?.name;
}

/** Item by item the largest value of `name`, and which it is; none where the output is not as it must be. */
export function saidOf(outputs: Outputs, name: string, classes: number, count: number): Said[] {
  const values = outputs[name];
  if (values?.length !== count * classes) return [];
  return Array.from({ length: count }, (_, item) => {
    const of = values.subarray(item * classes, (item + 1) * classes);
    const best = of.reduce((most, value, i) => (value > of[most] ? i : most), 0);
    return { best, confidence: of[best] };
  });
}
