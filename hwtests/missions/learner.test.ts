/** The learner flies: what is seen, labelled, learned and adopted, over the link. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../fsw/framework';
import type { TileRecord as TileRecordType } from '../../fsw/learning';
import { type Label, writeLabels } from '../../fsw/learning/labels';
import { topology as learner } from '../../fsw/missions/learner/topology';
import { findEurosat } from '../datasets/eurosat';
import { type Rig, rig } from './rig';
import { upload } from './upload';

const CLASSES = [
  'AnnualCrop',
  'Forest',
  'HerbaceousVegetation',
  'Highway',
  'Industrial',
  'Pasture',
  'PermanentCrop',
  'Residential',
  'River',
  'SeaLake',
];
/** One image of the network is enough where nothing hits it; frames come fast, so that the flight is short. */
const config = {
  camera: { PeriodS: 10, MinSunDeg: -90 },
  inference: { Guard: 'CANARY' },
  fineTuner: { providers: 'cpu', CheckpointSteps: 25 },
};

type TileRecord = Value<typeof TileRecordType>;

/** Labels of the tiles whose records came down, frame by frame: every third is for reference. */
function labelsHeard({ ground, flight }: Rig): Label[] {
  const frames = new Map<number, number[]>();
  for (const { content } of ground.received) {
    if (content.kind !== 'records' || !content.name.endsWith('.Tile')) continue;
    for (const { tile, seconds } of content.records as TileRecord[])
      frames.set(seconds, [...(frames.get(seconds) ?? []), tile]);
  }
  const times = [...frames.keys()].sort((one, other) => one - other);
  return times.flatMap((seconds, n) => {
    const ids = (frames.get(seconds) ?? []).sort((one, other) => one - other);
    const shown = flight.tiles.shown(n);
    if (ids.length !== shown.length) return [];
    return ids.map((tile, place): Label => {
      const says = CLASSES.indexOf(shown[place]);
      return { tile, says, weight: 1, use: place % 3 === 0 ? 'reference' : 'train' };
    });
  });
}

describe('the learner', () => {
  it.skipIf(findEurosat() === undefined)(
    'sees tiles, sends records, takes labels that come up, trains, reports and adopts; what was learned flies',
    async () => {
      const { fly, events, channel } = await rig({
        topology: learner,
        config,
        drift: 'aged',
        orbits: 0.06,
        prepare(self) {
          self.at(75, () => self.command('camera.STOP'));
          self.at(100, () => {
            const made = writeLabels({
              name: 'pass-1',
              model: 'land-cover',
              classes: CLASSES,
              entries: labelsHeard(self),
            });
            if (!made.ok) throw new Error(made.error.text);
            const going = upload(self.ground, 'pass-1.labels', made.value);
            const turn = () => {
              const path = going();
              if (path === undefined) self.at(1, turn);
              else self.command('fineTuner.TAKE_LABELS', { path });
            };
            turn();
          });
          self.at(130, () =>
            self.command('fineTuner.TRAIN', {
              what: 'HEAD',
              rank: 0,
              batch: 32,
              steps: 100,
              rate: 0.01,
              seed: 1,
            }),
          );
          self.at(190, () => self.command('fineTuner.ADOPT', { version: 'aged-1', force: false }));
          self.at(240, () => self.command('modelStore.PROMOTE', { model: 'land-cover' }));
          self.at(300, () => self.command('camera.CAPTURE'));
        },
      });
      const report = await fly();
      expect(report.faults).toEqual({});
      expect(events('LabelsTaken')).toMatchObject([{ name: 'pass-1' }]);
      const [before, after] = events('Measured');
      expect(after.accuracy).toBeGreaterThan(Number(before.accuracy));
      expect(events('JobDone')).toMatchObject([{ steps: 100, rollbacks: 0 }]);
      const [adopted] = events('Adopted');
      expect(adopted.bytes).toBeLessThan(20_000);
      expect(events('InstallEnded')).toMatchObject([{ installed: true }]);
      expect(events('ModelPromoted').at(-1)).toMatchObject({ version: 'aged-1', serial: adopted.serial });
      expect(channel('rateGroupFast.CycleSlips') ?? 0).toBe(0);
      // 8 W for the declared time of the work.
      expect(channel('fineTuner.EnergyJ')).toBeGreaterThan(10);
      expect(report.frames.captured).toBe(9);
    },
  );
});
