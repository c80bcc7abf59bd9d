import { mkdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { sha256Hex, type TestModel, testKeys, testModel } from '../../../fsw/models/testModel';
import { bootStore, missionFolder, openMemory, owner } from './testStore';

const mean = testModel(1);
const sharp = testModel(1, { name: 'sharp' });
let mission: ReturnType<typeof missionFolder>;
beforeEach(() => {
  mission = missionFolder(mean, sharp);
});
afterEach(() => mission.remove());

const path = (name: string) => join(mission.folder, name);
const boot = (options = {}) => bootStore(mission.folder, memoryFiles(), options);

/** The model with these weights, and a manifest that is true of them. */
function withWeights(weights: Uint8Array): TestModel {
  const file = { ...mean.manifest.weights, bytes: weights.length, sha256: sha256Hex(weights) };
  return { ...mean, weights, manifest: { ...mean.manifest, weights: file } };
}

function edited(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(mean.weights);
  bytes.write(to, bytes.indexOf(from), 'latin1');
  return new Uint8Array(bytes);
}

describe('the model store', () => {
  it('PGE-MST-001: hands a verified model out of shared memory', async () => {
    const b = await boot();
    const model = b.fetch();
    expect(model).toMatchObject({
      name: 'mean',
      version: '1.0.0',
      weightsName: 'mean.safetensors',
      input: mean.manifest.input,
      outputs: mean.manifest.outputs,
      classes: ['bright'],
      canary: mean.manifest.canary,
    });
    expect(model?.weights.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(model?.weights ?? [])).toEqual(Buffer.from(mean.weights));
    expect(Buffer.from(model?.graph ?? [])).toEqual(Buffer.from(mean.graph));
    expect(b.telemetry).toMatchObject({ ModelsGood: 2, ModelsRejected: 0, GoldenGood: 4, SlotsUsed: 2 });
  });

  it('PGE-MST-002: bits that flip in memory are put right before the next load, and counted', async () => {
    const b = await boot();
    const model = b.fetch();
    if (model === undefined) throw new Error('the model was rejected');
    model.weights[model.weights.length - 1] ^= 0x10;
    model.graph[3] ^= 0x81;
    expect(Buffer.from(b.fetch()?.weights ?? [])).toEqual(Buffer.from(mean.weights));
    expect(Buffer.from(model.graph)).toEqual(Buffer.from(mean.graph));
    expect(b.telemetry).toMatchObject({ BitsCorrected: 3, ModelsRejected: 0 });
    model.weights[7] ^= 1;
    expect(await b.obey('VERIFY', { model: 'mean' })).toBe('OK');
    expect(b.telemetry.BitsCorrected).toBe(4);
    expect(b.named('PagesRepaired')).toEqual([
      { region: 'mean:1', bits: 3, parityPages: 0, goldenPages: 0 },
      { region: 'mean:1', bits: 1, parityPages: 0, goldenPages: 0 },
    ]);
  });

  it('PGE-MST-002: memory that is beyond its own repair is loaded again from a golden copy, by RELOAD or before a load', async () => {
    const { memory, held } = openMemory();
    const b = await boot({ memory });
    const destroy = () => held.get('model-slot-0')?.fill(0x55);
    destroy();
    const healed = b.fetch();
    expect(Buffer.from(healed?.weights ?? [])).toEqual(Buffer.from(mean.weights));
    for (const bytes of held.values()) bytes.fill(0x55);
    expect(await b.obey('RELOAD', { model: 'sharp' })).toBe('OK');
    expect(Buffer.from(b.fetch('sharp')?.weights ?? [])).toEqual(Buffer.from(sharp.weights));
  });

  it('PGE-MST-003: rejects a file that is missing, truncated or not what its hash says, and keeps the other model', async () => {
    unlinkSync(path('mean.onnx'));
    const missing = await boot();
    expect(missing.rejections()).toEqual(['mean MODEL_MISSING']);
    mission.put(mean);
    truncateSync(path('mean.safetensors'), 100);
    expect((await boot()).rejections()).toEqual(['mean MODEL_SIZE']);
    mission.put(mean);
    writeFileSync(path('mean.safetensors'), edited('w', 'W'));
    expect((await boot()).rejections()).toContain('mean MODEL_HASH');
    expect(missing.fetch()).toBeUndefined();
    expect(missing.fetch('sharp')).toBeDefined();
  });

  it('PGE-MST-004: rejects weights whose header is wrong, though their hash is right', async () => {
    const bad: [Uint8Array, string][] = [
      [edited('"F32"', '"F31"'), 'mean MODEL_DTYPE'],
      [edited('[5000]', '[5001]'), 'mean MODEL_SHAPE'],
      [edited('{"w"', '["w"'), 'mean MODEL_HEADER'],
      [mean.weights.subarray(0, 1000), 'mean MODEL_TRUNCATED'],
    ];
    for (const [weights, rejection] of bad) {
      mission.put(withWeights(weights));
      expect(new Set((await boot()).rejections())).toEqual(new Set([rejection]));
    }
  });

  it('PGE-MST-005: flies on without models, with a malformed manifest, without keys or with those of others', async () => {
    writeFileSync(path('mean.manifest'), 'nonsense');
    const malformed = await boot();
    expect(malformed.rejections()).toEqual(['mean MODEL_TRUNCATED']);
    expect(malformed.fetch('sharp')).toBeDefined();
    mission.put(mean);
    writeFileSync(path('keys/owner.pem'), testKeys().publicPem);
    expect((await boot()).rejections()).toEqual(['mean MODEL_KEY', 'sharp MODEL_KEY']);
    writeFileSync(path('keys/owner.pem'), 'nonsense');
    expect((await boot()).rejections()).toContain('keys MODEL_KEY_FILE');
    rmSync(mission.folder, { recursive: true });
    const nothing = await boot();
    expect(new Set(nothing.rejections())).toEqual(new Set(['mission MODEL_MISSING']));
    expect(nothing.fetch()).toBeUndefined();
    expect(nothing.telemetry).toMatchObject({ ModelsGood: 0, SlotsUsed: 0 });
    mkdirSync(mission.folder);
  });

  it('PGE-MST-005: trusts the keys in the storage of the board, too', async () => {
    rmSync(path('keys/owner.pem'));
    const stored = new Map([['model-keys.pem', Buffer.from(owner.publicPem)]]);
    const b = await boot({ stored });
    expect(b.rejections()).toEqual([]);
    expect(b.fetch()).toBeDefined();
  });

  it('PGE-MST-006: refuses commands about what is not there, and says what is', async () => {
    const b = await boot();
    for (const command of ['VERIFY', 'RELOAD'])
      expect(await b.obey(command, { model: 'maen' })).toBe(
        'EXECUTION_ERROR: there is no model maen; known: mean, sharp',
      );
    expect(await b.obey('PROMOTE', { model: 'mean' })).toMatch('mean: there is no candidate version');
    expect(await b.obey('ROLLBACK', { model: 'mean' })).toMatch('mean: there is no previous version');
    expect(await b.obey('SHOW_SLOT', { slot: 8 })).toBe('EXECUTION_ERROR: there is no slot 8: 0 to 7');
    expect(await b.obey('SHOW_SLOT', { slot: 1 })).toBe('OK');
    expect(await b.obey('SHOW_SLOT', { slot: 7 })).toBe('OK');
    expect(b.named('SlotHolds')).toMatchObject([
      { slot: 1, model: 'sharp', serial: 1, pages: 7, parityPages: 2 },
      { slot: 7, model: '', serial: 0 },
    ]);
  });
});
