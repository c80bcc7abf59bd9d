import { describe, expect, it } from 'vitest';
import { onnxEngine } from '../../components/payload/inference/onnxEngine';
import { seededRandom } from '../../fsw/framework/random';
import { irradiatedEngine } from '../simulators/radiation/irradiatedEngine';
import { rig } from './rig';

const ORBITS = 0.4;

/** Flies the mission; each `everyS` an event upsets 1 to 4 neighbouring bits of a live copy of some model's weights. */
async function fly(everyS?: number) {
  const engine = irradiatedEngine(onnxEngine());
  const random = seededRandom(5, 'live copies');
  let hits = 0;
  const mission = await rig({
    orbits: ORBITS,
    config: { inference: { engine: () => engine } },
    prepare({ flight }) {
      if (everyS === undefined) return;
      flight.board.clock.every(everyS * 1e6, () => {
        const copies = engine.copies();
        if (copies.length === 0) return;
        const copy = copies[random.integer(copies.length)];
        hits += copy.flip(random.integer(copy.bits), 1 + random.integer(4));
      });
    },
  });
  const { detections, frames, accuracy, inference, faults } = await mission.fly();
  const records = mission.ground.received.flatMap(({ content }) =>
    content.kind === 'records' ? [content.records] : [],
  );
  const flagged = mission.events('ResultSuspect').length;
  const redone = mission.channel('inference.ResultsRedone');
  const judged = { detections, frames, accuracy, inference, faults, records };
  return { judged, hits, flagged, redone, frames: mission.events('FrameRedone').length };
}

describe("hits on the runtime's own copies, in flight", () => {
  it('are flagged and redone, and change nothing of what comes down', async () => {
    const clean = await fly();
    expect(clean.flagged).toBe(0);
    const hit = await fly(20);
    expect(hit.hits).toBeGreaterThan(100);
    expect(hit.flagged).toBeGreaterThan(10);
    expect(hit.redone).toBe(hit.flagged);
    expect(hit.frames).toBe(hit.flagged);
    expect(hit.judged).toEqual(clean.judged);
  });
});
