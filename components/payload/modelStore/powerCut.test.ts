import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterCut, afterKill, type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { testModel } from '../../../fsw/models/testModel';
import { PAGE_BYTES } from '../../../native/ecc';
import { emptyLedger, readLedger, withEntry, writeLedger } from './ledger';
import { bootStore, bundleOf, deltaOf, missionFolder } from './testStore';

const versions = [1, 2, 3, 4].map((serial) => testModel(serial, { floats: 2000 }));
const [one, two, three, four] = versions;
// Three goes up as a delta on two, which leaves the graph as it is.
Object.assign(three, { graph: two.graph, manifest: { ...three.manifest, graph: two.manifest.graph } });
const delta = deltaOf(two, three);
let mission: ReturnType<typeof missionFolder>;
beforeAll(() => {
  mission = missionFolder(one);
});
afterAll(() => mission.remove());

type Store = Awaited<ReturnType<typeof boot>>;
const boot = (files: MemoryFiles) => bootStore(mission.folder, files);
const bytesOf = (files: MemoryFiles, path: string) => files.contents()[path] ?? new Uint8Array(0);

/** What the uplink does: a new file, synced, renamed. */
function upload(files: MemoryFiles, path: string, bytes: Uint8Array): void {
  files.write(`${path}.part`, 0, bytes);
  files.sync(`${path}.part`);
  files.rename(`${path}.part`, path);
}

/** Hits a page of a golden copy, on the medium. */
function hit(files: MemoryFiles, path: string, page: number): void {
  bytesOf(files, path).fill(0x55, (1 + page) * PAGE_BYTES, (2 + page) * PAGE_BYTES);
}

async function scrubAll(b: Store): Promise<number> {
  let lost = 0;
  for (const { scrub, pages } of b.regions()) lost += (await scrub(0, pages)).lostPages;
  return lost;
}

/** A signed good model is handed out, its copies are whole, and nothing lies about that the ledger does not know. */
async function expectSound(files: MemoryFiles, b: Store): Promise<string> {
  const model = b.fetch();
  const version = versions.find(({ manifest }) => manifest.version === model?.version);
  expect(Buffer.from(model?.weights ?? [])).toEqual(Buffer.from(version?.weights ?? [1]));
  expect(await scrubAll(b)).toBe(0);
  const { ledger, agree, faults } = readLedger(files, 'model-store');
  expect([agree, faults]).toEqual([true, []]);
  const known = ledger?.entries.flatMap(({ current, previous, candidate }) =>
    [current, previous, candidate].flatMap((serial) => (serial === undefined ? [] : [serial])),
  );
  const expected = (known ?? []).flatMap((serial) =>
    ['a', 'b'].map((copy) => `model-store/${copy}/mean-${serial}.golden`),
  );
  const found = Object.keys(files.contents()).filter((name) => /model-store\/[ab]\//.test(name));
  expect(found.sort()).toEqual(expected.sort());
  return model?.version ?? '';
}

/** A life of the store with each kind of change; adds to `done` what was answered with OK. */
async function live(files: MemoryFiles, done: string[]): Promise<void> {
  const b = await boot(files);
  const obey = async (command: string, args: object, version: string) => {
    if ((await b.obey(command, { ...args })) === 'OK') done.push(version);
  };
  for (const [i, model] of [two, three].entries()) {
    const path = `${i}.model`;
    upload(files, path, model === three ? delta : bundleOf(model));
    await obey('INSTALL', { path }, done.at(-1) ?? '1.0.0');
    await obey('PROMOTE', { model: 'mean' }, model.manifest.version);
  }
  // No page is hit in both copies: what memory alone still has, no boot brings back.
  hit(files, 'model-store/a/mean-3.golden', 1);
  hit(files, 'model-store/b/mean-3.golden', 2);
  files.remove('model-store/b/mean-2.golden');
  await scrubAll(b);
  await obey('ROLLBACK', { model: 'mean' }, '2.0.0');
}

describe('the end of a flight at any instant', () => {
  it.each([
    ['a power cut', afterCut],
    ['a kill', afterKill],
  ])(
    'PGE-MST-017: %s at any write of upload, installation (of a bundle, of a delta), promotion, scrub and rollback leaves a signed good model, the one last promoted',
    async (_, after) => {
      let ends = 0;
      for (let n = 1; ; n++) {
        const cut = memoryFiles();
        const done = ['1.0.0'];
        cut.cutAt(n);
        await live(cut, done);
        const finished = cut.operations < n;
        const files = after(cut);
        const b = await boot(files);
        const flown = await expectSound(files, b);
        // What was answered with OK holds; an end just before the answer may have let the change through.
        const last = done.at(-1) ?? '';
        const next = { '1.0.0': ['2.0.0'], '2.0.0': ['3.0.0'], '3.0.0': ['2.0.0'] }[last] ?? [];
        expect([last, ...next]).toContain(flown);
        upload(files, 'four.model', bundleOf(four));
        expect(await b.obey('INSTALL', { path: 'four.model' })).toBe('OK');
        expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
        expect(await expectSound(files, await boot(files))).toBe('4.0.0');
        if (finished) break;
        ends++;
      }
      expect(ends).toBeGreaterThan(100);
    },
  );

  it('PGE-MST-017: while the boot after a cut heals what it finds is survived, too', async () => {
    const wounded = async () => {
      const files = memoryFiles();
      await live(files, []);
      files.remove('model-store/a/mean-2.golden');
      bytesOf(files, 'model-store/b/mean-3.golden').fill(0, 0, PAGE_BYTES);
      bytesOf(files, 'model-store/ledger-a')[9] ^= 1;
      return files;
    };
    for (let n = 1; ; n++) {
      const files = await wounded();
      const before = files.operations;
      files.cutAt(n);
      await boot(files);
      const finished = files.operations - before < n;
      files.reboot();
      expect(await expectSound(files, await boot(files))).toBe('2.0.0');
      if (finished) break;
    }
  });
});

describe('a boot', () => {
  let files: MemoryFiles;
  beforeEach(async () => {
    files = memoryFiles();
    await live(files, []);
  });

  it('PGE-MST-018: flies the current version from copy A, from B, or from the good pages of both', async () => {
    hit(files, 'model-store/a/mean-2.golden', 0);
    hit(files, 'model-store/b/mean-2.golden', 3);
    const b = await boot(files);
    expect(b.rejections()).toEqual([]);
    expect(await expectSound(files, b)).toBe('2.0.0');
    files.remove('model-store/a/mean-2.golden');
    expect(await expectSound(files, await boot(files))).toBe('2.0.0');
  });

  it('PGE-MST-018: falls back to the previous version, then to the mission’s own, and says so', async () => {
    for (const copy of ['a', 'b']) hit(files, `model-store/${copy}/mean-2.golden`, 1);
    const previous = await boot(files);
    expect(previous.fetch()?.version).toBe('3.0.0');
    expect(previous.named('FellBack')).toEqual([{ model: 'mean', wanted: 2, serial: 3 }]);
    for (const copy of ['a', 'b']) hit(files, `model-store/${copy}/mean-3.golden`, 1);
    const factory = await boot(files);
    expect(factory.fetch()?.version).toBe('1.0.0');
    expect(factory.named('FellBack')).toEqual([{ model: 'mean', wanted: 2, serial: 1 }]);
    expect(factory.rejections()).toEqual(['mean MODEL_LOST', 'mean MODEL_LOST']);
  });

  it('PGE-MST-018: with nothing good left asks for the model, and flies on', async () => {
    for (const name of Object.keys(files.contents())) if (name.endsWith('.golden')) files.remove(name);
    const empty = missionFolder();
    const b = await bootStore(empty.folder, files);
    empty.remove();
    expect(b.named('ReuplinkNeeded')).toMatchObject([{ model: 'mean', serial: 2 }]);
    expect(b.fetch()).toBeUndefined();
    upload(files, 'four.model', bundleOf(four));
    expect(await b.obey('INSTALL', { path: 'four.model' })).toBe('OK');
    expect(await b.obey('PROMOTE', { model: 'mean' })).toBe('OK');
    expect(b.fetch()?.version).toBe('4.0.0');
  });

  it('PGE-MST-019: installs a newer model of the mission, never an older one', async () => {
    expect((await boot(files)).fetch()?.version).toBe('2.0.0');
    mission.put(four);
    const b = await boot(files);
    mission.put(one);
    expect(b.named('ModelPromoted')).toEqual([{ model: 'mean', version: '4.0.0', serial: 4 }]);
    expect(await expectSound(files, await boot(files))).toBe('4.0.0');
    expect(await b.obey('ROLLBACK', { model: 'mean' })).toBe('OK');
    expect(b.fetch()?.version).toBe('2.0.0');
  });

  it('PGE-MST-020: reads the ledger from either copy and heals the other; without both the golden copies say what there is', async () => {
    for (const copy of ['a', 'b']) {
      bytesOf(files, `model-store/ledger-${copy}`)[5] ^= 0x40;
      const b = await boot(files);
      expect(b.named('LedgerFault')).toMatchObject([{ code: 'MODEL_LEDGER' }]);
      expect(await expectSound(files, b)).toBe('2.0.0');
    }
    for (const copy of ['a', 'b']) files.remove(`model-store/ledger-${copy}`);
    const b = await boot(files);
    expect(b.named('LedgerFault')).toMatchObject([{ code: 'MODEL_LEDGER' }]);
    expect(await expectSound(files, b)).toBe('3.0.0');
  });

  it('PGE-MST-020: takes the newer ledger where a cut came between the two', () => {
    const ledger = withEntry(emptyLedger, { model: 'x', current: 7, highest: 9 });
    writeLedger(files, 'model-store', ledger);
    const old = bytesOf(files, 'model-store/ledger-b').slice();
    const newer = withEntry(ledger, { model: 'x', current: 8, previous: 7, highest: 9 });
    writeLedger(files, 'model-store', newer);
    files.write('model-store/ledger-b', 0, old);
    files.truncate('model-store/ledger-b', old.length);
    expect(readLedger(files, 'model-store')).toEqual({ ledger: newer, faults: [], agree: false });
  });
});
