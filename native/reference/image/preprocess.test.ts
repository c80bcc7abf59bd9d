import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { image, type NetworkInput, type Picture, reference } from '../../image';
import { bytesOf, noAddon, sameBytes, whyNoAddon } from '../compare';
import { peers } from './peers';
import { makeTaps, ONE } from './resample';

const input = (width: number, height: number, channels: number, mean = 0, std = 1): NetworkInput => ({
  width,
  height,
  mean: new Float32Array(channels).fill(mean),
  std: new Float32Array(channels).fill(std),
});

function run(kernels: typeof image, picture: Picture, crops: readonly number[], to: NetworkInput) {
  const out = new Float32Array((crops.length / 4) * picture.channels * to.width * to.height);
  const done = kernels.preprocess(picture, Uint32Array.from(crops), to, out);
  if (!done.ok) throw new Error(done.error.text);
  return out;
}

/** The same in doubles, weights as they are, one output pixel at a time. */
function exact({ data, width, channels }: Picture, crop: readonly number[], to: NetworkInput): number[] {
  const [left, top, cropWidth, cropHeight] = crop;
  const axis = (length: number, output: number, i: number) => {
    const step = length / output;
    const reach = Math.max(1, step);
    const heights = Array.from({ length }, (_, at) =>
      Math.max(0, 1 - Math.abs(at + 0.5 - (i + 0.5) * step) / reach),
    );
    const total = heights.reduce((a, b) => a + b);
    return heights.map((height) => height / total);
  };
  const out: number[] = [];
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < to.height; y++)
      for (let x = 0; x < to.width; x++) {
        const [down, across] = [axis(cropHeight, to.height, y), axis(cropWidth, to.width, x)];
        let sum = 0;
        down.forEach((v, j) => {
          across.forEach((h, i) => {
            if (v * h > 0) sum += v * h * data[((top + j) * width + left + i) * channels + c];
          });
        });
        out.push((sum - to.mean[c]) / to.std[c]);
      }
  return out;
}

/** The largest difference. */
function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = Math.abs(a.length - b.length);
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

const anyCase = fc
  .record({
    width: fc.integer({ min: 1, max: 60 }),
    height: fc.integer({ min: 1, max: 40 }),
    channels: fc.integer({ min: 1, max: 13 }),
    outWidth: fc.integer({ min: 1, max: 30 }),
    outHeight: fc.integer({ min: 1, max: 30 }),
    seed: fc.nat(),
    mean: fc.float({ min: 0, max: 255, noNaN: true }),
    std: fc.float({ min: Math.fround(0.01), max: 300, noNaN: true }),
    parts: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }),
  })
  .map(({ width, height, channels, outWidth, outHeight, seed, mean, std, parts }) => ({
    picture: { data: bytesOf(seed, width * height * channels), width, height, channels },
    crops: parts.flatMap(([a, b, c, d]) => {
      const [left, top] = [a % width, b % height];
      return [left, top, 1 + (c % (width - left)), 1 + (d % (height - top))];
    }),
    to: input(outWidth, outHeight, channels, mean, std),
  }));

describe('preprocess', () => {
  it('gives what Pillow gives in float, enlarged and shrunk, within 0.05 levels', () => {
    const picture = { data: bytesOf(7, 40 * 32 * 3), width: 40, height: 32, channels: 3 };
    for (const { crop, width, height, chw } of peers.resize)
      expect(apart(run(reference, picture, crop, input(width, height, 3)), chw)).toBeLessThan(0.05);
  });

  it('is within 0.05 levels of the exact result, normalised', () => {
    fc.assert(
      fc.property(anyCase, ({ picture, crops, to }) => {
        const ours = run(reference, picture, crops, to);
        const size = ours.length / (crops.length / 4);
        for (let crop = 0; crop * 4 < crops.length; crop++) {
          const want = exact(picture, crops.slice(crop * 4, crop * 4 + 4), to);
          const most = apart(ours.subarray(crop * size, (crop + 1) * size), want);
          expect(most * to.std[0]).toBeLessThan(0.05);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is as near to it where 64 pixels become one', () => {
    const picture = { data: bytesOf(5, 1920 * 70), width: 1920, height: 70, channels: 1 };
    const to = input(30, 2, 1);
    expect(
      apart(run(reference, picture, [0, 0, 1920, 70], to), exact(picture, [0, 0, 1920, 70], to)),
    ).toBeLessThan(0.05);
  });

  it('leaves the levels as they are where nothing is resized or normalised', () => {
    const picture = { data: bytesOf(3, 8 * 8 * 3), width: 8, height: 8, channels: 3 };
    const out = run(reference, picture, [2, 3, 4, 5], input(4, 5, 3));
    expect(out[0]).toBe(picture.data[(3 * 8 + 2) * 3]);
    expect(out[20 + 4 + 1]).toBe(picture.data[(4 * 8 + 3) * 3 + 1]);
    expect(out.every(Number.isInteger)).toBe(true);
  });

  it('has weights that make exactly one, at every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 300 }), (from, to) => {
        const { count, starts, weights } = makeTaps(from, to);
        for (let i = 0; i < to; i++) {
          const row = weights.subarray(i * count, (i + 1) * count);
          expect(row.reduce((sum, weight) => sum + weight, 0)).toBe(ONE);
          expect(row.every((weight, k) => weight === 0 || (weight > 0 && starts[i] + k < from))).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.skipIf(noAddon)(`gives the same bytes in the addon${whyNoAddon}`, () => {
    fc.assert(
      fc.property(anyCase, ({ picture, crops, to }) => {
        expect(sameBytes(run(image, picture, crops, to), run(reference, picture, crops, to))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(noAddon)(`gives the same bytes in the addon for large crops of a frame${whyNoAddon}`, () => {
    const picture = { data: bytesOf(11, 900 * 700 * 3), width: 900, height: 700, channels: 3 };
    const crops = [0, 0, 900, 700, 101, 53, 512, 512, 3, 5, 224, 224, 17, 9, 60, 77, 899, 699, 1, 1];
    const to = input(224, 224, 3, 123.675, 58.395);
    expect(sameBytes(run(image, picture, crops, to), run(reference, picture, crops, to))).toBe(true);
  });

  it('knows the mean level of each crop', () => {
    fc.assert(
      fc.property(anyCase, ({ picture, crops }) => {
        const means = [image, reference].map((kernels) => {
          const out = new Float32Array(crops.length / 4);
          expect(kernels.meanLevels(picture, Uint32Array.from(crops), out).ok).toBe(true);
          return out;
        });
        const exactly = Float32Array.from({ length: crops.length / 4 }, (_, crop) => {
          const [left, top, width, height] = crops.slice(crop * 4);
          const to = input(width, height, picture.channels);
          const levels = run(reference, picture, [left, top, width, height], to);
          return levels.reduce((sum, level) => sum + level, 0) / levels.length;
        });
        expect(means).toEqual([exactly, exactly]);
      }),
    );
  });
});
