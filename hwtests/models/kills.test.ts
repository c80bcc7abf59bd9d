import { expect, it } from 'vitest';
import { killRun } from './killRun';

it('a spacecraft killed at 12 instants of changing its models boots a signed good one each time', async () => {
  const report = await killRun({ kills: 12, seed: 3 });
  expect(report.failures).toEqual([]);
  expect(report.versions).toBeGreaterThan(1);
}, 180_000);
