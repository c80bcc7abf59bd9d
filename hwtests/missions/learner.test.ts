/** The learner flies: what is seen, labelled, learned and adopted, over the link. */
import { describe, expect, it } from 'vitest';
import { topology as learner } from '../../fsw/missions/learner/topology';
import { findEurosat } from '../datasets/eurosat';
import { labelAll, shortFlight } from './learnerFlight';
import { rig } from './rig';

describe('the learner', () => {
  it.skipIf(findEurosat() === undefined)(
    'sees tiles, sends records, takes labels that come up, trains, reports and adopts; what was learned flies',
    async () => {
      const { fly, events, channel } = await rig({
        topology: learner,
        config: shortFlight,
        drift: 'aged',
        orbits: 0.06,
        prepare(self) {
          self.at(75, () => self.command('camera.STOP'));
          self.at(100, () => labelAll(self));
          self.at(125, () => self.command('referenceSet.TAKE', { path: 'uplink/pass-1.labels' }));
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
      expect(events('ReferenceTaken')).toMatchObject([{ taken: after.tiles }]);
      const measured = events('ReferenceMeasured').at(-1);
      expect(measured).toMatchObject({ version: 'aged-1', items: after.tiles });
      expect(measured?.accuracy).toBeCloseTo(Number(after.accuracy), 2);
      expect(measured?.flying).toBeCloseTo(Number(before.accuracy), 2);
      expect(channel('rateGroupFast.CycleSlips') ?? 0).toBe(0);
      // 8 W for the declared time of the work.
      expect(channel('fineTuner.EnergyJ')).toBeGreaterThan(10);
      expect(report.frames.captured).toBe(9);
    },
  );
});
