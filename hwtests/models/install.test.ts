/** A new version of a model on its whole way: a signed bundle in the file store, commands, the real runtime. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Board } from '../../fsw/framework';
import { packDelta, sealDelta, sealEnvelope } from '../../fsw/models';
import { sha256Hex, testKeys } from '../../fsw/models/testModel';
import { projectRoot } from '../../fsw/root';
import { checkModelFile } from '../../ground-tools/models/bundle';
import { type FolderModel, readModelFolder } from '../../ground-tools/models/folder';
import { protectModel, protectRule } from '../../ground-tools/models/protect';
import { publicKeys } from '../../ground-tools/models/signing';
import { type Rig, rig, shippedModels } from '../missions/rig';

const { key, publicPem } = testKeys();

function nextVit(change: (weights: Uint8Array) => void = () => {}): FolderModel {
  const read = readModelFolder(join(projectRoot, 'fsw/missions/earth-watch/models'), 3);
  const vit = read.ok && read.value.find(({ manifest }) => manifest.name === 'surface-vit');
  if (!vit) throw new Error('the mission has no surface-vit');
  const weights = vit.weights.slice();
  change(weights);
  const file = { ...vit.manifest.weights, sha256: sha256Hex(weights) };
  return { ...vit, weights, manifest: { ...vit.manifest, version: '0.3.0', weights: file } };
}

/** The version that flies, and what a delta on it brings: some weights a little other, which no canary minds. */
function deltaOnVit(): Uint8Array {
  const folder = join(projectRoot, 'fsw/missions/earth-watch/models');
  const keys = publicKeys(join(folder, 'keys'));
  const base = keys.ok ? checkModelFile(join(folder, 'surface-vit.manifest'), keys.value) : keys;
  if (!base.ok) throw new Error(base.error.text);
  const next = nextVit((weights) => {
    for (let at = weights.length - 4000; at < weights.length; at += 40) weights[at] ^= 1;
  });
  const packed = packDelta(base.value.weights, next.weights);
  const sealed = packed.ok
    ? sealDelta(base.value.envelope.manifest, next.manifest, packed.value, key)
    : packed;
  if (!sealed.ok) throw new Error(sealed.error.text);
  return sealed.value;
}

/** A flight in which the bundle lies in the file store from the start; installed at 20 s, promoted at 60 s. */
function fly({ manifest, graph, weights }: FolderModel, more?: (rig: Rig) => void) {
  return flyFile(Buffer.concat([sealEnvelope(manifest, key), graph, weights]), more);
}

async function flyFile(file: Uint8Array, more: (rig: Rig) => void = () => {}, promoteAtS = 60) {
  const prepared = (board: Board): Board => {
    board.storage.write('model-keys.pem', Buffer.from(publicPem));
    board.files.write('vit.model', 0, file);
    return board;
  };
  const flight = await rig({
    config: { linkSecurity: { mode: 'CLEAR' } },
    orbits: 0.1,
    board: prepared,
    prepare(flying) {
      const { at, command } = flying;
      more(flying);
      at(20, () => command('modelStore.INSTALL', { path: 'vit.model' }));
      at(promoteAtS, () => command('modelStore.PROMOTE', { model: 'surface-vit' }));
    },
  });
  const report = await flight.fly();
  expect(report.faults).toEqual({});
  return { ...flight, report };
}

describe('a new version of a model, in flight', () => {
  it('is installed, proves itself by its canary in the runtime, and takes over', async () => {
    const { events } = await fly(nextVit());
    expect(events('ModelInstalled')).toMatchObject([{ model: 'surface-vit', version: '0.3.0', serial: 3 }]);
    expect(events('ModelPromoted')).toMatchObject([{ model: 'surface-vit', version: '0.3.0', serial: 3 }]);
    expect(events('PromotionRefused')).toEqual([]);
  });

  it('comes as a delta of less than 3 kB, runs beside the one that flies, and takes over', async () => {
    const delta = deltaOnVit();
    expect(delta.length).toBeLessThan(3000);
    const shadow = ({ at, command }: Rig) =>
      at(30, () => command('modelStore.SHADOW', { model: 'surface-vit', runs: 2, seconds: 0 }));
    const { events, report } = await flyFile(delta, shadow, 450);
    expect(events('DeltaApplied')).toMatchObject([{ model: 'surface-vit', serial: 3, base: 2, depth: 0 }]);
    const [{ items, agreed }, ...more] = events('ShadowEnded');
    expect(more).toEqual([]);
    expect(Number(items)).toBeGreaterThan(0);
    expect(agreed).toBe(items);
    expect(events('ModelPromoted')).toMatchObject([{ model: 'surface-vit', serial: 3 }]);
    expect(events('ReferenceMissing')).toMatchObject([{ model: 'surface-vit' }]);
    expect(report.inference.errors).toBe(0);
  });

  it('whose float tensors protect their own exponents takes over as well', async () => {
    const made = protectModel(nextVit(), protectRule('*norm*=exponent', []));
    if (!made.ok) throw new Error(made.error.text);
    const { events, channel } = await fly(made.value);
    expect(events('ModelPromoted')).toMatchObject([{ model: 'surface-vit', serial: 3 }]);
    expect(channel('modelStore.ModelsGood')).toBe(shippedModels);
  });

  it('is rolled back by command: the version before it proves itself again, and takes over', async () => {
    const { events, report } = await fly(nextVit(), ({ at, command }) =>
      at(200, () => command('modelStore.ROLLBACK', { model: 'surface-vit' })),
    );
    const loaded = events('ModelLoaded').filter(({ model }) => model === 'surface-vit');
    expect(loaded.map(({ version }) => version)).toEqual(['0.2.0', '0.3.0', '0.2.0']);
    expect(events('ModelPromoted').map(({ serial }) => serial)).toEqual([3, 2]);
    expect(report.inference.errors).toBe(0);
  });

  it('that is signed and whole, but gives other outputs than it promises, does not take over', async () => {
    const { events, channel, report } = await fly(
      nextVit((weights) => {
        // Weights of another network: all of the last 100 KB are alike.
        weights.fill(0x3c, weights.length - 100_000);
      }),
    );
    expect(events('ModelInstalled')).toHaveLength(1);
    expect(events('ModelPromoted')).toEqual([]);
    expect(events('PromotionRefused')).toMatchObject([{ model: 'surface-vit', serial: 3 }]);
    expect(channel('modelStore.ModelsGood')).toBe(shippedModels);
    expect(report.frames.kept).toBeGreaterThan(0);
  });
});
