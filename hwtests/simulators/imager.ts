import { fail, succeed } from '../../fsw/errors';
import type { Capture, Imager } from '../../fsw/framework/board';
import type { Earth } from './earth';
import type { Orbit } from './orbit';
import { render } from './render';
import { emptyScene, frameGrid, layOnGround, type Scene } from './scene';
import { sunAt } from './sun';
import { type TileTruth, tileTruth } from './truth';

/** The wide-field imager's pixel on the ground, metres. */
export const WIDE_FIELD_GSD_M = 5000;

export interface ImagerOptions {
  readonly earth: Earth;
  readonly orbit: Orbit;
  /** Unix time at which flight time is zero. */
  readonly missionEpochMs: number;
  /** Shifts the clouds and seeds the noise: the same seed and time give the same bytes. */
  readonly seed: number;
  /** Flight time, microseconds. */
  nowUs(): number;
  readonly width?: number;
  readonly height?: number;
  readonly gsdM?: number;
}

export interface SimulatedImager extends Imager {
  /** Truth of the tiles of the frame that is (or was, or will be) captured at a flight time. */
  truthAt(atUs: number, tilePx: number): TileTruth[];
}

/**
 * A nadir-looking wide-field imager over the simulated Earth. Its up edge points along the ground track.
 * `capture` fails with `IMAGER_BUFFER_SIZE` when `into` isn't `width × height × 3` bytes.
 */
export function simulatedImager(options: ImagerOptions): SimulatedImager {
  const { earth, orbit, missionEpochMs, seed, nowUs, width = 256, height = 256 } = options;
  const grid = frameGrid(width, height, options.gsdM ?? WIDE_FIELD_GSD_M);
  const scene = emptyScene(width, height);
  const cloudShift = cloudShiftOf(seed);

  function look(atUs: number): Scene {
    const unixMs = missionEpochMs + atUs / 1000;
    layOnGround(grid, orbit.stateAt(unixMs), sunAt(unixMs), scene);
    return scene;
  }

  return {
    width,
    height,
    async capture(into) {
      const needed = width * height * 3;
      if (into.length !== needed) return fail('IMAGER_BUFFER_SIZE', { length: into.length, needed });
      const atUs = nowUs();
      render(earth, look(atUs), { cloudShift, noiseSeed: hash(seed, atUs) }, into);
      const { latDeg, lonDeg, headingDeg } = orbit.stateAt(missionEpochMs + atUs / 1000);
      const capture: Capture = { atUs, view: { latDeg, lonDeg, headingDeg, gsdM: grid.gsdM } };
      return succeed(capture);
    },
    truthAt: (atUs, tilePx) => tileTruth(earth, look(atUs), cloudShift, tilePx),
  };
}

/** Eastward shift of the cloud map for a seed, as a share of the whole turn. */
export function cloudShiftOf(seed: number): number {
  return (hash(seed, 0) >>> 0) / 2 ** 32;
}

/** Mixes two numbers into 32 bits (the finalizer of MurmurHash3). */
export function hash(a: number, b: number): number {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca6b) ^ Math.floor(b / 2 ** 32);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
