import { describe, expect, it } from 'vitest';
import { type Rig, rig } from './rig';

/** Some parameters are saved, so that there is something to hit. */
const saveParameters = ({ at, command }: Rig) => {
  at(60, () => command('comQueue.AgeingPerMinute_PRM_SET', { val: 0.02 }));
  at(61, () => command('comQueue.AgeingPerMinute_PRM_SAVE'));
};
/** To the end of the third pass, so that all is down. */
const ORBITS = 0.46;

async function fly(radiationTargets?: string, radiation = 'x10000', orbits = ORBITS) {
  const flight = await rig({
    orbits,
    prepare: saveParameters,
    ...(radiationTargets !== undefined && { radiation, radiationTargets }),
  });
  return { ...flight, report: await flight.fly() };
}

const detections = ({ ground }: Pick<Rig, 'ground'>) =>
  ground.received.flatMap(({ content }) =>
    content.kind === 'records' && content.name.endsWith('.Detection')
      ? content.records.map((record) => JSON.stringify(record))
      : [],
  );

describe('a flight under radiation', { timeout: 180_000 }, () => {
  it('finds the same, bit for bit, with hits on the store, its golden copies and the parameters', async () => {
    const calm = await fly(undefined, undefined, 1);
    const { report, events } = await fly('store,golden,parameters', 'x10000', 1);
    const { hits, healed, map } = report.radiation ?? {};
    expect(hits?.store.hits).toBeGreaterThan(1000);
    expect(hits?.golden.hits).toBeGreaterThan(1000);
    expect(hits?.parameters.hits).toBeGreaterThan(20);
    expect(healed?.storeBitsBySecded).toBeGreaterThan(1000);
    expect(healed?.storePagesLost).toBe(0);
    expect(events('ModelRejected')).toEqual([]);
    expect(map?.healedByScrubber?.flat().some((count) => count > 0)).toBe(true);
    expect(report.detections).toBeGreaterThan(0);
    expect(report.detectionsSha256).toBe(calm.report.detectionsSha256);
    expect(report.accuracy).toEqual(calm.report.accuracy);
    expect(report.faults).toEqual({});
  });

  it('flags and redoes every suspect result with hits on the runtimes too, and finds the same', async () => {
    const calm = await fly();
    const { report } = await fly('store,golden,parameters,runtime');
    const { hits, healed } = report.radiation ?? {};
    expect(hits?.runtime.hits).toBeGreaterThan(1000);
    expect(healed?.resultsSuspect).toBeGreaterThan(0);
    expect(healed?.resultsRedone).toBe(healed?.resultsSuspect);
    expect(report.inference.errors).toBe(0);
    expect(report.detectionsSha256).toBe(calm.report.detectionsSha256);
    expect(report.accuracy).toEqual(calm.report.accuracy);
  });

  it('finds the same with a hundred times as many hits on the parameters, in memory and on file', async () => {
    const calm = await fly();
    const { report, events, channel } = await fly('parameters', 'x1000000');
    expect(report.radiation?.hits.parameters.hits).toBeGreaterThan(100);
    expect(Number(channel('parameterStore.BitsCorrected'))).toBeGreaterThan(0);
    expect(Number(channel('parameterStore.FilesRepaired'))).toBeGreaterThan(0);
    expect(events('ParamMemoryLost')).toEqual([]);
    expect(report.detectionsSha256).toBe(calm.report.detectionsSha256);
    expect(report.faults).toEqual({});
  });

  it('drops what was hit in the downlink store, and sends nothing that was', async () => {
    const calm = new Set(detections(await fly()));
    const { report, channel, ground } = await fly('queues', 'x200000');
    expect(report.radiation?.hits.queues.hits).toBeGreaterThan(10);
    expect(Number(channel('comQueue.Damaged'))).toBeGreaterThan(0);
    expect(ground.unreadable).toBe(0);
    expect(report.faults).toEqual({});
    const arrived = detections({ ground });
    expect(arrived.length).toBeGreaterThan(0);
    expect(arrived.filter((record) => !calm.has(record))).toEqual([]);
  });

  it('is the same flight twice', async () => {
    const once = await fly('store,golden,parameters,queues', 'x10000', 0.2);
    const again = await fly('store,golden,parameters,queues', 'x10000', 0.2);
    expect(once.report.radiation?.hits.store.hits).toBeGreaterThan(100);
    expect(JSON.stringify(again.report)).toBe(JSON.stringify(once.report));
  });
});
