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
    json: JSON.stringify(report),
  };
}

describe("hits on the runtime's own copies of the weights, in flight", () => {
  it('are flagged and redone, change nothing of what comes down, and are the same in each flight', async () => {
    const [clean, hit, again] = [await fly(), await fly('x2000'), await fly('x2000')];
    expect(clean.events('ResultSuspect')).toEqual([]);
    expect(hit.hits).toBeGreaterThan(50);
    const flagged = hit.events('ResultSuspect').length;
    expect(flagged).toBeGreaterThan(10);
    expect(hit.channel('inference.ResultsRedone')).toBe(flagged);
    expect(hit.events('FrameRedone')).toHaveLength(flagged);
    expect(hit.judged).toEqual(clean.judged);
    expect(again.json).toBe(hit.json);
  });

  it('show without twins: other records come down, and no event says so', async () => {
    const unguarded = ({ command, at }: Rig) => {
      at(65, () => command('inference.Guard_PRM_SET', { val: 'NONE' }));
      for (const model of ['cloud-screener', 'surface-vit'])
        at(70, () => command('inference.SWAP', { model }));
    };
    const [clean, hit] = [await fly(undefined, unguarded), await fly('x2000', unguarded)];
    expect(hit.events('ResultSuspect')).toEqual([]);
    expect(hit.judged.records).not.toEqual(clean.judged.records);
  });
});
