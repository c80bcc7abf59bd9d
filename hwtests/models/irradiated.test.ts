import { expect, it } from 'vitest';
import { rig, shippedModels } from '../missions/rig';

const fly = async (radiation?: string) => {
  const flight = await rig({
    orbits: 0.3,
    ...(radiation !== undefined && { radiation, radiationTargets: 'store,golden' }),
  });
  return { ...flight, report: await flight.fly() };
};

it('hits on the model store, its check data and both golden copies change nothing of what comes down', async () => {
  const calm = await fly();
  // At 100,000 times one sky of four loses two pages between scrubs, with the same detections.
  const { report, channel } = await fly('x50000');
  expect(report.radiation?.hits.store.hits).toBeGreaterThan(100);
  expect(report.radiation?.hits.golden.hits).toBeGreaterThan(100);
  expect(Number(channel('modelStore.BitsCorrected'))).toBeGreaterThan(100);
  expect(channel('modelStore.PagesLost')).toBe(0);
  expect(channel('modelStore.ModelsGood')).toBe(shippedModels);
  expect(report.faults).toEqual({});
  expect(report.detectionsSha256).toBe(calm.report.detectionsSha256);
  expect(report.detections).toBeGreaterThan(0);
});
