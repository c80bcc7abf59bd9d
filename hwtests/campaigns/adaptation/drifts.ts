/** Drifts of a camera, drawn at random: another one for each seed. */
import { type Random, seededRandom } from '../../../fsw/framework/random';
import { type Drift, drifted } from '../../datasets/drift';
import { EUROSAT_SIDE, type EurosatTiles } from '../../datasets/eurosat';

/** A drift of colours, after the optics have blurred by a Gaussian of so many pixels. */
export interface CameraDrift extends Drift {
  readonly blurPx: number;
}

export const DRIFTS = {
  swapped: 'bands in a wrong order, other gains and offsets',
  worn: 'gains lost, bands leaking, dark current, another response, blur and noise',
} as const;
export type DriftKind = keyof typeof DRIFTS;

/** Every order of three bands but the right one. */
const ORDERS = [
  [1, 2, 0],
  [2, 0, 1],
  [1, 0, 2],
  [0, 2, 1],
  [2, 1, 0],
];

export function drawDrift(kind: DriftKind, seed: number): CameraDrift {
  const random = seededRandom(seed, `drift ${kind}`);
  return kind === 'swapped' ? swapped(random) : worn(random);
}

function swapped(random: Random): CameraDrift {
  const order = ORDERS[random.integer(ORDERS.length)];
  const mix = order.map((from) => [0, 1, 2].map((band) => (band === from ? between(random, 0.75, 1.15) : 0)));
  return { mix, offset: mix.map(() => between(random, -20, 20)), gamma: 1, noise: 0, blurPx: 0 };
}

function worn(random: Random): CameraDrift {
  const mix = [0, 1, 2].map((to) =>
    [0, 1, 2].map((from) => {
      const apart = Math.abs(to - from);
      return apart === 0 ? between(random, 0.5, 0.9) : apart === 1 ? between(random, 0, 0.15) : 0;
    }),
  );
  return {
    mix,
    offset: mix.map(() => between(random, 0, 35)),
    gamma: between(random, 0.9, 1.2),
    noise: between(random, 1, 4),
    blurPx: between(random, 0.5, 1.1),
  };
}

/** The same tiles through the drifted camera; each tile's noise is its own, wherever it is read. */
export function through(tiles: EurosatTiles, drift: CameraDrift): EurosatTiles {
  return { ...tiles, pixels: drifted(blurred(tiles.pixels, drift.blurPx), drift, tiles.paths) };
}

/** A separable Gaussian over every plane, edges repeated. */
export function blurred(pixels: Uint8Array, sigmaPx: number): Uint8Array {
  if (sigmaPx === 0) return pixels;
  const reach = Math.ceil(3 * sigmaPx);
  const bell = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigmaPx ** 2)),
  );
  const total = bell.reduce((sum, value) => sum + value, 0);
  const out = new Uint8Array(pixels.length);
  const [side, area] = [EUROSAT_SIDE, EUROSAT_SIDE ** 2];
  const across = new Float32Array(area);
  const clamp = (at: number) => Math.max(0, Math.min(side - 1, at));
  for (let plane = 0; plane < pixels.length; plane += area) {
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++)
          sum += bell[k + reach] * pixels[plane + y * side + clamp(x + k)];
        across[y * side + x] = sum / total;
      }
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) sum += bell[k + reach] * across[clamp(y + k) * side + x];
        out[plane + y * side + x] = Math.round(sum / total);
      }
  }
  return out;
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}
