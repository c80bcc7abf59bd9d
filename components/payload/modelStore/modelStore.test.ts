import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import type { StoredModel } from '../ports';
import { modelStore } from './modelStore';

const fixtures = join(__dirname, '..', 'inference', 'fixtures');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-models-'));
  cpSync(fixtures, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const rejections = (b: Awaited<ReturnType<typeof boot>>) =>
  b.events
    .filter(({ name }) => name === 'ModelRejected')
    .map(({ args: { model, code } }) => `${model} ${code}`);

async function boot() {
  return bench(modelStore, { config: { folder } });
}

function fetch(b: Awaited<ReturnType<typeof boot>>, model = 'mean') {
  return b.in.fetch({ model }) as StoredModel | undefined;
}

/** Writes other weights for `mean`, with the right length and hash in the manifest. */
function publish(weights: Uint8Array) {
  const manifest = JSON.parse(readFileSync(path('manifest.json'), 'utf8'));
  const sha256 = createHash('sha256').update(weights).digest('hex');
  Object.assign(manifest.models[0].files.weights, { bytes: weights.length, sha256 });
  writeFileSync(path('mean.safetensors'), weights);
  writeFileSync(path('manifest.json'), JSON.stringify(manifest));
}

function edited(from: string, to: string): Uint8Array {
  const bytes = readFileSync(path('mean.safetensors'));
  const at = bytes.indexOf(from);
  bytes.write(to, at, 'latin1');
  return bytes;
}

describe('the model store', () => {
  it('PGE-MST-001: hands a verified model out of shared memory', async () => {
    const b = await boot();
    const model = fetch(b);
    expect(model).toMatchObject({
      name: 'mean',
      version: '1.0.0',
      weightsName: 'mean.safetensors',
      input: { name: 'tiles', shape: ['N', 3, 2, 2] },
      outputs: [{ name: 'share', shape: ['N'] }],
      classes: ['bright'],
    });
    expect(model?.weights.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(model?.weights ?? [])).toEqual(readFileSync(path('mean.safetensors')));
    expect(Buffer.from(model?.graph ?? [])).toEqual(readFileSync(path('mean.onnx')));
    expect(b.telemetry).toMatchObject({ ModelsGood: 2, ModelsRejected: 0 });
  });

  it.each(['weights', 'graph'] as const)(
    'PGE-MST-002: a bit that flips in the %s after boot is found before the next load; RELOAD heals it',
    async (part) => {
      const b = await boot();
      const model = fetch(b);
      if (model === undefined) throw new Error('the fixture was rejected');
      model[part][model[part].length - 1] ^= 0x10;
      expect(fetch(b)).toBeUndefined();
      b.command('VERIFY', { model: 'mean' });
      await b.settle();
      expect(b.responses.at(-1)?.status).toBe('EXECUTION_ERROR');
      expect(rejections(b)).toEqual(['mean MODEL_HASH', 'mean MODEL_HASH']);
      expect(b.telemetry).toMatchObject({ ModelsGood: 1, ModelsRejected: 2 });
      b.command('RELOAD', { model: 'mean' });
      await b.settle();
      expect(b.responses.at(-1)?.status).toBe('OK');
      expect(fetch(b)).toBeDefined();
      expect(b.telemetry.ModelsGood).toBe(2);
    },
  );

  it('PGE-MST-003: rejects a file that is missing, truncated or not what its hash says, and keeps the other model', async () => {
    unlinkSync(path('mean.onnx'));
    const missing = await boot();
    expect(rejections(missing)).toEqual(['mean MODEL_MISSING']);
    cpSync(fixtures, folder, { recursive: true });
    truncateSync(path('mean.safetensors'), 100);
    expect(rejections(await boot())).toEqual(['mean MODEL_SIZE']);
    cpSync(fixtures, folder, { recursive: true });
    writeFileSync(path('mean.safetensors'), edited('mean', 'MEAN'));
    expect(rejections(await boot())).toEqual(['mean MODEL_HASH']);
    expect(fetch(missing)).toBeUndefined();
    expect(fetch(missing, 'sharp')).toBeDefined();
  });

  it('PGE-MST-004: rejects weights whose header is wrong, though their hash is right', async () => {
    const bad: [Uint8Array, string][] = [
      [edited('"F32"', '"F31"'), 'mean MODEL_DTYPE'],
      [edited('[12,1]', '[12,2]'), 'mean MODEL_SHAPE'],
      [edited('{"mean', '["mean'), 'mean MODEL_HEADER'],
      [readFileSync(path('mean.safetensors')).subarray(0, 170), 'mean MODEL_TRUNCATED'],
    ];
    for (const [weights, rejection] of bad) {
      publish(weights);
      expect(rejections(await boot())).toEqual([rejection]);
    }
  });

  it('PGE-MST-005: flies on without a manifest, or with a malformed one', async () => {
    for (const [text, code] of [
      ['{', 'MODEL_MANIFEST'],
      ['{"models":[{}]}', 'MODEL_MANIFEST'],
    ]) {
      writeFileSync(path('manifest.json'), text);
      expect(rejections(await boot())).toEqual([`manifest ${code}`]);
    }
    unlinkSync(path('manifest.json'));
    const b = await boot();
    expect(rejections(b)).toEqual(['manifest MODEL_MISSING']);
    expect(fetch(b)).toBeUndefined();
    expect(b.telemetry).toMatchObject({ ModelsGood: 0, ModelsRejected: 2 });
  });

  it('PGE-MST-006: refuses commands about a model that it does not know', async () => {
    const b = await boot();
    for (const command of ['VERIFY', 'RELOAD']) b.command(command, { model: 'maen' });
    await b.settle();
    expect(b.responses.map(({ status, reason }) => [status, reason])).toEqual(
      Array(2).fill(['EXECUTION_ERROR', 'there is no model maen; known: mean, sharp']),
    );
  });
});
