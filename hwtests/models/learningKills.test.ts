import { expect, it } from 'vitest';
import { Witness } from './learningEngines';
import { learningKills } from './learningKills';

it('a spacecraft killed 6 times while it learns, under radiation, flies a signed version that passes its canary, and no step goes on from a damaged state', async () => {
  const report = await learningKills({ kills: 6, seed: 4 });
  expect(report.failures).toEqual([]);
  expect(report.promoted).toBeGreaterThan(0);
  expect(report.resumed).toBeGreaterThan(0);
  expect(report.hits.golden).toBeGreaterThan(0);
}, 60_000);

it('a hundred times that radiation leads back to checkpoints, never to a damaged one; the same seed gives the same report', async () => {
  const fly = () => learningKills({ kills: 2, seed: 5, factor: 1_000_000 });
  const report = await fly();
  expect(report.failures).toEqual([]);
  expect(report.trainingRollbacks).toBeGreaterThan(0);
  expect(await fly()).toEqual(report);
}, 60_000);

it('the witness tells states that no step gave, or none of a whole engine, and other beginnings', () => {
  const state = (value: number) => [Float32Array.of(value), Float32Array.of(1)];
  const witness = new Witness();
  witness.took([Float32Array.of(1), Float32Array.of(0)], 'base', true);
  witness.gave(state(2), true);
  witness.gave(state(3), false);
  witness.took(state(2), 'base', true);
  witness.took(state(3), 'base', false);
  expect(witness.faults).toEqual([]);
  witness.took(state(3), 'base', true);
  witness.took(state(4), 'base', false);
  witness.took([Float32Array.of(2), Float32Array.of(0)], 'base', false);
  expect(witness.faults).toHaveLength(3);
});
