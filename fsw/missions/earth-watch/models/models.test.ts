import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import golden from './golden.json';
import manifest from './manifest.json';

/** What int8 may add to the outputs for a tile that is not on an edge; the card has the averages. */
const MADE_FROM_TOLERANCE = 0.1;
const [count, ...tileShape] = golden.tiles.shape;
const pixels = Float32Array.from(Buffer.from(golden.tiles.u8Base64, 'base64'));
const expected: Record<string, Record<string, unknown[]>> = {
  'cloud-screener': golden['cloud-screener'],
  'surface-vit': golden['surface-vit'],
};
const toleranceOf: Record<string, number> = {
  'cloud-screener': golden['cloud-screener.tolerance'],
  'surface-vit': golden['surface-vit.tolerance'],
};

const read = (path: string) => readFileSync(join(__dirname, path));

/** The graph as plain bytes, its weights as a view of shared memory: the way the mission loads them. */
function open(graph: string, weights: string): Promise<InferenceSession> {
  const bytes = read(weights);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return InferenceSession.create(new Uint8Array(read(graph)), {
    externalData: [{ path: weights, data: shared }],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
}

// The wide field's, which share golden tiles; each other model has a test of its own beside this one.
describe.each(manifest.models.filter(({ name }) => name in expected))(
  '$name',
  ({ name, files, madeFrom, inputs, outputs }) => {
    const TOLERANCE = toleranceOf[name];

    it('is the very bytes that the manifest names, and so is the float32 network that it was made from', () => {
      if (madeFrom === undefined) throw new Error(`${name}: made from nothing`);
      for (const { path, bytes, sha256 } of [...Object.values(files), ...Object.values(madeFrom)]) {
        const data = read(path);
        expect(data.length).toBe(bytes);
        expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
      }
    });

    it('gives about what the float32 network gives', async () => {
      if (madeFrom === undefined) throw new Error(`${name}: made from nothing`);
      const session = await open(madeFrom.graph.path, madeFrom.weights.path);
      const results = await session.run({ tiles: new Tensor('float32', pixels, [count, ...tileShape]) });
      for (const output of outputs) {
        const wanted = expected[name][output.name].flat() as number[];
        expect(maxDifference(results[output.name].data as Float32Array, wanted)).toBeLessThan(
          MADE_FROM_TOLERANCE,
        );
      }
      await session.release();
    });

    it('gives its golden outputs, from weights in shared memory', async () => {
      const session = await open(files.graph.path, files.weights.path);
      expect(session.inputNames).toEqual(inputs.map((input) => input.name));
      expect(session.outputNames).toEqual(outputs.map((output) => output.name));
      const results = await session.run({ tiles: new Tensor('float32', pixels, [count, ...tileShape]) });
      for (const output of outputs) {
        const found = results[output.name];
        const wanted = expected[name][output.name].flat() as number[];
        expect(found.dims).toEqual([count, ...output.shape.slice(1)]);
        expect(maxDifference(found.data as Float32Array, wanted)).toBeLessThan(TOLERANCE);
      }
      await session.release();
    });

    it('gives a tile alone what it gives it in a batch', async () => {
      const session = await open(files.graph.path, files.weights.path);
      const one = pixels.slice(0, pixels.length / count);
      const results = await session.run({ tiles: new Tensor('float32', one, [1, ...tileShape]) });
      for (const output of outputs) {
        const wanted = [expected[name][output.name][0]].flat() as number[];
        expect(maxDifference(results[output.name].data as Float32Array, wanted)).toBeLessThan(TOLERANCE);
      }
      await session.release();
    });

    it('reads its weights from the file: other weights give other outputs', async () => {
      const bytes = read(files.weights.path);
      const zeros = new Uint8Array(bytes.length);
      const session = await InferenceSession.create(new Uint8Array(read(files.graph.path)), {
        externalData: [{ path: files.weights.path, data: zeros }],
        intraOpNumThreads: 1,
      });
      const results = await session.run({ tiles: new Tensor('float32', pixels, [count, ...tileShape]) });
      const [output] = outputs;
      const wanted = expected[name][output.name].flat() as number[];
      expect(maxDifference(results[output.name].data as Float32Array, wanted)).toBeGreaterThan(TOLERANCE);
      await session.release();
    });
  },
);

function maxDifference(found: Float32Array, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  return wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i])), 0);
}
