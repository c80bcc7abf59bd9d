import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from './golden.json';
import manifest from './manifest.json';

const TOLERANCE = 1e-4;
const [count, bands, height, width] = golden.reflectance.shape;
const bytes = Buffer.from(golden.reflectance.u8Base64, 'base64');
const reflectance = Float32Array.from(bytes, (step) => step * golden.reflectance.scale);
const wanted = golden['cloud-mask'].cloud.flat();

describe('cloud-mask', () => {
  let session: InferenceSession;
  const input = (pixels: Float32Array, shape: readonly number[]) => ({
    reflectance: new Tensor('float32', pixels, shape),
  });

  beforeAll(async () => {
    const read = (file: string) => new Uint8Array(readFileSync(join(__dirname, file)));
    session = await InferenceSession.create(read('cloud-mask.onnx'), {
      externalData: [{ path: 'cloud-mask.safetensors', data: read('cloud-mask.safetensors') }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
  });
  afterAll(() => session.release());

  it('is the bytes, and has the inputs and outputs, that its manifest entry names', () => {
    const entry = manifest.models.find(({ name }) => name === 'cloud-mask');
    for (const { path, bytes: length, sha256 } of Object.values(entry?.files ?? {})) {
      const data = readFileSync(join(__dirname, path));
      expect([data.length, createHash('sha256').update(data).digest('hex')]).toEqual([length, sha256]);
    }
    expect(entry?.inputs).toMatchObject([{ name: 'reflectance', shape: ['N', 6, 96, 96] }]);
    expect(entry?.outputs).toMatchObject([{ name: 'cloud', shape: ['N', 96, 96] }]);
    expect([session.inputNames, session.outputNames]).toEqual([['reflectance'], ['cloud']]);
  });

  it('gives the golden outputs for the golden tile, which has clear sky, cloud and much between', async () => {
    const { cloud } = await session.run(input(reflectance, [count, bands, height, width]));
    expect(cloud.dims).toEqual([count, height, width]);
    expect(largestDifference(cloud.data as Float32Array, wanted)).toBeLessThan(TOLERANCE);
    expect(wanted.filter((chance) => chance < 0.05).length).toBeGreaterThan(500);
    expect(wanted.filter((chance) => chance > 0.95).length).toBeGreaterThan(500);
    expect(wanted.filter((chance) => chance >= 0.05 && chance <= 0.95).length).toBeGreaterThan(500);
  });

  it('gives a tile in a batch what it gives it alone, whatever lies beside it', async () => {
    const three = new Float32Array(3 * reflectance.length).fill(0.9);
    three.set(reflectance, reflectance.length);
    const { cloud } = await session.run(input(three, [3, bands, height, width]));
    const middle = (cloud.data as Float32Array).subarray(wanted.length, 2 * wanted.length);
    expect(largestDifference(middle, wanted)).toBeLessThan(TOLERANCE);
  });

  it('gives probabilities for tiles of all zeros, of saturation, and of no sense', async () => {
    for (const value of [0, 1.5, 65_535]) {
      const flat = new Float32Array(reflectance.length).fill(value);
      const { cloud } = await session.run(input(flat, [1, bands, height, width]));
      expect((cloud.data as Float32Array).every((chance) => chance >= 0 && chance <= 1)).toBe(true);
    }
  });

  it.each([
    ['four bands', [1, 4, 96, 96]],
    ['the three colours of another model', [1, 3, 96, 96]],
    ['thirteen bands', [1, 13, 96, 96]],
    ['a tile of another side', [1, 6, 64, 64]],
  ])('refuses %s by the shape', async (_, shape) => {
    const pixels = new Float32Array(shape.reduce((size, side) => size * side, 1));
    await expect(session.run(input(pixels, shape))).rejects.toThrow(/dimension|shape/i);
  });
});

function largestDifference(found: Float32Array, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i])), 0);
}
