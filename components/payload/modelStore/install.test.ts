import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { sealEnvelope } from '../../../fsw/models';
import { testKeys, testModel } from '../../../fsw/models/testModel';
import { bootStore, bundleOf, missionFolder, openMemory, owner } from './testStore';

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

describe('an installation', () => {
  it('PGE-MST-007: takes a signed bundle, and what flies stays until PROMOTE', async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    expect(await b.obey('INSTALL', { path: 'two.model' })).toBe('OK');
    expect(b.named('ModelInstalled')).toEqual([{ model: 'mean', version: '2.0.0', serial: 2 }]);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(Object.keys(files.contents()).filter((name) => name.includes('golden'))).toEqual([
      'model-store/a/mean-1.golden',
      'model-store/b/mean-1.golden',
      'model-store/a/mean-2.golden',
      'model-store/b/mean-2.golden',
    ]);
    expect(b.regions().map(({ name, urgent }) => [name, urgent])).toContainEqual(['mean:2', true]);
  });

  const bundle = bundleOf(two);
  const edited = (edit: (bytes: Uint8Array) => void) => {
    const bytes = bundle.slice();
    edit(bytes);
    return bytes;
  };
  const stranger = { ...two, manifest: { ...two.manifest, graph: { ...two.manifest.graph, bytes: 1 } } };
  it.each([
    ['a wrong signature', edited((b) => (b[40] ^= 1)), 'MODEL_SIGNATURE'],
    ['a changed manifest', edited((b) => (b[100] ^= 1)), 'MODEL_SIGNATURE'],
    ['an unknown key', bundleOf(two, testKeys().key), 'MODEL_KEY'],
    ['another magic', edited((b) => (b[0] ^= 1)), 'MODEL_MAGIC'],
    ['a manifest of absurd size', edited((b) => (b[12] = 0x7f)), 'MODEL_MANIFEST_SIZE'],
    ['no head', bundle.subarray(0, 50), 'MODEL_TRUNCATED'],
    ['a cut manifest', bundle.subarray(0, 200), 'MODEL_TRUNCATED'],
    ['a missing page at its end', bundle.subarray(0, -4096), 'MODEL_TRUNCATED'],
    ['bytes after its end', new Uint8Array([...bundle, 0]), 'MODEL_TRAILING'],
    ['lengths that it hasn’t', bundleOf(stranger), 'MODEL_TRAILING'],
    ['one wrong bit in its weights', edited((b) => (b[b.length - 1] ^= 1)), 'MODEL_HASH'],
    [
      'one wrong bit in its graph',
      edited((b) => (b[sealEnvelope(two.manifest, owner.key).length] ^= 1)),
      'MODEL_HASH',
    ],
  ])('PGE-MST-007: refuses a bundle with %s; what flies is as before', async (_, bytes, code) => {
    const b = await boot();
    const before = files.contents();
    put('bad.model', bytes);
    expect(await b.obey('INSTALL', { path: 'bad.model' })).toMatch(/^EXECUTION_ERROR/);
    expect(b.named('InstallRefused')).toMatchObject([{ path: 'bad.model', code }]);
    files.remove('bad.model');
    expect(files.contents()).toEqual(before);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(b.telemetry).toMatchObject({ SlotsUsed: 1, GoldenGood: 2 });
  });

  it('PGE-MST-007: tells of a refusal again, however many there were before the last good installation', async () => {
    const b = await boot();
    const refusals = async (times: number) => {
      for (let i = 0; i < times; i++) await b.obey('INSTALL', { path: 'nothing.model' });
      return b.named('InstallRefused').length;
    };
    expect(await refusals(25)).toBe(20);
    put('two.model', bundleOf(two));
    expect(await b.obey('INSTALL', { path: 'two.model' })).toBe('OK');
    expect(await refusals(1)).toBe(21);
  });

  it('PGE-MST-007: refuses what is no file', async () => {
    const b = await boot();
    for (const path of ['nothing.model', 'model-store', '../etc/passwd'])
      expect(await b.obey('INSTALL', { path })).toMatch(/^EXECUTION_ERROR/);
    expect(b.named('InstallRefused').map(({ code }) => code)).toEqual([
      'FILE_MISSING',
      'FILE_KIND',
      'FILE_PATH',
    ]);
  });

  it('PGE-MST-008: refuses a version that is not newer than any before, promoted or not', async () => {
    const b = await boot();
    put('three.model', bundleOf(three));
    put('two.model', bundleOf(two));
    put('one.model', bundleOf(one));
    expect(await b.obey('INSTALL', { path: 'one.model' })).toMatch(
      'mean: serial 1 is not newer than 1, which was installed before',
    );
    expect(await b.obey('INSTALL', { path: 'three.model' })).toBe('OK');
    const again = await boot();
    expect(await again.obey('INSTALL', { path: 'two.model' })).toMatch('serial 2 is not newer than 3');
  });

  it('PGE-MST-009: the runtime’s verdict makes a candidate the current version, at the next boot too', async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(b.offered.map((model) => model?.version)).toEqual(['2.0.0']);
    expect(b.named('ModelPromoted')).toEqual([{ model: 'mean', version: '2.0.0', serial: 2 }]);
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(two.weights));
    const again = await boot();
    expect(Buffer.from(again.fetch()?.weights ?? [])).toEqual(Buffer.from(two.weights));
    expect(again.rejections()).toEqual([]);
  });

  it('PGE-MST-009: a candidate waits over a boot; refused by the runtime it changes nothing', async () => {
    put('two.model', bundleOf(two));
    await (await boot()).obey('INSTALL', { path: 'two.model' });
    const b = await boot({ judge: () => 'the canary died' });
    expect(await b.obey('PROMOTE', { model: 'mean' })).toMatch('keeps the version before: the canary died');
    expect(b.named('PromotionRefused')).toMatchObject([{ model: 'mean', serial: 2 }]);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect((await boot()).fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-009: without a verdict the old version is offered again, so that runtime and ledger agree', async () => {
    const b = await boot({ judge: () => undefined, config: { verdictUs: 1_000_000 } });
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    expect(await b.obey('PROMOTE', { model: 'mean' })).toMatch('no verdict after 1 s');
    expect(b.offered.map((model) => model?.version)).toEqual(['2.0.0', '1.0.0']);
    expect(b.fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-009: an offer whose time is over gives a runtime that comes late nothing to load', async () => {
    const b = await boot({ judge: () => undefined, config: { verdictUs: 1_000_000 } });
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    await b.obey('PROMOTE', { model: 'mean' });
    const [late] = b.sent.filter(({ end }) => end === 'offer');
    expect((late.args.fetch as () => unknown)()).toBeUndefined();
  });

  it('PGE-MST-009: a ledger that cannot be written leaves the old version current and running', async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    files.maxBytes = 0;
    expect(await b.obey('PROMOTE', { model: 'mean' })).toMatch('there is no room');
    expect(b.offered.map((model) => model?.version)).toEqual(['2.0.0', '1.0.0']);
    expect(b.named('LedgerFault')).toMatchObject([{ code: 'FILE_DISK_FULL' }]);
    files.maxBytes = Number.POSITIVE_INFINITY;
    expect((await boot()).fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-010: ROLLBACK lets current and previous change places, twice as well', async () => {
    const b = await boot();
    for (const [path, model] of [
      ['two.model', two],
      ['three.model', three],
    ] as const) {
      put(path, bundleOf(model));
      await b.obey('INSTALL', { path });
      await b.obey('PROMOTE', { model: 'mean' });
    }
    expect(Object.keys(files.contents()).filter((name) => name.includes('mean-1.'))).toEqual([]);
    for (const version of ['2.0.0', '3.0.0', '2.0.0']) {
      expect(await b.obey('ROLLBACK', { model: 'mean' })).toBe('OK');
      expect(b.fetch()?.version).toBe(version);
    }
    const again = await boot();
    expect(again.fetch()?.version).toBe('2.0.0');
    expect(await again.obey('ROLLBACK', { model: 'mean' })).toBe('OK');
    expect(again.fetch()?.version).toBe('3.0.0');
  });

  /** Version 2 is current, its copies have lost their heads: the store boots with version 1, and the ground knows. */
  const fallenBack = async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    await b.obey('INSTALL', { path: 'two.model' });
    await b.obey('PROMOTE', { model: 'mean' });
    for (const copy of ['a', 'b']) files.contents()[`model-store/${copy}/mean-2.golden`].fill(0, 0, 4096);
    const again = await boot();
    expect(again.named('FellBack')).toEqual([{ model: 'mean', wanted: 2, serial: 1 }]);
    return again;
  };

  it('PGE-MST-010: ROLLBACK to what the store fell back to keeps it in its slot, and under scrub', async () => {
    const b = await fallenBack();
    expect(await b.obey('ROLLBACK', { model: 'mean' })).toBe('OK');
    expect(b.telemetry.SlotsUsed).toBe(1);
    expect(b.regions().map(({ name }) => name)).toContain('mean:1');
    expect((await boot()).named('FellBack')).toEqual([]);
  });

  it('PGE-MST-007: a candidate that takes the place of a current version sent again leaves the copies of that', async () => {
    const b = await fallenBack();
    put('three.model', bundleOf(three));
    expect(await b.obey('INSTALL', { path: 'two.model' })).toBe('OK');
    expect(await b.obey('INSTALL', { path: 'three.model' })).toBe('OK');
    expect(b.telemetry.SlotsUsed).toBe(2);
    const again = await boot();
    expect(again.named('FellBack')).toEqual([]);
    expect(again.fetch()?.version).toBe('2.0.0');
  });

  it('PGE-MST-016: a scrub that writes a lost golden copy anew while INSTALL does leaves it whole', async () => {
    // More than two steps long.
    const large = testModel(1, { floats: 900_000 });
    mission.put(large);
    const { memory, held } = openMemory();
    const b = await boot({ memory });
    held.get('model-slot-0')?.fill(0);
    const paths = ['a', 'b'].map((copy) => `model-store/${copy}/mean-1.golden`);
    for (const path of paths) files.contents()[path].fill(0);
    await b.regions()[0].scrub(0, 100);
    put('again.model', bundleOf(large));
    b.command('INSTALL', { path: 'again.model' });
    const underWay = () => Object.keys(files.contents()).some((path) => path.endsWith('.tmp'));
    while (!underWay()) await b.advance(2000);
    await b
      .regions()
      .find(({ name }) => name === 'mean:1/a')
      ?.scrub(0, 1);
    await b.advance(1e9);
    expect(b.named('ModelInstalled')).toHaveLength(1);
    const [a, other] = paths.map((path) => Buffer.from(files.contents()[path]));
    expect(a.equals(other)).toBe(true);
    expect(underWay()).toBe(false);
  });

  it('PGE-MST-011: one change of versions at a time', async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    b.command('INSTALL', { path: 'two.model' });
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('BUSY: INSTALL two.model is under way');
    expect(b.named('ModelInstalled')).toHaveLength(1);
  });

  it('PGE-MST-012: a model larger than memory is refused, after the memory of versions that wait was given back', async () => {
    const { memory } = openMemory(100_000);
    const b = await boot({ memory });
    put('two.model', bundleOf(two));
    put('large.model', bundleOf(testModel(4, { name: 'large', floats: 30_000 })));
    await b.obey('INSTALL', { path: 'two.model' });
    await b.obey('PROMOTE', { model: 'mean' });
    expect(await b.obey('INSTALL', { path: 'large.model' })).toMatch(
      /model-slot-\d: \d+ bytes asked, \d+ free/,
    );
    expect(b.named('InstallRefused')).toMatchObject([{ code: 'MEMORY_EXHAUSTED' }]);
    expect(b.telemetry.SlotsUsed).toBe(1);
    expect(b.fetch()?.version).toBe('2.0.0');
    expect(await b.obey('ROLLBACK', { model: 'mean' })).toBe('OK');
    expect(b.fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-012: no slot is left for a model when all hold what flies', async () => {
    const b = await boot({ config: { slots: 2 } });
    put('second.model', bundleOf(testModel(1, { name: 'second' })));
    put('third.model', bundleOf(testModel(1, { name: 'third' })));
    expect(await b.obey('INSTALL', { path: 'second.model' })).toBe('OK');
    expect(await b.obey('INSTALL', { path: 'third.model' })).toMatch('third: all 2 slots hold models in use');
  });

  it('PGE-MST-012: a candidate that the runtime refused gives its slot to the next one', async () => {
    const b = await boot({ config: { slots: 2 }, judge: () => 'the canary died' });
    put('two.model', bundleOf(two));
    put('three.model', bundleOf(three));
    await b.obey('INSTALL', { path: 'two.model' });
    expect(await b.obey('INSTALL', { path: 'three.model' })).toMatch('all 2 slots hold models in use');
    await b.obey('PROMOTE', { model: 'mean' });
    expect(await b.obey('INSTALL', { path: 'three.model' })).toBe('OK');
    expect(b.fetch()?.version).toBe('1.0.0');
  });

  it('PGE-MST-012: a full disk refuses an installation and leaves no half of it', async () => {
    const b = await boot();
    put('two.model', bundleOf(two));
    const before = Object.keys(files.contents());
    files.maxBytes = Object.values(files.contents()).reduce((sum, { length }) => sum + length, 50_000);
    expect(await b.obey('INSTALL', { path: 'two.model' })).toMatch('there is no room');
    expect(b.named('GoldenFailed')).toMatchObject([{ region: 'mean:2/b', code: 'FILE_DISK_FULL' }]);
    expect(Object.keys(files.contents())).toEqual(before);
    expect(b.fetch()?.version).toBe('1.0.0');
  });
});
