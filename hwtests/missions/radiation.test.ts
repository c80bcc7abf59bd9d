import { describe, expect, it } from 'vitest';
import { type Rig, rig } from './rig';

/** Some parameters are saved, so that there is something to hit. */
const saveParameters = ({ at, command }: Rig) => {
  at(60, () => command('comQueue.AgeingPerMinute_PRM_SET', { val: 0.02 }));
  at(61, () => command('comQueue.AgeingPerMinute_PRM_SAVE'));
};
const fly = async (radiationTargets?: string, radiation = 'x10000', prepare = saveParameters) => {
  const flight = await rig({
    prepare,
    ...(radiationTargets !== undefined && { radiation, radiationTargets }),
  });
  return { ...flight, report: await flight.fly() };
};

const detections = ({ ground }: Pick<Rig, 'ground'>) =>
  ground.received.flatMap(({ content }) =>
    content.kind === 'records' && content.name.endsWith('.Detection')
      ? content.records.map((record) => JSON.stringify(record))
      : [],
  );

describe('a flight under radiation', () => {
  it('finds the same, bit for bit, with hits on the parameters in memory and on their files', async () => {
    const calm = await fly();
    const { report, events, channel, deployment } = await fly('parameters', 'x1000000');
    expect(report.radiation?.hits.parameters.hits).toBeGreaterThan(100);
    expect(Number(channel('parameterStore.BitsCorrected'))).toBeGreaterThan(0);
    expect(Number(channel('parameterStore.FilesRepaired'))).toBeGreaterThan(0);
    expect(events('ParamMemoryLost')).toEqual([]);
    expect(report.detectionsSha256).toBe(calm.report.detectionsSha256);
    expect(report.faults).toEqual({});
    expect(deployment.units.get('parameterStore')?.faults).toBe(0);
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
    const once = await fly('parameters,queues');
    const again = await fly('parameters,queues');
    expect(JSON.stringify(again.report)).toBe(JSON.stringify(once.report));
  });
});
