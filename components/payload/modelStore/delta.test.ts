import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../../fsw/errors';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import {
  hexOf,
  keyIdOf,
  learnedManifest,
  ownKeyOf,
  packDelta,
  publicHex,
  sealDelta,
} from '../../../fsw/models';
import { type TestModel, testKeys, testModel } from '../../../fsw/models/testModel';
import { exponentModel } from './testExponent';
import { bootStore, bundleOf, deltaOf, missionFolder, openMemory, owner } from './testStore';

const [one, two] = [1, 2].map((serial) => testModel(serial));
const secret = new Uint8Array(32).fill(9);
const own = ownKeyOf(secret);
const sealed = Buffer.concat([secret, createHash('sha256').update(secret).digest()]);
const stored = new Map([['spacecraft-key-a', new Uint8Array(sealed)]]);

let mission: ReturnType<typeof missionFolder>;
let files: MemoryFiles;
beforeEach(() => {
  mission = missionFolder(one);
  files = memoryFiles();
});
afterEach(() => mission.remove());

const boot = (options = {}) => bootStore(mission.folder, files, { stored, ...options });
const put = (path: string, bytes: Uint8Array) => {
  files.truncate(path, 0);
  files.write(path, 0, bytes);
};

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

/** The next version, learned on board: its last weights are others. */
function learnedFrom(base: TestModel, serial = base.manifest.serial + 1): TestModel {
  const weights = base.weights.slice();
  for (let at = weights.length - 400; at < weights.length; at += 4) weights[at] ^= 0x5a;
  const outputs = { y: Float32Array.from([serial, 1]) };
  const manifest = learnedManifest(base.manifest, { serial, version: `${serial}.0.0`, weights, outputs });
  return { ...base, manifest, weights };
}

/** As the mission signs it: it does not say that it was learned on board. */
function blessed(next: TestModel): TestModel {
  const { learned, ...manifest } = next.manifest;
  return { ...next, manifest };
}

const ownDelta = (base: TestModel, next: TestModel, key = own) => deltaOf(base, next, key);
const learned = learnedFrom(one);

describe('a delta', () => {
  it('PGE-MST-022: makes the version that was signed of the one that flies, which stays until PROMOTE', async () => {
    const b = await boot();
    const bytes = deltaOf(one, blessed(learned));
    expect(bytes.length).toBeLessThan(learned.weights.length / 10);
    put('up.delta', bytes);
    expect(await b.obey('INSTALL', { path: 'up.delta' })).toBe('OK');
    expect(b.named('DeltaApplied')).toEqual([
      { model: 'mean', serial: 2, base: 1, bytes: bytes.length, depth: 0 },
    ]);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    for (const store of [b, await boot()]) {
      expect(Buffer.from(store.fetch()?.weights ?? [])).toEqual(Buffer.from(learned.weights));
      expect(store.fetch()?.canary).toMatchObject({
        input: one.manifest.canary?.input,
        outputs: learned.manifest.canary?.outputs,
      });
    }
  });

  it('PGE-MST-022: is read from golden copies where memory is hit, and refused when a page is lost everywhere', async () => {
    const { memory, held } = openMemory();
    const b = await boot({ memory });
    put('up.delta', ownDelta(one, learned));
    // Whole pages, more than parity brings back.
    held.get('model-slot-0')?.fill(0x55, 4096, 6 * 4096);
    expect(await b.obey('INSTALL', { path: 'up.delta' })).toBe('OK');
    expect(b.named('PagesRepaired')).toHaveLength(1);
    held.get('model-slot-0')?.fill(0x55, 4096, 6 * 4096);
    for (const copy of ['a', 'b'])
      files.contents()[`model-store/${copy}/mean-1.golden`].fill(0x55, 8192, 30_000);
    put('next.delta', ownDelta(one, learnedFrom(one, 3)));
    expect(await b.obey('INSTALL', { path: 'next.delta' })).toMatch('sha256');
    expect(b.named('ModelInstalled')).toHaveLength(1);
  });

  it('PGE-MST-022: is made of a version that waits, also in the last slot but one, or of the one before', async () => {
    const b = await boot({ config: { slots: 3 } });
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    await b.obey('PROMOTE', { model: 'mean' });
    put('three.delta', ownDelta(one, learnedFrom(one, 3)));
    expect(await b.obey('INSTALL', { path: 'three.delta' })).toBe('OK');
    put('four.delta', ownDelta(learnedFrom(one, 3), learnedFrom(learnedFrom(one, 3), 4)));
    expect(await b.obey('INSTALL', { path: 'four.delta' })).toBe('OK');
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(b.fetch()?.version).toBe('4.0.0');
  });

  it('PGE-MST-022: works on tensors that protect their own exponents, which have no check rows in memory', async () => {
    const bare = exponentModel();
    mission.put(bare);
    const { memory, held } = openMemory();
    const b = await boot({ memory });
    const slot = held.get('model-slot-0');
    if (slot) slot[slot.length - 3] ^= 0x40;
    const next = learnedFrom(bare);
    put('up.delta', ownDelta(bare, next));
    expect(await b.obey('INSTALL', { path: 'up.delta' })).toBe('OK');
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(next.weights));
  });

  it.each<[string, string, () => Uint8Array]>([
    ['of another version', 'MODEL_DELTA_BASE', () => ownDelta(two, learnedFrom(two))],
    [
      'of other weights with the same serial',
      'MODEL_DELTA_BASE',
      () => ownDelta({ ...learned, manifest: { ...learned.manifest, serial: 1 } }, learnedFrom(learned, 9)),
    ],
    [
      'of a model that is not here',
      'MODEL_DELTA_BASE',
      () => {
        const other = testModel(1, { name: 'other' });
        return ownDelta(other, learnedFrom(other));
      },
    ],
    ['that is no newer', 'MODEL_DOWNGRADE', () => ownDelta(one, learnedFrom(one, 1))],
    ['by a stranger', 'MODEL_KEY', () => ownDelta(one, learned, testKeys().key)],
    ['that was cut', 'MODEL_TRUNCATED', () => ownDelta(one, learned).subarray(0, -1)],
    [
      'with a wrong byte in what it brings',
      'MODEL_DELTA',
      () => {
        const bytes = ownDelta(one, learned);
        bytes[bytes.length - 1] ^= 1;
        return bytes;
      },
    ],
    [
      'that does not give what was signed',
      'MODEL_HASH',
      () => {
        const wrong = unwrap(packDelta(one.weights, learnedFrom(learned).weights));
        return unwrap(
          sealDelta(
            one.manifest,
            { ...learned.manifest, weights: { ...learned.manifest.weights, sha256: 'ab'.repeat(32) } },
            wrong,
            own,
          ),
        );
      },
    ],
  ])('PGE-MST-022: %s is refused and changes nothing', async (_, code, make) => {
    const b = await boot();
    put('up.delta', make());
    expect(await b.obey('INSTALL', { path: 'up.delta' })).toMatch(/^EXECUTION_ERROR/);
    expect(b.named('InstallRefused')).toMatchObject([{ code }]);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(b.telemetry.SlotsUsed).toBe(1);
    expect(await b.obey('PROMOTE', { model: 'mean' })).toMatch('no candidate');
  });
});

describe('the own key', () => {
  it('PGE-MST-023: signs no whole model, and no step that does not say where it comes from', async () => {
    const b = await boot();
    put('two.model', bundleOf(two, own));
    expect(await b.obey('INSTALL', { path: 'two.model' })).toMatch('nobody here trusts');
    const { learned: from, ...silent } = learned.manifest;
    const lies = [
      undefined,
      { serial: 1, sha256: one.manifest.weights.sha256, depth: 7 },
      { serial: 3, sha256: one.manifest.weights.sha256, depth: 1 },
      { serial: 1, sha256: learned.manifest.weights.sha256, depth: 1 },
    ];
    for (const lie of lies) {
      const manifest = lie ? { ...silent, learned: lie } : silent;
      put('up.delta', ownDelta(one, { ...learned, manifest }));
      await b.obey('INSTALL', { path: 'up.delta' });
      expect(b.named('InstallRefused').at(-1)).toMatchObject({ code: 'MODEL_KEY_OWN' });
    }
    expect(from).toMatchObject({ depth: 1 });
  });

  it('PGE-MST-023: signs so many steps from what the mission signed; a delta of the mission begins anew', async () => {
    const b = await boot();
    b.command('MaxLearned_PRM_SET', { val: 2 });
    const install = async (base: TestModel, next: TestModel, key = own) => {
      put('up.delta', key === own ? ownDelta(base, next) : deltaOf(base, blessed(next)));
      const installed = await b.obey('INSTALL', { path: 'up.delta' });
      return installed === 'OK' ? b.obey('PROMOTE', { model: 'mean' }) : installed;
    };
    const second = learnedFrom(learned);
    expect(await install(one, learned)).toBe('OK');
    expect(await install(learned, second)).toBe('OK');
    expect(await install(second, learnedFrom(second))).toMatch('step 3 learned on board');
    const third = learnedFrom(second);
    expect(third.manifest.learned).toMatchObject({ depth: 3 });
    expect(await install(second, third, owner.key)).toBe('OK');
    expect(await install(blessed(third), learnedFrom(blessed(third)))).toBe('OK');
    expect(b.fetch()?.version).toBe('5.0.0');
  });

  it('PGE-MST-023: is needed to fly what it signed: without it the version of the mission is flown', async () => {
    const b = await boot();
    put('up.delta', ownDelta(one, learned));
    await b.obey('INSTALL', { path: 'up.delta' });
    await b.obey('PROMOTE', { model: 'mean' });
    expect((await boot()).fetch()?.version).toBe('2.0.0');
    const without = await boot({ stored: new Map() });
    expect(without.fetch()?.version).toBe('1.0.0');
    expect(without.named('FellBack')).toMatchObject([{ wanted: 2, serial: 1 }]);
  });

  it('PGE-MST-024: its public half goes down by command', async () => {
    const b = await boot();
    expect(await b.obey('SHOW_KEY', {})).toBe('OK');
    expect(b.named('OwnKey')).toEqual([{ id: hexOf(keyIdOf(own)), key: publicHex(own) }]);
    const none = await boot({ stored: new Map() });
    expect(await none.obey('SHOW_KEY', {})).toMatch('the spacecraft has no key of its own');
  });

  it('PGE-MST-025: another component is told the version that flies, has one installed, and is told the end', async () => {
    const b = await boot();
    expect(b.in.served({ model: 'mean' })).toMatchObject({ manifest: one.manifest, nextSerial: 2 });
    expect(b.in.served({ model: 'other' })).toBeUndefined();
    put('up.delta', ownDelta(one, learned));
    b.in.install({ path: 'up.delta' });
    b.in.install({ path: 'none.delta' });
    await b.advance(1e9);
    expect(b.calls('installed')).toEqual([
      { path: 'none.delta', installed: false, reason: 'INSTALL up.delta is under way' },
      { path: 'up.delta', installed: true, reason: '' },
    ]);
    expect(b.in.served({ model: 'mean' })).toMatchObject({ nextSerial: 3 });
  });
});
