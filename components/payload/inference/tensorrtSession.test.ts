import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { native } from '../../../native/addon';
import { emulatedDriver } from '../../../native/cuda/emulation/build';
import { openTensorRt, type TensorRt } from '../../../native/tensorrt';
import { doubleShim } from '../../../native/tensorrt/emulation/build';
import type { StoredModel } from '../ports';
import { type ModelSession, plansFolder, shimSession } from './tensorrtSession';

const folder = mkdtempSync(join(tmpdir(), 'perigee-session-'));
const fatbin = join(folder, 'test.fatbin');
writeFileSync(fatbin, Buffer.from([0x50, 0xed, 0x55, 0xba, 0, 0, 0, 0]));
const driver = native.addon ? emulatedDriver() : { reason: 'no addon' };
const shim = native.addon ? doubleShim() : { reason: 'no addon' };
const missing = driver.reason || shim.reason;

const file = (name: string) => readFileSync(join(__dirname, 'fixtures', name));
const model: StoredModel = {
  name: 'mean',
  version: '1.0.0',
  graph: file('mean.onnx'),
  weightsName: 'mean.safetensors',
  weights: file('mean.safetensors'),
  input: { name: 'tiles', shape: ['N', 3, 2, 2] },
  outputs: [{ name: 'share', shape: ['N'] }],
  classes: [],
};

/** The double, with what a test changes of it; counts what it builds. */
function tensorRt(change: Partial<TensorRt> = {}) {
  const opened = openTensorRt({ fatbin, library: driver.file, shim: shim.file });
  if (!opened.ok) throw new Error(opened.error.text);
  let built = 0;
  const value: TensorRt = {
    ...opened.value,
    build(onnxFile, maxBatch) {
      built++;
      return opened.value.build(onnxFile, maxBatch);
    },
    ...change,
  };
  return { open: () => ({ ok: true as const, value }), built: () => built };
}

async function shares(session: ModelSession, count: number): Promise<number[]> {
  const input = Float32Array.from({ length: count * 12 }, (_, i) => Math.floor(i / 12));
  const results = await session.run({ tiles: new ort.Tensor('float32', input, [count, 3, 2, 2]) });
  return [...(results.share.data as Float32Array)];
}

it('keeps plans where the environment says, or in the cache', () => {
  expect(plansFolder({ PERIGEE_PLANS: '/data/plans' })).toBe('/data/plans');
  expect(plansFolder({ XDG_CACHE_HOME: '/cache' })).toBe(join('/cache', 'perigee', 'plans'));
});

const title = `a TensorRT session over the shim's double${missing === '' ? '' : ` (skipped: ${missing})`}`;
describe.skipIf(missing !== '')(title, () => {
  it('builds its plan once, and says its ends as onnxruntime does', async () => {
    const plans = mkdtempSync(join(tmpdir(), 'perigee-plans-'));
    const { open, built } = tensorRt();
    for (let i = 0; i < 2; i++) {
      const session = await shimSession(model, open, plans);
      if (!session.ok) throw new Error(session.error.text);
      const { inputNames, inputMetadata, outputMetadata } = session.value;
      expect(inputNames).toEqual(['tiles']);
      expect(inputMetadata).toEqual([
        { name: 'tiles', isTensor: true, type: 'float32', shape: [-1, 3, 2, 2] },
      ]);
      expect(outputMetadata).toMatchObject([{ name: 'share', shape: [-1] }]);
      expect(await shares(session.value, 3)).toEqual([0, 1, 2]);
      await session.value.release();
      await expect(shares(session.value, 3)).rejects.toThrow('the engine was closed');
    }
    expect(built()).toBe(1);
  });

  it('builds anew what was built for another device, and is refused with PLAN_DEVICE where it cannot', async () => {
    const plans = mkdtempSync(join(tmpdir(), 'perigee-plans-'));
    await shimSession(model, tensorRt({ version: '10.0.1' }).open, plans);
    const refused = await shimSession(model, tensorRt({ builds: false }).open, plans);
    expect(refused.ok ? '' : refused.error.code).toBe('PLAN_DEVICE');
    expect(refused.ok ? '' : refused.error.text).toContain('TensorRT 10.0.1, this is 10.3.0');
    const { open, built } = tensorRt();
    expect((await shimSession(model, open, plans)).ok).toBe(true);
    expect(built()).toBe(1);
    expect(readdirSync(plans)).toHaveLength(1);
  });

  it('builds anew a plan that is damaged on storage', async () => {
    const plans = mkdtempSync(join(tmpdir(), 'perigee-plans-'));
    const { open, built } = tensorRt();
    await shimSession(model, open, plans);
    const [name] = readdirSync(plans);
    writeFileSync(join(plans, name), 'damaged');
    expect((await shimSession(model, open, plans)).ok).toBe(true);
    expect(built()).toBe(2);
  });

  it('flies a plan that cannot be kept', async () => {
    const session = await shimSession(model, tensorRt().open, join(fatbin, 'not a folder'));
    expect(session.ok).toBe(true);
  });
});
