/** The learner in a federation: a task comes up as a file, is trained for, its update comes down as one, over the link. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkUpdate, defaultLimits, idOf, openTask, sealTask, vectorId } from '../../fsw/federation';
import { planTuning, type TuningChoice } from '../../fsw/learning';
import { topology as learner } from '../../fsw/missions/learner/topology';
import { hexOf, keyIdOf, ownKeyOf, publicHex, publicKeyOf } from '../../fsw/models';
import { projectRoot } from '../../fsw/root';
import { FileDownloads } from '../../ground-tools/files/fileDownload';
import { findEurosat } from '../datasets/eurosat';
import { ownSecret } from '../simulators/ownSecret';
import { labelAll, sendUp, shortFlight } from './learnerFlight';
import { rig } from './rig';

const SEED = 7;
const MODELS = join(projectRoot, 'fsw/missions/earth-watch/models');
const choice: TuningChoice = {
  what: 'head',
  batch: 16,
  optimizer: { kind: 'sgd', momentum: 0.9 },
  features: 'cached',
};

function landCover() {
  const weightsName = 'land-cover.safetensors';
  const [graph, weights] = ['land-cover.onnx', weightsName].map(
    (name) => new Uint8Array(readFileSync(join(MODELS, name))),
  );
  const plan = planTuning({ graph, weights, weightsName, output: 'probabilities' }, choice);
  if (!plan.ok) throw new Error(plan.error.text);
  return { base: idOf(weights), plan: plan.value };
}

function keyed(byte: number) {
  const key = ownKeyOf(new Uint8Array(32).fill(byte));
  return entryOf(key);
}

function entryOf(key: ReturnType<typeof ownKeyOf>) {
  const publicKey = publicKeyOf(publicHex(key));
  if (!publicKey.ok) throw new Error(publicKey.error.text);
  return { key, publicKey: publicKey.value, id: hexOf(keyIdOf(key)) };
}

describe('the learner in a federation', () => {
  it.skipIf(findEurosat() === undefined)(
    'trains for a task that came up, and sends one signed update down until it is acknowledged',
    async () => {
      const { base, plan } = landCover();
      const ground = keyed(1);
      const spacecraft = entryOf(ownKeyOf(ownSecret(SEED)));
      const folder = mkdtempSync(join(tmpdir(), 'perigee-updates-'));
      const downloads = new FileDownloads(folder);
      const came: Uint8Array[] = [];
      const given: Uint8Array[] = [];
      const flying = await rig({
        topology: learner,
        config: shortFlight,
        seed: SEED,
        orbits: 0.045,
        prepare(self) {
          self.ground.onFile = (packet) => {
            const taken = downloads.take(packet);
            if (!taken.ok || taken.value?.kind !== 'complete') return;
            const bytes = new Uint8Array(readFileSync(taken.value.path));
            came.push(bytes);
            self.at(1, () => self.command('federationNode.ACK', { update: idOf(bytes) }));
          };
          self.at(75, () => self.command('camera.STOP'));
          self.at(100, () => labelAll(self));
          self.at(101, () =>
            self.command('federationNode.TRUST', { node: 'ground', publicKey: publicHex(ground.key) }),
          );
          self.at(110, () => {
            const expiresMs = Math.round(self.flight.board.clock.epochUs / 1000) + 3_600_000;
            const task = {
              ...{
                run: 'survey',
                round: 1,
                node: 'learner',
                model: 'land-cover',
                base,
                choice,
                steps: 40,
                rate: 0.01,
                seed: 1,
              },
              layout: plan.parameters,
              coding: { kind: 'int8', block: 64 } as const,
              expiresMs,
            };
            for (const [name, made] of [
              ['one', task],
              ['two', { ...task, round: 2, base: '00'.repeat(32) }],
            ] as const) {
              const sealed = sealTask(made, ground.key);
              given.push(sealed);
              const up = () =>
                sendUp(self, `${name}.task`, sealed, (path) => self.command('federationNode.TASK', { path }));
              self.at(30 * given.length, up);
            }
          });
        },
      });
      const report = await flying.fly();
      rmSync(folder, { recursive: true });
      expect(report.faults).toEqual({});
      expect(flying.events('TaskAccepted')).toMatchObject([{ round: 1, steps: 40 }]);
      expect(flying.events('TaskRefused')).toMatchObject([{ code: 'FED_BASE' }]);
      const [{ update: made }] = flying.events('UpdateReady');
      expect(flying.events('UpdateDone')).toEqual([{ update: made, returned: false }]);
      expect(flying.channel('federationNode.UpdatesWaiting')).toBe(0);
      expect(came.map((bytes) => idOf(bytes).slice(0, 16))).toEqual([made]);
      // What the ground makes of it: everything fits, and the head moved.
      const opened = openTask(given[0], new Map([[ground.id, ground.publicKey]]));
      if (!opened.ok) throw new Error(opened.error.text);
      const { content: task, id } = opened.value;
      const accepted = checkUpdate(came[0], {
        tasks: new Map([[id, task]]),
        ownStart: vectorId(plan.initial),
        keys: new Map([[spacecraft.id, spacecraft.publicKey]]),
        nodes: new Map([['learner', spacecraft.id]]),
        taken: new Set(),
        round: 1,
        nowMs: task.expiresMs,
        limits: defaultLimits,
      });
      if (!accepted.ok) throw new Error(accepted.error.text);
      const { update, norm } = accepted.value;
      expect(norm).toBeGreaterThan(0);
      expect(update.examples).toBeGreaterThan(50);
      expect(update.metrics.accuracyAfter).toBeGreaterThan(0.5);
      // A byte for each of the head's parameters, and what surrounds them.
      expect(came[0].length).toBeLessThan(plan.initial.length + 800);
    },
  );
});
