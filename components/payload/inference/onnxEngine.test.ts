import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { StoredModel } from '../ports';
import { onnxEngine } from './onnxEngine';

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

function fixture(name: string, change: Partial<StoredModel> = {}): StoredModel {
  const file = (end: string) => shared(readFileSync(join(__dirname, 'fixtures', `${name}.${end}`)));
  return {
    name: 'mean',
    version: '1.0.0',
    graph: file('onnx'),
    weightsName: `${name}.safetensors`,
    weights: file('safetensors'),
    input: { name: 'tiles', shape: ['N', 3, 2, 2] },
    outputs: [{ name: 'share', shape: ['N'] }],
    classes: [],
    ...change,
  };
}

/** Two items over shared memory, as a pooled buffer is. */
function twoItems(): Float32Array {
  const items = new Float32Array(new SharedArrayBuffer(2 * 12 * 4));
  items.fill(60, 0, 12);
  items.fill(120, 12);
  return items;
}

describe('the onnxruntime engine', () => {
  const engine = onnxEngine();
  afterAll(() => engine.close());

  it('loads weights from shared memory and runs them, twice the same bit for bit', async () => {
    const loaded = await engine.load('mean', fixture('mean'), ['cpu']);
    expect(loaded).toEqual({ ok: true, value: { provider: 'cpu', refused: [] } });
    const first = await engine.run('mean', 2, twoItems());
    const second = await engine.run('mean', 2, twoItems());
    if (!first.ok || !second.ok) throw new Error('it did not run');
    expect([...first.value.share].map((value) => value.toFixed(3))).toEqual(['60.000', '120.000']);
    expect(Buffer.from(second.value.share.buffer)).toEqual(Buffer.from(first.value.share.buffer));
  });

  it('tries one provider at a time and reports the one that really loaded', async () => {
    const loaded = await engine.load('mean', fixture('mean'), ['no-such-provider', 'cpu']);
    if (!loaded.ok) throw new Error(loaded.error.text);
    expect(loaded.value.provider).toBe('cpu');
    expect(loaded.value.refused.map(({ provider }) => provider)).toEqual(['no-such-provider']);
    expect(loaded.value.refused[0].reason).not.toBe('');
  });

  it('lets a fresh load take over from the one of the same session', async () => {
    await engine.load('mean', fixture('mean'), ['cpu']);
    await engine.load('mean', fixture('sharp'), ['cpu']);
    const run = await engine.run('mean', 2, twoItems());
    expect(run.ok && [...run.value.share].map(Math.round)).toEqual([180, 360]);
  });

  it('keeps the old session when the new one does not load: a graph of garbage, truncated weights', async () => {
    await engine.load('mean', fixture('mean'), ['cpu']);
    const good = fixture('sharp');
    const garbage = await engine.load('mean', { ...good, graph: new Uint8Array(64).fill(7) }, ['cpu']);
    const truncated = await engine.load('mean', { ...good, weights: good.weights.subarray(0, 150) }, ['cpu']);
    for (const result of [garbage, truncated])
      expect(result).toMatchObject({ ok: false, error: { code: 'ENGINE_LOAD' } });
    const run = await engine.run('mean', 2, twoItems());
    expect(run.ok && [...run.value.share].map(Math.round)).toEqual([60, 120]);
  });

  it('refuses a graph whose inputs or outputs are not those of the manifest', async () => {
    const changes: Partial<StoredModel>[] = [
      { input: { name: 'tiles', shape: ['N', 3, 4, 4] } },
      { input: { name: 'pixels', shape: ['N', 3, 2, 2] } },
      { outputs: [{ name: 'share', shape: ['N', 2] }] },
    ];
    for (const change of changes)
      expect(await engine.load('mean', fixture('mean', change), ['cpu'])).toMatchObject({
        ok: false,
        error: { code: 'MODEL_SHAPE' },
      });
  });

  it('answers a run of a wrong size or of an unknown model with a coded error', async () => {
    await engine.load('mean', fixture('mean'), ['cpu']);
    const wrong = [
      await engine.run('mean', 3, twoItems()),
      await engine.run('nobody', 2, twoItems()),
      await engine.release('nobody'),
    ];
    for (const result of wrong) expect(result).toMatchObject({ ok: false, error: { code: 'ENGINE_RUN' } });
  });

  it('holds two sessions of one model, each with a copy of its own', async () => {
    await engine.load('one', fixture('mean'), ['cpu']);
    await engine.load('twin', fixture('sharp'), ['cpu']);
    const [one, twin] = [await engine.run('one', 2, twoItems()), await engine.run('twin', 2, twoItems())];
    expect(one.ok && [...one.value.share].map(Math.round)).toEqual([60, 120]);
    expect(twin.ok && [...twin.value.share].map(Math.round)).toEqual([180, 360]);
    await engine.release('one');
    expect((await engine.run('twin', 2, twoItems())).ok).toBe(true);
  });

  it('copies the weights before it returns its promise: what changes in the store then changes nothing', async () => {
    const changed = fixture('mean');
    const loading = engine.load('mean', changed, ['cpu']);
    changed.weights.fill(0);
    await loading;
    const run = await engine.run('mean', 2, twoItems());
    expect(run.ok && [...run.value.share].map(Math.round)).toEqual([60, 120]);
  });

  it('forgets a session that is released', async () => {
    await engine.load('mean', fixture('mean'), ['cpu']);
    expect(await engine.release('mean')).toEqual({ ok: true, value: undefined });
    expect((await engine.run('mean', 2, twoItems())).ok).toBe(false);
  });

  it('answers what was under way when it is restarted, and loads again after', async () => {
    await engine.load('mean', fixture('mean'), ['cpu']);
    const underWay = engine.run('mean', 2, twoItems());
    await engine.restart();
    expect(await underWay).toMatchObject({ ok: false, error: { code: 'ENGINE_LOST' } });
    expect((await engine.load('mean', fixture('mean'), ['cpu'])).ok).toBe(true);
  });

  it('survives a process that ends by itself, and one that answers no more', async () => {
    const bad = onnxEngine(join(__dirname, 'fixtures', 'badProcess.js'));
    expect(await bad.run('mean', 2, twoItems())).toMatchObject({
      ok: false,
      error: { code: 'ENGINE_LOST', text: "the engine's process ended: exit code 3" },
    });
    expect(bad.alive).toBe(false);
    expect(await bad.run('mean', 2, twoItems())).toMatchObject({ ok: false, error: { code: 'ENGINE_LOST' } });
    await bad.restart();
    expect(bad.alive).toBe(true);
    const stuck = bad.load('mean', fixture('mean'), ['cpu']);
    await bad.close();
    expect(await stuck).toMatchObject({ ok: false, error: { code: 'ENGINE_LOST' } });
  });
});
