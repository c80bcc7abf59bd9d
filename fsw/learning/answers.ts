/** What a model's logits say of labelled examples. */
import type { Example } from './examples';

export function totalWeight(batch: readonly Example[]): number {
  return batch.reduce((sum, { weight }) => sum + weight, 0);
}

export function rightOf(logits: Float32Array, batch: readonly Example[]): number {
  return batch.filter(({ target }, i) => isRight(logits, i, target)).length;
}

/** Whether row `row` of the logits has its largest value where the target has. */
export function isRight(logits: Float32Array, row: number, target: Float32Array): boolean {
  return largest(logits, row * target.length, target.length) === largest(target, 0, target.length);
}

/** −Σ t log softmax(logits), one item. */
export function crossEntropy(logits: Float32Array, target: Float32Array): number {
  const most = Math.max(...logits);
  const norm = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most;
  return logits.reduce((sum, value, c) => sum + target[c] * (norm - value), 0);
}

/** Index of the largest of `classes` values from `offset`. */
function largest(values: Float32Array, offset: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (values[offset + c] > values[offset + best]) best = c;
  return best;
}
