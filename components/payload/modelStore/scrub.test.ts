import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { seededRandom } from '../../../fsw/framework/random';
import { testModel } from '../../../fsw/models/testModel';
import { PAGE_BYTES, PAGE_CHECK_BYTES } from '../../../native/ecc';
import { goldenPages } from './goldenScrub';
import { regionLayout } from './layout';
import { type BootedStore, bootStore, bundleOf, missionFolder, openMemory } from './testStore';

/** 20 data pages in one group, 3 pages of parity. */
const model = testModel(1, { floats: 18_000 });
const layout = regionLayout(
  {
    envelope: 500,
    graph: model.graph.length,
    weights: model.weights.length,
    eccWeights: model.weights.length,
  },
  { pagesPerParity: 8, parityPerGroup: 8 },
);
let mission: ReturnType<typeof missionFolder>;
let files: MemoryFiles;
let b: BootedStore;
let memory: Uint8Array;
beforeEach(async () => {
  mission = missionFolder(model);
  files = memoryFiles();
  const { memory: board, held } = openMemory();
  b = await bootStore(mission.folder, files, { memory: board });
  memory = held.get('model-slot-0') ?? new Uint8Array(0);
});
afterEach(() => mission.remove());

const golden = (copy: string) => files.contents()[`model-store/${copy}/mean-1.golden`];
const region = (name: string) => {
  const found = b.regions().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no region ${name}`);
  return found;
};
const scrub = (name: string) => region(name).scrub(0, region(name).pages);
/** More wrong bits in one column than SECDED knows of, in every block of a page. */
const spoil = (bytes: Uint8Array, page: number) =>
  bytes.fill(0x55, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
const nothing = { correctedBits: 0, correctedPages: 0, parityPages: 0, goldenPages: 0, lostPages: 0 };

describe('the regions of the model store', () => {
  it('PGE-MST-013: are each version in memory and each golden copy, those to be loaded next first', () => {
    expect(layout).toMatchObject({ dataPages: 20, pages: 23 });
    const seen = () => b.regions().map(({ name, pages, urgent }) => ({ name, pages, urgent }));
    const copies = ['a', 'b'].map((copy) => ({ name: `mean:1/${copy}`, pages: 20, urgent: false }));
    const ledger = { name: 'ledger', pages: 1, urgent: false };
    expect(seen()).toEqual([{ name: 'mean:1', pages: 23, urgent: true }, ...copies, ledger]);
    b.fetch();
    expect(seen()[0].urgent).toBe(false);
  });

  it('PGE-MST-013: are whole after boot; pages that there aren’t are no pages', async () => {
    for (const { name } of b.regions()) expect(await scrub(name)).toEqual(nothing);
    expect(await region('mean:1').scrub(99, 4)).toEqual(nothing);
    expect(await region('mean:1/a').scrub(19, 4)).toEqual(nothing);
    expect(await region('mean:1').scrub(-1, 4)).toEqual(nothing);
  });

  it('PGE-MST-014: SECDED corrects a burst of 256 neighbouring bits and one flip in the check rows', async () => {
    for (let i = 0; i < 32; i++) memory[5 * PAGE_BYTES + 1000 + i] ^= 0xff;
    memory[layout.checkAt + 9 * PAGE_CHECK_BYTES] ^= 4;
    expect(await scrub('mean:1')).toEqual({ ...nothing, correctedBits: 257, correctedPages: 2 });
    expect(await scrub('mean:1')).toEqual(nothing);
    expect(b.telemetry).toMatchObject({ BitsCorrected: 257, PagesByParity: 0 });
  });

  it('PGE-MST-014: parity rebuilds as many lost pages as it has, parity pages included', async () => {
    for (const page of [3, 17, 21]) spoil(memory, page);
    const before = b.fetch();
    expect(Buffer.from(before?.weights ?? [])).toEqual(Buffer.from(model.weights));
    expect(b.telemetry).toMatchObject({ PagesByParity: 3, PagesByGolden: 0 });
    for (const page of [0, 8, 9]) spoil(memory, page);
    // Asked for two of its pages only: parity must know of the third.
    expect(await region('mean:1').scrub(8, 2)).toEqual({ ...nothing, parityPages: 3 });
    expect(await scrub('mean:1')).toEqual(nothing);
  });

  it('PGE-MST-014: golden copies bring back what parity can’t, copy B what A has lost', async () => {
    for (const page of [0, 1, 2, 3, 22]) spoil(memory, page);
    spoil(golden('a'), 1 + 2);
    expect(await scrub('mean:1')).toEqual({ ...nothing, goldenPages: 4, parityPages: 1 });
    expect(await scrub('mean:1')).toEqual(nothing);
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(model.weights));
  });

  it('PGE-MST-014: where a CRC itself was hit twice, both golden copies overrule it, and parity is made anew', async () => {
    const crcs = new Uint32Array(memory.buffer, layout.crcsAt, layout.pages * 3);
    for (const page of [6, 21]) for (const copy of [0, 1]) crcs[page + copy * layout.pages] ^= 1 << 9;
    expect(await scrub('mean:1')).toEqual({ ...nothing, goldenPages: 1, parityPages: 1 });
    expect(await scrub('mean:1')).toEqual(nothing);
    expect(b.fetch()).toBeDefined();
  });

  it('PGE-MST-015: pages lost everywhere are reported, the ground is asked once, and the mission’s own file helps at the next load', async () => {
    for (const page of [4, 5, 6, 7]) {
      spoil(memory, page);
      for (const copy of ['a', 'b']) spoil(golden(copy), 1 + page);
    }
    expect(await scrub('mean:1')).toEqual({ ...nothing, lostPages: 4 });
    await scrub('mean:1');
    expect(b.named('ReuplinkNeeded')).toEqual([
      { model: 'mean', serial: 1, reason: '4 pages are lost in memory and both copies' },
    ]);
    expect(b.telemetry.PagesLost).toBe(8);
    expect(b.fetch()?.version).toBe('1.0.0');
    expect(b.rejections()).toEqual(['mean MODEL_HASH', 'mean MODEL_LOST']);
    // Memory is whole again, so the copies can be healed from it.
    for (const copy of ['a', 'b'])
      expect(await scrub(`mean:1/${copy}`)).toEqual({ ...nothing, goldenPages: 4 });
    expect(await scrub('mean:1/a')).toEqual(nothing);
  });

  it('PGE-MST-015: a page lost in both copies is told once a copy, however often it is found, and no more when it is healed', async () => {
    const whole = memory.slice();
    spoil(memory, 4);
    for (const page of [5, 6, 7]) spoil(memory, page);
    for (const copy of ['a', 'b']) spoil(golden(copy), 1 + 4);
    const halves = async (name: string) => [
      await region(name).scrub(0, 10),
      await region(name).scrub(10, 10),
    ];
    for (let pass = 0; pass < 3; pass++)
      for (const copy of ['a', 'b']) expect((await halves(`mean:1/${copy}`))[0].lostPages).toBe(1);
    expect(b.named('ReuplinkNeeded')).toHaveLength(2);
    expect(b.telemetry.GoldenGood).toBe(0);
    memory.set(whole);
    for (const copy of ['a', 'b']) await halves(`mean:1/${copy}`);
    expect(b.telemetry.GoldenGood).toBe(2);
  });

  it('PGE-MST-015: with nothing left the mission flies on without the model', async () => {
    mission.remove();
    memory.fill(0);
    for (const copy of ['a', 'b']) golden(copy).fill(0);
    expect(b.fetch()).toBeUndefined();
    expect(b.named('ReuplinkNeeded')).toMatchObject([{ model: 'mean', serial: 1 }]);
    expect(b.telemetry.ModelsGood).toBe(0);
    expect(b.fetch()).toBeUndefined();
  });

  it('PGE-MST-015: the version that the ground sends again is taken, though it is no newer', async () => {
    const bundle = bundleOf(model);
    files.write('again.model', 0, bundle);
    expect(await b.obey('INSTALL', { path: 'again.model' })).toMatch('serial 1 is not newer than 1');
    memory.fill(0);
    for (const copy of ['a', 'b']) golden(copy).fill(0);
    await scrub('mean:1');
    expect(await b.obey('INSTALL', { path: 'again.model' })).toBe('OK');
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(model.weights));
    for (const { name } of b.regions()) expect((await scrub(name)).lostPages).toBe(0);
    const again = await bootStore(mission.folder, files);
    expect([again.fetch()?.version, again.rejections()]).toEqual(['1.0.0', []]);
    expect(await again.obey('ROLLBACK', { model: 'mean' })).toMatch('there is no previous version');
  });

  it('PGE-MST-016: a golden copy is healed in place, by its check rows, from memory or from the other copy', async () => {
    const whole = golden('a').slice();
    golden('a')[PAGE_BYTES + 77] ^= 1;
    spoil(golden('a'), 1 + 9);
    expect(await scrub('mean:1/a')).toEqual({
      ...nothing,
      correctedBits: 1,
      correctedPages: 1,
      goldenPages: 1,
    });
    expect(golden('a')).toEqual(whole);
    spoil(golden('b'), 1 + 9);
    const off = seededRandom(1, 'crc');
    const at = golden('b').length - 4 * (1 + Math.floor(off.next() * 19));
    golden('b')[at] ^= 0x80;
    expect((await scrub('mean:1/b')).goldenPages).toBe(1);
    expect(golden('b')).toEqual(whole);
    expect(b.telemetry.GoldenGood).toBe(2);
  });

  it('PGE-MST-016: a golden copy that is gone, cut or without a head is written anew', async () => {
    const whole = golden('a').slice();
    files.remove('model-store/a/mean-1.golden');
    expect(await scrub('mean:1/a')).toEqual({ ...nothing, goldenPages: 20 });
    files.truncate('model-store/a/mean-1.golden', 9999);
    expect((await scrub('mean:1/a')).goldenPages).toBe(20);
    for (const at of [0, 1024]) golden('a')[at] ^= 1;
    expect(await scrub('mean:1/a')).toEqual(nothing);
    for (const at of [0, 1024, 2048]) golden('a')[at + 12] ^= 3;
    expect((await scrub('mean:1/a')).goldenPages).toBe(20);
    expect(golden('a')).toEqual(whole);
    expect(goldenPages(files, 'model-store/a/mean-1.golden')(99)).toBeUndefined();
  });

  it('PGE-MST-020: a ledger that was hit or is gone is written anew from the one in use', async () => {
    const both = () => ['a', 'b'].map((copy) => files.contents()[`model-store/ledger-${copy}`]);
    const [whole] = both().map((bytes) => bytes.slice());
    both()[1][3] ^= 1;
    expect(await scrub('ledger')).toEqual({ ...nothing, goldenPages: 1 });
    both()[0].fill(0);
    files.remove('model-store/ledger-b');
    expect(await scrub('ledger')).toEqual({ ...nothing, goldenPages: 1 });
    expect(both()).toEqual([whole, whole]);
    expect(await scrub('ledger')).toEqual(nothing);
  });

  it('PGE-MST-016: a golden copy that cannot be written is reported, and is no reason to stop', async () => {
    files.remove('model-store/a/mean-1.golden');
    files.maxBytes = 0;
    expect(await scrub('mean:1/a')).toEqual(nothing);
    expect(b.named('GoldenFailed')).toMatchObject([{ region: 'mean:1/a', code: 'FILE_DISK_FULL' }]);
    expect(b.telemetry.GoldenGood).toBe(1);
    expect(b.fetch()).toBeDefined();
  });
});
