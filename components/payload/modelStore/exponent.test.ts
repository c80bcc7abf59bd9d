import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { BOUND, exponentModel } from './testExponent';
import { bootStore, bundleOf, missionFolder, openMemory } from './testStore';

const model = exponentModel();
let mission: ReturnType<typeof missionFolder>;
beforeEach(() => {
  mission = missionFolder(model);
});
afterEach(() => mission.remove());

/** The last so many bytes of a slot are the tail. */
const tailBytes = () => {
  const covered = Math.ceil(model.manifest.protection.eccBytes / 4096) * 4096;
  return model.weights.length - covered;
};

describe('tensors that protect themselves', () => {
  it('PGE-MST-021: cost no check rows, and are handed out as they were signed', async () => {
    const { memory, held } = openMemory();
    const b = await bootStore(mission.folder, memoryFiles(), { memory });
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(model.weights));
    expect(b.rejections()).toEqual([]);
    const { pages } = b.regions()[0];
    expect(pages).toBe(3 + 2 + 2);
    expect(held.get('model-slot-0')?.length).toBe(
      Math.ceil((pages * (4096 + 512 + 12)) / 64) * 64 + tailBytes(),
    );
  });

  it('PGE-MST-021: are voted and clipped on the way out; a huge weight never gets through', async () => {
    const { memory, held } = openMemory();
    const b = await bootStore(mission.folder, memoryFiles(), { memory });
    const slot = held.get('model-slot-0') ?? new Uint8Array(0);
    const tail = slot.subarray(slot.length - tailBytes());
    // The top bit of a float's exponent, of every eighth weight that lies whole in the tail.
    const phase = (model.weights.length - tail.length - model.manifest.protection.eccBytes) % 4;
    for (let at = (4 - phase) % 4; at + 4 <= tail.length; at += 32) tail[at + 3] ^= 0x40;
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(model.weights));
    for (let at = (4 - phase) % 4; at + 4 <= tail.length; at += 32) tail[at + 2] ^= 0xff;
    const weights = b.fetch()?.weights.slice() ?? new Uint8Array(0);
    const values = new Float32Array(weights.slice(model.manifest.protection.eccBytes).buffer);
    expect(values.every((value) => Math.abs(value) <= BOUND)).toBe(true);
    expect(Buffer.from(weights.subarray(0, model.manifest.protection.eccBytes))).toEqual(
      Buffer.from(model.weights.subarray(0, model.manifest.protection.eccBytes)),
    );
  });

  it('PGE-MST-021: have check rows in the golden copies, from which a reload brings them back', async () => {
    const files = memoryFiles();
    const { memory, held } = openMemory();
    const b = await bootStore(mission.folder, files, { memory });
    held.get('model-slot-0')?.fill(0, -tailBytes());
    const golden = files.contents()['model-store/a/mean-1.golden'];
    golden[golden.length >> 1] ^= 1;
    expect(await b.obey('RELOAD', { model: 'mean' })).toBe('OK');
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(model.weights));
    for (const { scrub, pages } of b.regions()) expect((await scrub(0, pages)).lostPages).toBe(0);
  });

  it.each([
    ['a prefix that ends within a tensor', exponentModel(({ eccBytes }) => ({ eccBytes: eccBytes - 4 }))],
    ['a tensor that is not named', exponentModel(() => ({ exponent: [] }))],
    ['a tensor that is not there', exponentModel(() => ({ exponent: [{ tensor: 'other', bound: 1 }] }))],
    ['another hash of the prefix', exponentModel(() => ({ eccSha256: '00'.repeat(32) }))],
  ])('PGE-MST-021: with %s a model is refused', async (_, wrong) => {
    const files = memoryFiles();
    const empty = missionFolder();
    const b = await bootStore(empty.folder, files);
    empty.remove();
    files.write('wrong.model', 0, bundleOf(wrong));
    expect(await b.obey('INSTALL', { path: 'wrong.model' })).toMatch(/^EXECUTION_ERROR/);
    expect(b.named('InstallRefused')[0].code).toMatch(/^MODEL_(PROTECTION|HASH)$/);
  });
});
