import { describe, expect, it } from 'vitest';
import { rig } from './rig';

describe('the reference mission', () => {
  it('flies an orbit on real pixels and keeps what it promises', async () => {
    const { fly, ground } = await rig();
    const report = await fly();
    const { frames, bytes, accuracy, inference, latencyMs } = report;
    expect(frames.captured).toBeGreaterThan(20);
    expect(frames.kept + frames.clouded + frames.dark + frames.failed).toBe(frames.captured);
    expect(frames.clouded).toBeGreaterThan(0);
    expect(report.detections).toBeGreaterThan(0);
    expect(bytes.ratio).toBeGreaterThanOrEqual(1000);
    expect(accuracy.cloud).toBeGreaterThanOrEqual(0.95);
    expect(accuracy.water).toBeGreaterThanOrEqual(0.95);
    expect(accuracy.detail.cloud.tiles).toBe(frames.captured * 16);
    expect(inference).toEqual({
      provider: 'cpu',
      runs: 2 * frames.captured - frames.clouded,
      errors: 0,
      deadlinesMissed: 0,
    });
    expect(latencyMs.p50).toBeLessThan(latencyMs.p99 ?? 0);
    expect(report.passes).toHaveLength(5);
    expect(report.commands).toEqual({ sent: 5, completed: 5 });
    expect(report.faults).toEqual({});
    expect(report.unreadablePackets).toBe(0);
    expect(bytes.link.framesLost).toBe(0);
    expect(ground.received.some(({ content }) => content.kind === 'channels')).toBe(true);
  });

  it('makes the same report twice, byte for byte, and another one from another seed', async () => {
    const fly = async (seed: number) => JSON.stringify(await (await rig({ seed })).fly());
    const first = await fly(7);
    expect(await fly(7)).toBe(first);
    expect(await fly(8)).not.toBe(first);
  });

  it('says at boot who it is: version and dictionary hash', async () => {
    const { fly, events, deployment } = await rig({ orbits: 0.05 });
    await fly();
    expect(events('Booted')).toEqual([{ version: '0.1.0', dictionaryHash: deployment.dictionary.hash }]);
  });

  it('does by command what its parameters allow: another watch list brings other detections', async () => {
    const watchWater = 0b100;
    const { fly, events } = await rig({
      orbits: 0.2,
      prepare: ({ at, command }) =>
        at(65, () => command('productPacker.WatchMask_PRM_SET', { val: watchWater })),
    });
    const { detections } = await fly();
    const shores = (await (await rig({ orbits: 0.2 })).fly()).detections;
    expect(events('OpCodeCompleted').length).toBeGreaterThan(0);
    expect(detections).not.toBe(shores);
  });
});
