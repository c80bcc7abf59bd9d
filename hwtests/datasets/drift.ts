/**
 * What years in orbit do to a camera, laid over tiles: bands lose gain unevenly (optics darken, most in blue), leak into each
 * other, gain dark current, and get noisier. The numbers are ours, chosen so that the shipped network is in trouble.
 */
import { seededRandom } from '../../fsw/framework/random';
import { EUROSAT_TILE_BYTES } from './eurosat';

export interface Drift {
  /** [to][from]: share of each old band in each new one; rows of the bands red, green, blue. */
  readonly mix: readonly (readonly number[])[];
  /** Added to each band, counts of 255. */
  readonly offset: readonly number[];
  /** Response: out = 255 (in / 255)^gamma, before bands mix. */
  readonly gamma: number;
  /** Standard deviation of the noise of each pixel, counts. */
  readonly noise: number;
}

export const drifts = {
  /** Nothing changes. */
  none: {
    mix: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    offset: [0, 0, 0],
    gamma: 1,
    noise: 0,
  },
  /** A camera some years old. */
  aged: {
    mix: [
      [0.8, 0.1, 0],
      [0.12, 0.62, 0.06],
      [0, 0.16, 0.42],
    ],
    offset: [6, 14, 34],
    gamma: 1.15,
    noise: 3,
  },
  /** Bands in the wrong order, as by a mistaken read-out, with other gains: the spike's shift. */
  swapped: {
    mix: [
      [0, 0, 0.8],
      [1.1, 0, 0],
      [0, 0.9, 0],
    ],
    offset: [20, -10, 10],
    gamma: 1,
    noise: 0,
  },
} as const satisfies Record<string, Drift>;
export type DriftName = keyof typeof drifts;

/**
 * Tiles [n, 3, 64, 64] as a drifted camera gives them. Each tile's noise comes of `seed` and `ids[i]`, so that a tile looks
 * the same wherever it is read.
 */
export function drifted(
  pixels: Uint8Array,
  { mix, offset, gamma, noise }: Drift,
  ids: readonly string[],
  seed = 0,
): Uint8Array {
  const out = new Uint8ClampedArray(pixels.length);
  const plane = EUROSAT_TILE_BYTES / 3;
  const response = Float32Array.from({ length: 256 }, (_, level) => 255 * (level / 255) ** gamma);
  for (const [tile, id] of ids.entries()) {
    const random = seededRandom(seed, `drift/${id}`);
    const start = tile * EUROSAT_TILE_BYTES;
    for (let i = start; i < start + plane; i++) {
      const [red, green, blue] = [0, 1, 2].map((band) => response[pixels[i + band * plane]]);
      for (let to = 0; to < 3; to++) {
        const [fromRed, fromGreen, fromBlue] = mix[to];
        const seen = fromRed * red + fromGreen * green + fromBlue * blue + offset[to];
        out[i + to * plane] = noise === 0 ? seen : seen + noise * random.normal();
      }
    }
  }
  return new Uint8Array(out.buffer);
}
