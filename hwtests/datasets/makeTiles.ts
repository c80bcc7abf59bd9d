/**
 * Writes training tiles through the flown imager's own code:
 * `npx ts-node hwtests/datasets/makeTiles.ts --out DIR --tiles N --seed S`.
 *
 * Frames of 128 × 128 pixels lie at random longitudes, headings and times of day, at the latitudes that
 * the orbit flies over, each under a cloud map of its own; each is cut into 16 tiles, and those with the
 * Sun at most 8° up are left out. DIR gets `tiles.u8` (N × 32 × 32 × 3, RGB interleaved), `labels.f32` (N × the
 * columns below, little-endian) and, last, `meta.json`. The place is the ground's: clouds move on their own.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Fault } from '../../fsw/errors';
import { type Earth, loadEarth } from '../simulators/earth';
import { hash, WIDE_FIELD_GSD_M } from '../simulators/imager';
import { type Orbit, orbitFrom } from '../simulators/orbit';
import { render } from '../simulators/render';
import { emptyScene, frameGrid, layOnGround } from '../simulators/scene';
import { sunAt } from '../simulators/sun';
import { missionEpochMs, sentinel2a } from '../simulators/tle';
import { type TileTruth, tileTruth } from '../simulators/truth';

export const TILE_PX = 32;
const FRAME_PX = 128;
const MIN_SUN_DEG = 8;
/** Times are drawn from this long after the mission epoch. */
const SPAN_MS = 10 * 86_400_000;
export const LABELS = [
  'cloudFraction',
  'waterFraction',
  'meanElevation',
  'latDeg',
  'lonDeg',
  'sunElevationDeg',
];

export interface Tile {
  /** 32 × 32 × 3; valid until the next tile is drawn. */
  readonly pixels: Uint8Array;
  readonly truth: TileTruth;
}

/** An endless stream of daylit tiles; the same seed gives the same tiles. */
export function* drawTiles(earth: Earth, orbit: Orbit, seed: number): Generator<Tile> {
  const grid = frameGrid(FRAME_PX, FRAME_PX, WIDE_FIELD_GSD_M);
  const scene = emptyScene(FRAME_PX, FRAME_PX);
  const frame = new Uint8Array(FRAME_PX * FRAME_PX * 3);
  const pixels = new Uint8Array(TILE_PX * TILE_PX * 3);
  let draws = 0;
  const random = () => (hash(seed, ++draws) >>> 0) / 2 ** 32;
  for (;;) {
    const { latDeg } = orbit.stateAt(missionEpochMs + random() * SPAN_MS);
    const view = { latDeg, lonDeg: random() * 360 - 180, headingDeg: random() * 360 };
    layOnGround(grid, view, sunAt(missionEpochMs + random() * SPAN_MS), scene);
    const cloudShift = random();
    const truths = tileTruth(earth, scene, cloudShift, TILE_PX);
    if (!truths.some(isDaylit)) continue;
    render(earth, scene, { cloudShift, noiseSeed: hash(seed, ++draws) }, frame);
    for (const [index, truth] of truths.entries()) {
      if (!isDaylit(truth)) continue;
      cutTile(frame, index, pixels);
      yield { pixels, truth };
    }
  }
}

function isDaylit(truth: TileTruth): boolean {
  return truth.meanSunElevationDeg > MIN_SUN_DEG;
}

function cutTile(frame: Uint8Array, index: number, pixels: Uint8Array): void {
  const perRow = FRAME_PX / TILE_PX;
  const top = Math.floor(index / perRow) * TILE_PX;
  const left = (index % perRow) * TILE_PX;
  const rowBytes = TILE_PX * 3;
  for (let row = 0; row < TILE_PX; row++) {
    const start = ((top + row) * FRAME_PX + left) * 3;
    pixels.set(frame.subarray(start, start + rowBytes), row * rowBytes);
  }
}

async function main(): Promise<void> {
  const options = new Command()
    .requiredOption('--out <dir>', 'folder to write to')
    .requiredOption('--tiles <count>', 'how many tiles', wholeNumber)
    .requiredOption('--seed <seed>', 'seed of places, times, clouds and noise', wholeNumber)
    .parse()
    .opts<{ out: string; tiles: number; seed: number }>();
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) return stop(orbit.error);
  const earth = await loadEarth();
  if (!earth.ok) return stop(earth.error);
  writeTiles(drawTiles(earth.value, orbit.value, options.seed), options);
}

function stop(error: Fault): void {
  console.error(`${error.code}: ${error.text}`);
  process.exitCode = 1;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function writeTiles(tiles: Generator<Tile>, options: { out: string; tiles: number; seed: number }): void {
  mkdirSync(options.out, { recursive: true });
  const labels = new Float32Array(options.tiles * LABELS.length);
  const file = openSync(join(options.out, 'tiles.u8'), 'w');
  let written = 0;
  for (const { pixels, truth } of tiles) {
    if (written === options.tiles) break;
    writeSync(file, pixels);
    labels.set(labelsOf(truth), written++ * LABELS.length);
  }
  closeSync(file);
  writeFileSync(join(options.out, 'labels.f32'), labels);
  const meta = {
    tiles: options.tiles,
    tilePx: TILE_PX,
    channels: 3,
    labels: LABELS,
    gsdM: WIDE_FIELD_GSD_M,
    minSunElevationDeg: MIN_SUN_DEG,
    seed: options.seed,
    source: 'npm three-globe 2.45.2',
  };
  writeFileSync(join(options.out, 'meta.json'), `${JSON.stringify(meta, null, 2)}\n`);
}

/** In the order of `LABELS`. */
function labelsOf(truth: TileTruth): number[] {
  const { cloudFraction, waterFraction, meanElevation, latDeg, lonDeg, meanSunElevationDeg } = truth;
  return [cloudFraction, waterFraction, meanElevation, latDeg, lonDeg, meanSunElevationDeg];
}

if (require.main === module) void main();
