import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from './golden.json';
import manifest from './manifest.json';

const TOLERANCE = 1e-4;
const SIDE = 64;
const PIXELS = SIDE * SIDE;
const given = golden['land-cover.tiles'];
const tiles = Float32Array.from(Buffer.from(given.u8Base64, 'base64'));
const wanted = golden['land-cover'];
const entry = manifest.models.find(({ name }) => name === 'land-cover');

/** Where EuroSAT lies unpacked, if anywhere: a folder with one folder of JPEGs a class. */
const eurosat = [
  ...(process.env.PERIGEE_DATA ?? '').split(':'),
  resolve(__dirname, '../../../../../shared/data'),
]
  .filter((folder) => folder !== '')
  .map((folder) => join(folder, 'eurosat', 'train'))
  .find((folder) => existsSync(folder));
const PER_CLASS = 12;

describe('land-cover', () => {
  let session: InferenceSession;
  const run = (pixels: Float32Array, shape: readonly number[]) =>
    session.run({ tiles: new Tensor('float32', pixels, shape) });

  beforeAll(async () => {
    const read = (file: string) => new Uint8Array(readFileSync(join(__dirname, file)));
    session = await InferenceSession.create(read('land-cover.onnx'), {
      externalData: [{ path: 'land-cover.safetensors', data: read('land-cover.safetensors') }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
  });
  afterAll(() => session.release());

  it('has the inputs, outputs and classes that its manifest entry names', () => {
    expect(entry?.inputs).toMatchObject([{ name: 'tiles', shape: ['N', 3, SIDE, SIDE] }]);
    expect(entry?.outputs.map(({ name }) => name)).toEqual(session.outputNames);
    expect(entry?.classes).toHaveLength(10);
    expect(session.inputNames).toEqual(['tiles']);
  });

  it('gives the golden outputs for the golden tiles, which are of two classes', async () => {
    const { probabilities, attention } = await run(tiles, given.shape);
    expect(largestDifference(probabilities.data, wanted.probabilities.flat())).toBeLessThan(TOLERANCE);
    expect(largestDifference(attention.data, wanted.attention.flat())).toBeLessThan(TOLERANCE);
    expect(new Set(wanted.probabilities.map(best)).size).toBe(2);
  });

  it('gives a tile alone what it gives it in a batch', async () => {
    const { probabilities } = await run(tiles.slice(0, 3 * PIXELS), [1, 3, SIDE, SIDE]);
    expect(largestDifference(probabilities.data, wanted.probabilities[0])).toBeLessThan(TOLERANCE);
  });

  it('gives probabilities and attention that each sum to one, also for tiles of zeros, saturated and of no sense', async () => {
    for (const value of [0, 255, 65_535]) {
      const { probabilities, attention } = await run(new Float32Array(3 * PIXELS).fill(value), [
        1,
        3,
        SIDE,
        SIDE,
      ]);
      for (const { data } of [probabilities, attention]) {
        const shares = Array.from(data as Float32Array);
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
      }
    }
  });

  it.each([
    ['one band', [1, 1, SIDE, SIDE]],
    ['a tile of the wide field', [1, 3, 32, 32]],
    ['a tile of another side', [1, 3, 96, 96]],
  ])('refuses %s', async (_, shape) => {
    await expect(
      run(new Float32Array(shape.reduce((size, side) => size * side, 1)), shape),
    ).rejects.toThrow();
  });

  it.skipIf(eurosat === undefined)(
    `knows the tiles of EuroSAT's train split, read with sharp: order of colours, scaling${eurosat ? '' : ' (skipped: EuroSAT is not in PERIGEE_DATA)'}`,
    async () => {
      let right = 0;
      const names = entry?.classes ?? [];
      for (const [label, name] of names.entries()) {
        const folder = join(eurosat ?? '', name);
        const files = readdirSync(folder).sort().slice(0, PER_CLASS);
        const batch = Float32Array.from(
          (await Promise.all(files.map((file) => planes(join(folder, file))))).flat(),
        );
        const { probabilities } = await run(batch, [PER_CLASS, 3, SIDE, SIDE]);
        const all = Array.from(probabilities.data as Float32Array);
        right += files.filter(
          (_, i) => best(all.slice(i * names.length, (i + 1) * names.length)) === label,
        ).length;
      }
      expect(right / (names.length * PER_CLASS)).toBeGreaterThan(0.85);
    },
  );
});

/** Red, then green, then blue. */
async function planes(file: string): Promise<number[]> {
  const rgb = await sharp(file).removeAlpha().raw().toBuffer();
  return [0, 1, 2].flatMap((band) => Array.from({ length: PIXELS }, (_, i) => rgb[3 * i + band]));
}

function best(shares: readonly number[]): number {
  return shares.indexOf(Math.max(...shares));
}

function largestDifference(found: unknown, expected: readonly number[]): number {
  const values = found as Float32Array;
  expect(values.length).toBe(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - values[i])), 0);
}
