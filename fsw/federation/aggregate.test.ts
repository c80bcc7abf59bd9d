import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate, staleness } from './aggregate';
import { golden, hexFloats } from './testVectors';

const { mean } = golden;
const start = hexFloats(golden.values);
const contributions = mean.updates.map((update) => ({ ...update, delta: hexFloats(update.delta) }));

function closeTo(found: Float32Array, expected: Float32Array): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-7);
  });
}

describe('a mean of updates', () => {
  it('is what numpy gives in float64: federated averaging when all are fresh, polynomial staleness when not', () => {
    const fresh = aggregate(
      start,
      contributions.map((contribution) => ({ ...contribution, age: 0 })),
    );
    const aged = aggregate(start, contributions);
    if (!fresh.ok || !aged.ok) throw new Error('refused');
    closeTo(fresh.value, hexFloats(mean.fresh));
    closeTo(aged.value, hexFloats(mean.aged));
  });

  it('of fresh ones is the mean of the parameters by examples', () => {
    const value = fc.float({ min: -2, max: 2, noNaN: true });
    const one = fc.record({
      parameters: fc.array(value, { minLength: 5, maxLength: 5 }),
      examples: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 9 }), (nodes) => {
        const from = Float32Array.of(0.5, -1, 0, 0.25, 1);
        const done = aggregate(
          from,
          nodes.map(({ parameters, examples }) => ({
            delta: Float32Array.from(parameters, (parameter, i) => parameter - from[i]),
            examples,
            age: 0,
          })),
        );
        if (!done.ok) throw new Error(done.error.text);
        const all = nodes.reduce((sum, { examples }) => sum + examples, 0);
        done.value.forEach((found, i) => {
          const expected = nodes.reduce(
            (sum, { parameters, examples }) => sum + parameters[i] * (examples / all),
            0,
          );
          expect(Math.abs(found - expected)).toBeLessThan(1e-6);
        });
      }),
      { seed: 31, numRuns: 200 },
    );
  });

  it('counts one old update alone by its age, and the rest stays as it was', () => {
    const done = aggregate(Float32Array.of(1), [{ delta: Float32Array.of(1), examples: 7, age: 3 }]);
    expect(done).toEqual({ ok: true, value: Float32Array.of(1.5) });
    expect([0, 3, 8].map((age) => staleness(age))).toEqual([1, 0.5, 1 / 3]);
  });

  it('of nothing, or of other lengths, is refused', () => {
    const delta = new Float32Array(2);
    for (const given of [[], [{ delta, examples: 0, age: 0 }], [{ delta, examples: 1, age: 0 }]])
      expect(aggregate(new Float32Array(3), given)).toMatchObject({ error: { code: 'FED_LAYOUT' } });
  });
});
