import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleOf } from '../../components/payload/modelStore/testStore';
import { ENVELOPE_HEAD_BYTES, readManifest } from '../../fsw/models';
import { sha256Hex, testKeys } from '../../fsw/models/testModel';
import { projectRoot } from '../../fsw/root';
import { rig } from './rig';

const MODEL = 'surface-vit';
const read = (file: string) =>
  new Uint8Array(readFileSync(join(projectRoot, 'fsw/missions/earth-watch/models', file)));

const flown = readManifest(read(`${MODEL}.manifest`).subarray(ENVELOPE_HEAD_BYTES), MODEL);
if (!flown.ok) throw new Error(flown.error.text);
const manifest = flown.value;

/** Another version of the mission's own network, signed by `key`; `change` changes its weights before they are hashed. */
function bundle(
  serial: number,
  key: ReturnType<typeof testKeys>['key'],
  change: (weights: Uint8Array) => void = () => undefined,
): Uint8Array {
  const weights = read(manifest.weights.path);
  change(weights);
  const file = { ...manifest.weights, sha256: sha256Hex(weights) };
  const next = { ...manifest, serial, version: `${serial}.0.0`, weights: file };
  return bundleOf({ manifest: next, graph: read(manifest.graph.path), weights }, key);
}

describe('a version of a model that is uplinked', () => {
  it('flies once the runtime has proven it; one whose outputs stray is refused, and the old one flies on', async () => {
    const owner = testKeys();
    const good = manifest.serial + 1;
    const spoilt = manifest.serial + 2;
    const { fly, events, channel } = await rig({
      orbits: 0.14,
      board(board) {
        board.storage.write('model-keys.pem', Buffer.from(owner.publicPem));
        board.files.write('good.model', 0, bundle(good, owner.key));
        // A tenth of the weights is zero: signed, whole, and wrong.
        const spoil = (weights: Uint8Array) => void weights.fill(0, -weights.length / 10);
        board.files.write('spoilt.model', 0, bundle(spoilt, owner.key, spoil));
        return board;
      },
      prepare({ at, command }) {
        at(60, () => command('modelStore.INSTALL', { path: 'good.model' }));
        at(150, () => command('modelStore.PROMOTE', { model: MODEL }));
        at(250, () => command('modelStore.INSTALL', { path: 'spoilt.model' }));
        at(350, () => command('modelStore.PROMOTE', { model: MODEL }));
        at(450, () => command('modelStore.ROLLBACK', { model: MODEL }));
      },
    });
    const report = await fly();
    const loads = events('ModelLoaded').filter(({ model }) => model === MODEL);
    expect(loads.map(({ version }) => version)).toEqual([manifest.version, `${good}.0.0`, manifest.version]);
    expect(events('ModelPromoted').map(({ serial }) => serial)).toEqual([good, manifest.serial]);
    expect(events('OfferRefused')).toMatchObject([
      { model: MODEL, reason: expect.stringContaining('its canary') },
    ]);
    expect(events('PromotionRefused')).toMatchObject([{ model: MODEL, serial: spoilt }]);
    expect(report.frames.failed).toBe(0);
    expect(report.inference.errors).toBe(0);
    expect(channel('inference.LoadedModels')).toBe(2);
    expect(report.faults).toEqual({});
  }, 180_000);
});
