import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { testModel } from '../../../fsw/models/testModel';
import { entryOf, readLedger } from './ledger';
import { type BootedStore, bootStore, bundleOf, missionFolder } from './testStore';

const [one, two, three] = [1, 2, 3].map((serial) => testModel(serial));
let mission: ReturnType<typeof missionFolder>;
let files: MemoryFiles;
beforeEach(() => {
  mission = missionFolder(one);
  files = memoryFiles();
});
afterEach(() => mission.remove());

const boot = (options = {}) => bootStore(mission.folder, files, options);
const put = (path: string, bytes: Uint8Array) => {
  files.truncate(path, 0);
  files.write(path, 0, bytes);
};
const entry = () => {
  const { ledger } = readLedger(files, 'model-store');
  return ledger && entryOf(ledger, 'mean');
};

async function promoted(options = {}): Promise<BootedStore> {
  const b = await boot(options);
  b.command('WatchS_PRM_SET', { val: 3600 });
  put('two.model', bundleOf(two));
  await b.obey('INSTALL', { path: 'two.model' });
  expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
  return b;
}

/** Time for a way back, and for all that follows from it. */
async function later(b: BootedStore): Promise<void> {
  await b.advance(1e6);
  await b.settle();
}

describe('a version that was promoted', () => {
  it('PGE-MST-026: is proven when nothing was found wrong with it while it was watched', async () => {
    const b = await promoted();
    expect(entry()).toMatchObject({ current: 2, previous: 1, unproven: 0 });
    await b.advance(3600e6);
    expect(b.named('ModelProven')).toEqual([{ model: 'mean', serial: 2 }]);
    expect(entry()).toEqual({ model: 'mean', current: 2, previous: 1, highest: 2 });
    b.in.trouble({ model: 'mean', kind: 'CANARY', reason: 'too late' });
    await b.advance(1e9);
    expect(b.fetch()?.version).toBe('2.0.0');
  });

  it.each(['CANARY', 'ACCURACY'] as const)(
    'PGE-MST-026: is left for the one before at once when the runtime reports %s, over boots too',
    async (kind) => {
      const b = await promoted();
      b.in.trouble({ model: 'other', kind, reason: 'not mine' });
      b.in.trouble({ model: 'mean', kind, reason: 'it is not fit' });
      await later(b);
      expect(b.named('RolledBack')).toEqual([{ model: 'mean', from: 2, to: 1, reason: 'it is not fit' }]);
      expect(b.fetch()?.version).toBe('1.0.0');
      expect(entry()).toEqual({ model: 'mean', current: 1, previous: 2, highest: 2 });
      // What it went back to is not watched: there is nothing to go back to.
      b.in.trouble({ model: 'mean', kind, reason: 'it is not fit either' });
      await later(b);
      expect((await boot()).fetch()?.version).toBe('1.0.0');
    },
  );

  it('PGE-MST-026: is left after so many late runs, and not before', async () => {
    const b = await promoted();
    const late = async () => {
      b.in.trouble({ model: 'mean', kind: 'DEADLINE', reason: 'not done after 5 s' });
      await later(b);
    };
    await late();
    await late();
    expect(b.fetch()?.version).toBe('2.0.0');
    await late();
    expect(b.fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-026: is left once a change that is under way has ended', async () => {
    const b = await promoted();
    put('three.model', bundleOf(three));
    b.command('INSTALL', { path: 'three.model' });
    await b.settle();
    b.in.trouble({ model: 'mean', kind: 'CANARY', reason: 'it is not fit' });
    expect(b.fetch()?.version).toBe('2.0.0');
    await b.advance(1e9);
    expect(b.named('ModelInstalled')).toHaveLength(2);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(entry()).toMatchObject({ current: 1, candidate: 3 });
  });

  it('PGE-MST-026: is watched again after a boot, and left after so many boots', async () => {
    await promoted();
    const again = await boot();
    expect(again.fetch()?.version).toBe('2.0.0');
    again.in.trouble({ model: 'mean', kind: 'DEADLINE', reason: 'late' });
    for (let boots = 2; boots <= 4; boots++) expect((await boot()).fetch()?.version).toBe('2.0.0');
    const last = await boot();
    expect(last.named('RolledBack')).toEqual([
      { model: 'mean', from: 2, to: 1, reason: '5 boots while it was watched' },
    ]);
    expect(last.fetch()?.version).toBe('1.0.0');
    expect((await boot()).fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-026: stays when the one before cannot be had, and is left at the next trouble if it can', async () => {
    let fit = true;
    const b = await promoted({ judge: () => (fit ? '' : 'it does not load') });
    fit = false;
    b.in.trouble({ model: 'mean', kind: 'CANARY', reason: 'it is not fit' });
    await later(b);
    expect(b.named('PromotionRefused')).toHaveLength(1);
    expect(b.fetch()?.version).toBe('2.0.0');
    fit = true;
    b.in.trouble({ model: 'mean', kind: 'CANARY', reason: 'it is not fit' });
    await later(b);
    expect(b.fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-026: is not watched where WatchS is 0, nor when it was rolled back to', async () => {
    const b = await promoted();
    b.command('WatchS_PRM_SET', { val: 0 });
    put('three.model', bundleOf(three));
    await b.obey('INSTALL', { path: 'three.model' });
    await b.obey('PROMOTE', { model: 'mean' });
    expect(entry()).not.toHaveProperty('unproven');
    await b.obey('ROLLBACK', { model: 'mean' });
    expect(entry()).toEqual({ model: 'mean', current: 2, previous: 3, highest: 3 });
  });
});

describe('SHADOW', () => {
  it('PGE-MST-027: has the candidate run beside what flies, verified, and changes nothing', async () => {
    const b = await boot();
    expect(await b.obey('SHADOW', { model: 'mean', runs: 10, seconds: 0 })).toMatch('no candidate version');
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    expect(await b.obey('SHADOW', { model: 'mean', runs: 10, seconds: 60 })).toBe('OK');
    expect(b.calls('shadow')).toMatchObject([{ model: 'mean', runs: 10, seconds: 60 }]);
    expect(b.offered.map((model) => model?.version)).toEqual(['2.0.0']);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(entry()).toMatchObject({ current: 1, candidate: 2 });
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
  });

  it('PGE-MST-027: says why the runtime does not take it', async () => {
    const b = await boot({ judge: () => 'its canary' });
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    expect(await b.obey('SHADOW', { model: 'mean', runs: 10, seconds: 0 })).toMatch('its canary');
  });
});
