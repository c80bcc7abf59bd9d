import { describe, expect, it } from 'vitest';
import { type Rig, rig } from './rig';

/** To the end of the third pass, so that all is down. */
const ORBITS = 0.46;

async function fly(radiation?: string, prepare?: (rig: Rig) => void) {
  const mission = await rig({
    orbits: ORBITS,
    prepare,
    ...(radiation && { radiation, radiationTargets: 'runtime' }),
  });
  const report = await mission.fly();
  const records = mission.ground.received.flatMap(({ content }) =>
    content.kind === 'records' ? [content.records] : [],
  );
  const { detections, detectionsSha256, frames, accuracy, inference, faults } = report;
  return {
    ...mission,
    /** What may not depend on radiation. */
    judged: { detections, detectionsSha256, frames, accuracy, inference, faults, records },
    hits: report.radiation?.hits.runtime.hits ?? 0,
  };
}

describe("hits on the runtime's own copies of the weights, in flight", () => {
  it('are flagged frame by frame and change nothing of what comes down; without twins they do, and no event says so', async () => {
    const clean = await fly();
    expect(clean.events('ResultSuspect')).toEqual([]);

    const hit = await fly('x2000');
    expect(hit.hits).toBeGreaterThan(50);
    const flagged = hit.events('ResultSuspect').length;
    expect(flagged).toBeGreaterThan(10);
    expect(hit.channel('inference.ResultsRedone')).toBe(flagged);
    expect(hit.events('FrameRedone')).toHaveLength(flagged);
    expect(hit.judged).toEqual(clean.judged);

    const alone = await fly('x2000', ({ command, at }) => {
      at(65, () => command('inference.Guard_PRM_SET', { val: 'NONE' }));
      for (const model of ['cloud-screener', 'surface-vit'])
        at(70, () => command('inference.SWAP', { model }));
    });
    expect(alone.events('ResultSuspect')).toEqual([]);
    expect(alone.judged.records).not.toEqual(clean.judged.records);
  }, 180_000);
});
