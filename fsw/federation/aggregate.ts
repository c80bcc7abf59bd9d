/**
 * New parameters from those that all began with and what each learned:
 *
 *     x + Σ nᵢ s(aᵢ) δᵢ / Σ nᵢ,   s(a) = (1 + a)^−α
 *
 * n: examples; a: rounds behind. With all fresh this is federated averaging (H. B. McMahan et al., 2017), the mean of the
 * parameters by examples. An old update counts by the polynomial staleness of FedAsync (C. Xie, S. Koyejo and I. Gupta,
 * "Asynchronous Federated Optimization", 2019, arXiv:1903.03934, there α = 0.5): as there, what age takes from it goes to the
 * parameters as they were, not to the others, so that one old update alone does not count in full.
 */
import { fail, type Result, succeed } from '../errors';

export interface Contribution {
  readonly delta: Float32Array;
  readonly examples: number;
  /** 0: from the parameters that the mean is added to. */
  readonly age: number;
}

export const STALENESS_EXPONENT = 0.5;

export function staleness(age: number, exponent = STALENESS_EXPONENT): number {
  return (1 + age) ** -exponent;
}

/** Summed in float64, in the order given. Errors: FED_LAYOUT (other lengths, or no example at all). */
export function aggregate(
  start: Float32Array,
  contributions: readonly Contribution[],
  exponent = STALENESS_EXPONENT,
): Result<Float32Array> {
  const examples = contributions.reduce((sum, contribution) => sum + contribution.examples, 0);
  if (!(examples > 0))
    return fail('FED_LAYOUT', { what: 'a mean', found: `${examples} examples`, expected: 'some' });
  const sum = new Float64Array(start.length);
  for (const { delta, examples: count, age } of contributions) {
    if (delta.length !== start.length)
      return fail('FED_LAYOUT', { what: 'a delta', found: `${delta.length} values`, expected: start.length });
    const weight = (count * staleness(age, exponent)) / examples;
    delta.forEach((value, i) => {
      sum[i] += weight * value;
    });
  }
  return succeed(start.map((value, i) => value + sum[i]));
}
