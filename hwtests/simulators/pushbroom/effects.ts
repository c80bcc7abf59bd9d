/** What a sensor does to a picture: noise, smear, dead detectors, bands beside each other, saturation, blank tiles. */

import { succeed } from '../../../fsw/errors';
import type { Scene } from '../../../fsw/imagery';
import { hash } from '../imager';

/** Each effect is off where it is absent. All follow from the seed and the pixel's place, however the lines are read. */
export interface SensorEffects {
  /** Photon noise (its variance grows with the count) and read noise, in counts. */
  readonly noise?: { readonly photonGain: number; readonly readCounts: number };
  /** Share of a line that the imager moves on while it is exposed: the line before it is mixed in. */
  readonly smear?: number;
  /** Share of the detectors of a line that see nothing: a column of the picture each. */
  readonly deadDetectors?: number;
  /** Share of the pixels that a particle fills. */
  readonly hits?: number;
  /** Finest pixels by which a band lies east (x) and south (y) of where it belongs, by its name. */
  readonly shift?: Readonly<Record<string, { readonly x: number; readonly y: number }>>;
  /** The highest count. */
  readonly saturation?: number;
  /** One tile in so many is all zeros, in every band; tiles of `BLANK_TILE_PX` finest pixels. */
  readonly blankTiles?: number;
}

export const BLANK_TILE_PX = 96;
const FULL = 65_535;
/** Keeps the draws of the effects apart. */
const draws = { noise: 1, dead: 2, hit: 3, blank: 4 } as const;

/** A scene as a sensor with these effects sees it. */
export function throughSensor(scene: Scene, effects: SensorEffects, seed: number): Scene {
  return {
    ...scene,
    async read(band, first, count, into) {
      const { name, scale } = scene.bands[band];
      const width = scene.width / scale;
      const { x = 0, y = 0 } = effects.shift?.[name] ?? {};
      const seen = await resampled(scene, band, first, count, x / scale, y / scale, effects.smear ?? 0);
      if (!seen.ok) return seen;
      const bandSeed = hash(seed, band);
      const { noise, saturation = FULL, deadDetectors = 0, hits = 0, blankTiles } = effects;
      const dead = Uint8Array.from({ length: width }, (_, column) =>
        chance(bandSeed ^ draws.dead, column) < deadDetectors ? 1 : 0,
      );
      const tile = BLANK_TILE_PX / scale;
      for (let row = 0, i = 0; row < count; row++) {
        const line = first + row;
        for (let column = 0; column < width; column++, i++) {
          let value = seen.value[i];
          const at = line * width + column;
          if (noise) {
            const sigma = Math.sqrt(noise.photonGain * value + noise.readCounts ** 2);
            value += sigma * normal(bandSeed ^ draws.noise, at);
          }
          if (hits > 0 && chance(bandSeed ^ draws.hit, at) < hits) value = FULL;
          const blank =
            blankTiles !== undefined &&
            chance(seed ^ draws.blank, Math.floor(line / tile) * 65_536 + Math.floor(column / tile)) <
              1 / blankTiles;
          into[i] = blank || dead[column] === 1 ? 0 : Math.min(saturation, Math.max(0, Math.round(value)));
        }
      }
      return succeed(undefined);
    },
  };
}

/** The band's lines, moved by (x, y) of its own pixels and smeared, between pixels linearly; edges are held. */
async function resampled(
  scene: Scene,
  band: number,
  first: number,
  count: number,
  x: number,
  y: number,
  smear: number,
) {
  const { scale } = scene.bands[band];
  const [width, lines] = [scene.width / scale, scene.lines / scale];
  const inside = (line: number) => Math.min(lines - 1, Math.max(0, line));
  const from = inside(Math.floor(first - y) - 1);
  const to = inside(Math.ceil(first + count - 1 - y) + 1);
  const source = new Uint16Array(width * (to - from + 1));
  const read = await scene.read(band, from, to - from + 1, source);
  if (!read.ok) return read;
  const pixel = (column: number, line: number) =>
    source[(inside(line) - from) * width + Math.min(width - 1, Math.max(0, column))];
  const [left, fx] = [Math.floor(-x), -x - Math.floor(-x)];
  const across = (column: number, line: number) =>
    fx === 0
      ? pixel(column + left, line)
      : (1 - fx) * pixel(column + left, line) + fx * pixel(column + left + 1, line);
  const [above, fy] = [Math.floor(-y), -y - Math.floor(-y)];
  const along = (column: number, line: number) =>
    fy === 0
      ? across(column, line + above)
      : (1 - fy) * across(column, line + above) + fy * across(column, line + above + 1);
  const seen = new Float32Array(width * count);
  for (let row = 0, i = 0; row < count; row++)
    for (let column = 0; column < width; column++, i++) {
      const line = first + row;
      seen[i] = along(column, line);
      if (smear > 0) seen[i] = (1 - smear) * seen[i] + smear * along(column, Math.max(0, line - 1));
    }
  return succeed(seen);
}

/** Uniform in [0, 1), of a seed and a place. */
function chance(seed: number, at: number): number {
  return (hash(seed, at) >>> 0) / 2 ** 32;
}

/** Nearly standard normal: the sum of four bytes of one draw (Irwin–Hall). */
function normal(seed: number, at: number): number {
  const bits = hash(seed, at) >>> 0;
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / NORMAL_SIGMA;
}
/** Of the sum of four uniform integers of 0 to 255: √(4 × (256² − 1) / 12). */
const NORMAL_SIGMA = Math.sqrt((4 * (256 ** 2 - 1)) / 12);
