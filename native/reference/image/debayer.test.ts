import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BayerPattern, image, reference } from '../../image';
import { noAddon, sameBytes, whyNoAddon } from '../compare';
import { peers } from './peers';

const patterns: readonly BayerPattern[] = ['RGGB', 'GRBG', 'GBRG', 'BGGR'];

function run<T extends Uint8Array | Uint16Array>(
  kernels: typeof image,
  data: T,
  width: number,
  height: number,
  pattern: BayerPattern,
): T {
  const rgb = (
    data instanceof Uint8Array ? new Uint8Array(data.length * 3) : new Uint16Array(data.length * 3)
  ) as T;
  const done = kernels.debayer({ data, width, height, pattern }, rgb);
  if (!done.ok) throw new Error(done.error.text);
  return rgb;
}

/** Bilinear as a convolution: each colour's known pixels, mirrored at the edges, with weights 4, 2 and 1. */
function convolved(data: ArrayLike<number>, width: number, height: number, pattern: BayerPattern): number[] {
  const mirror = (at: number, length: number) => (at < 0 ? -at : at >= length ? 2 * length - 2 - at : at);
  const near = [-1, 0, 1];
  return Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, colour] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), 'RGB'[i % 3]];
    let [sum, weights] = [0, 0];
    for (const dy of near)
      for (const dx of near) {
        const [atX, atY] = [mirror(x + dx, width), mirror(y + dy, height)];
        const known = pattern[(atY % 2) * 2 + (atX % 2)] === colour;
        const weight = known ? (2 - Math.abs(dx)) * (2 - Math.abs(dy)) : 0;
        // Beside a green pixel's own, the diagonal ones are further off.
        if (colour === 'G' && dx !== 0 && dy !== 0) continue;
        sum += weight * data[atY * width + atX];
        weights += weight;
      }
    const self = pattern[(y % 2) * 2 + (x % 2)] === colour;
    return self ? data[y * width + x] : Math.floor(sum / weights + 0.5);
  });
}

const anyMosaic = fc
  .tuple(fc.integer({ min: 2, max: 24 }), fc.integer({ min: 2, max: 12 }), fc.constantFrom(...patterns))
  .chain(([width, height, pattern]) => {
    const size = { minLength: width * height, maxLength: width * height };
    return fc
      .oneof(fc.uint8Array(size), fc.uint16Array(size))
      .map((data) => ({ data, width, height, pattern }));
  });

describe('debayer', () => {
  it('gives what OpenCV gives, but at the edges', () => {
    const { width, height, mosaic, ...theirs } = peers.debayer;
    for (const pattern of patterns) {
      const ours = run(reference, Uint8Array.from(mosaic), width, height, pattern);
      ours.forEach((level, i) => {
        const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
        const inside = x > 0 && y > 0 && x < width - 1 && y < height - 1;
        if (inside) expect(level, `${pattern} ${x} ${y}`).toBe(theirs[pattern][i]);
      });
    }
  });

  it('is bilinear interpolation of a mosaic that is mirrored at its edges', () => {
    fc.assert(
      fc.property(anyMosaic, ({ data, width, height, pattern }) => {
        expect([...run(reference, data, width, height, pattern)]).toEqual(
          convolved(data, width, height, pattern),
        );
      }),
    );
  });

  it.skipIf(noAddon)(`gives the same bytes in the addon${whyNoAddon}`, () => {
    fc.assert(
      fc.property(anyMosaic, ({ data, width, height, pattern }) => {
        expect(
          sameBytes(run(image, data, width, height, pattern), run(reference, data, width, height, pattern)),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
