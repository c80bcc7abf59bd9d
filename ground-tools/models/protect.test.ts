import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../fsw/models';
import { projectRoot } from '../../fsw/root';
import { type FolderModel, readModelFolder } from './folder';
import { protectModel, protectRule } from './protect';
import { changeMessages, readMessage, writeMessage } from './protobuf';

const read = readModelFolder(join(projectRoot, 'fsw/missions/earth-watch/models'));
if (!read.ok) throw new Error(read.error.text);
const [vit] = read.value.filter(({ manifest }) => manifest.name === 'land-cover');

function tensorsOf({ manifest, weights }: FolderModel) {
  const tensors = readSafetensors(weights, manifest.weights.path);
  if (!tensors.ok) throw new Error(tensors.error.text);
  return tensors.value;
}

async function run({ manifest, graph, weights }: FolderModel): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(graph, {
    externalData: [{ path: manifest.weights.path, data: weights }],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const { count, input } = manifest.canary ?? { count: 0, input: new Float32Array(0) };
  const shape = [count, ...manifest.input.shape.slice(1).map(Number)];
  const results = await session.run({ [manifest.input.name]: new Tensor('float32', input, shape) });
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

describe('the exponents of chosen tensors', () => {
  it('are protected, and the tensors lie last, bound by their own largest value', () => {
    const names = tensorsOf(vit).map(({ name }) => name);
    const chosen = names.filter((name) => /mlp|qkv|w/.test(name)).filter((_, i) => i % 3 === 0);
    const rules = chosen.flatMap((name) => protectRule(`${name}=exponent`, []));
    const made = protectModel(vit, rules);
    if (!made.ok) throw new Error(made.error.text);
    const { protection } = made.value.manifest;
    expect(protection?.exponent.map(({ tensor }) => tensor)).toEqual(chosen);
    const after = tensorsOf(made.value);
    expect(after.slice(-chosen.length).map(({ name }) => name)).toEqual(chosen);
    expect(after.at(-chosen.length)?.offset).toBe(protection?.eccBytes);
    expect(after[0].offset % 64).toBe(0);
  });

  it('leave a network that gives what it gave, within its canary’s tolerance', async () => {
    const made = protectModel(vit, protectRule('*=exponent', []));
    if (!made.ok) throw new Error(made.error.text);
    const partly = protectModel(vit, protectRule('*w*=exponent', []));
    if (!partly.ok) throw new Error(partly.error.text);
    for (const model of [made.value, partly.value]) {
      const found = await run(model);
      const { outputs, tolerance } = vit.manifest.canary ?? { outputs: {}, tolerance: 0 };
      for (const [name, wanted] of Object.entries(outputs)) {
        const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name][i])), 0);
        expect(worst).toBeLessThan(tolerance);
      }
    }
  });

  it('are refused where the graph points elsewhere, or is none', () => {
    const elsewhere = Buffer.from(vit.graph);
    const at = elsewhere.indexOf('offset');
    elsewhere.write('9', at + 'offset'.length + 2);
    for (const graph of [new Uint8Array(elsewhere), Uint8Array.of(0xff, 0xff)])
      expect(protectModel({ ...vit, graph }, protectRule('*=exponent', []))).toMatchObject({
        ok: false,
        error: { code: 'MODEL_PROTECTION', text: expect.stringContaining('the graph:') },
      });
  });
});

describe('a protocol buffer', () => {
  it('is written as it was read', () => {
    expect(writeMessage(readMessage(vit.graph))).toEqual(vit.graph);
    expect(changeMessages(vit.graph, 7, (graph) => changeMessages(graph, 5, (tensor) => tensor))).toEqual(
      vit.graph,
    );
  });

  it('of any bytes is read or refused, and then written as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let fields: ReturnType<typeof readMessage>;
        try {
          fields = readMessage(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(readMessage(writeMessage(fields))).toEqual(fields);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});
