/** From a strip to its cloud mask: by the network where it fits, else by brightness. */
import { image } from '../../../native/image';
import type { CloudMask } from '../ports';
import {
  CLOUD_BANDS,
  copyTile,
  type Flags,
  flaggedShare,
  type Grid,
  gridOf,
  type Tile,
  tilesOver,
  toReflectance,
} from '../reflectance';
import { gsdFault } from '../rgb';
import type { Held, StripLine } from '../stripLine';
import type { Masker } from './model';

export interface State {
  readonly line: StripLine<Held, Job, CloudMask>;
  /** Reused from strip to strip: each grows to the largest. */
  planes: Float32Array;
  flags: Flags;
  screened: number;
  weaker: number;
  empty: number;
  saturated: number;
  /** The capture that the sensor was last reported for. */
  unfit: number | undefined;
}

export interface Job {
  /** Undefined: not even blue and red are there. */
  readonly grid: Grid | undefined;
  /** Whether the network is to be asked. */
  readonly fits: boolean;
  readonly tiles: readonly Tile[];
  readonly cloud: Float32Array;
  /** Tiles asked about and answered. */
  asked: number;
  answered: number;
}

const SIX = CLOUD_BANDS.length;

export function begin(self: Masker, { info, stack }: Held): Job {
  const { state, config, param } = self;
  const six = gridOf(stack, CLOUD_BANDS, info);
  const fault = six.ok ? gsdFault(config.model, info.gsdM * six.value.scale, config) : six;
  if (fault !== undefined && state.unfit !== info.capture) {
    state.unfit = info.capture;
    self.event.SensorUnfit({ capture: info.capture, code: fault.error.code, reason: fault.error.text });
  }
  const two = six.ok ? six : gridOf(stack, ['blue', 'red'], info);
  if (!two.ok) return { ...jobOf(undefined, info), fits: false, tiles: [] };
  const grid = two.value;
  const cells = grid.width * grid.height;
  if (state.planes.length < cells * SIX) {
    state.planes = new Float32Array(cells * SIX);
    state.flags = { empty: new Uint8Array(cells), saturated: new Uint8Array(cells) };
  }
  toReflectance(stack, grid, info.width, config.saturatedCount, state.planes, state.flags);
  const job = { ...jobOf(grid, info), fits: fault === undefined };
  return { ...job, tiles: usable(self, { info, stack }, grid, job.cloud, param.SkipShare) };
}

function jobOf(grid: Grid | undefined, { width, height }: { width: number; height: number }) {
  const cells = grid ? grid.width * grid.height : width * height;
  return { grid, cloud: new Float32Array(cells).fill(Number.NaN), asked: 0, answered: 0 };
}

/** The tiles that something can be said of; the others are flagged and counted. */
function usable(self: Masker, { info }: Held, grid: Grid, cloud: Float32Array, skipShare: number): Tile[] {
  const { state, config, tlm, event } = self;
  const side = config.tileCells;
  let [empty, saturated] = [0, 0];
  const tiles = tilesOver(grid.width, grid.height, side).filter((tile) => {
    if (flaggedShare(state.flags.empty, grid, tile, side) >= skipShare) return void empty++;
    if (flaggedShare(state.flags.saturated, grid, tile, side) >= skipShare) return void saturated++;
    return true;
  });
  // Known for now: a tile that is not asked about stays unknown. No answer leaves a zero here.
  for (const tile of tiles) eachRow(grid, tile, side, (from, to) => cloud.fill(0, from, to));
  if (empty + saturated > 0) {
    state.empty += empty;
    state.saturated += saturated;
    tlm.EmptyTiles(state.empty);
    tlm.SaturatedTiles(state.saturated);
    event.TilesNotAsked({ capture: info.capture, strip: info.strip, empty, saturated });
  }
  return tiles;
}

export function ask(self: Masker, job: Job, room: (floats: number) => Float32Array) {
  const { state, config } = self;
  const { grid, tiles, fits } = job;
  const count = Math.min(config.batch, tiles.length - job.asked);
  if (!fits || grid === undefined || count === 0) return undefined;
  const floats = SIX * config.tileCells ** 2;
  const input = room(count * floats);
  for (let n = 0; n < count; n++)
    copyTile(state.planes, grid, tiles[job.asked + n], config.tileCells, input.subarray(n * floats));
  job.asked += count;
  return { count, input };
}

export function absorb(self: Masker, job: Job, cloud: Float32Array | undefined): boolean {
  const { tileCells: side } = self.config;
  const { grid, tiles } = job;
  const count = job.asked - job.answered;
  if (grid === undefined || cloud?.length !== count * side * side || !cloud.every(Number.isFinite))
    return false;
  for (let n = 0; n < count; n++) {
    const tile = tiles[job.answered + n];
    let at = n * side * side;
    eachRow(grid, tile, side, (from, to) => {
      job.cloud.set(cloud.subarray(at, at + to - from), from);
      at += side;
    });
  }
  job.answered = job.asked;
  return true;
}

export function conclude(self: Masker, { info }: Held, job: Job, failure: string | undefined): CloudMask {
  const { state, event, tlm } = self;
  const { grid, cloud } = job;
  if (failure !== undefined && job.fits)
    event.MaskWeaker({ capture: info.capture, strip: info.strip, reason: failure });
  const byNetwork = job.fits && failure === undefined;
  if (byNetwork) tlm.StripsScreened(++state.screened);
  else tlm.StripsWeaker(++state.weaker);
  if (grid === undefined) return maskOf(cloud, { scale: 1, width: info.width, height: info.height });
  if (!byNetwork) byBrightness(state.planes, grid, cloud);
  for (let cell = 0; cell < cloud.length; cell++) if (state.flags.empty[cell] === 1) cloud[cell] = Number.NaN;
  const mask = maskOf(cloud, grid);
  tlm.CloudFraction(mask.fraction);
  return byNetwork ? mask : { ...mask, by: 'brightness' };
}

/** The index is 0 at the threshold of Fmask: one half there, and certain 0.1 of reflectance above or below. */
function byBrightness(planes: Float32Array, grid: Grid, cloud: Float32Array): void {
  const pixels = grid.width * grid.height;
  const index = new Float32Array(pixels);
  const bands = grid.bands.length;
  const scene = { data: planes.subarray(0, bands * pixels), bands, pixels, layout: 'planar' as const };
  // Blue, green, red of the six, or blue and red alone.
  const done = image.cloudIndex(scene, { blue: 0, red: bands === 2 ? 1 : 2, reflectance: 1 }, index);
  for (let cell = 0; cell < pixels; cell++)
    if (!done.ok) cloud[cell] = Number.NaN;
    else if (!Number.isNaN(cloud[cell])) cloud[cell] = Math.min(1, Math.max(0, 0.5 + 5 * index[cell]));
}

function maskOf(
  cloud: Float32Array,
  { scale, width, height }: { scale: number; width: number; height: number },
): CloudMask {
  let [known, clouded] = [0, 0];
  for (const probability of cloud) {
    if (!Number.isNaN(probability)) known++;
    if (probability >= 0.5) clouded++;
  }
  return { scale, width, height, cloud, fraction: known === 0 ? Number.NaN : clouded / known };
}

/** The parts of a grid's rows that a tile covers, from the top: from, to. */
function eachRow(grid: Grid, { x, y }: Tile, side: number, row: (from: number, to: number) => void): void {
  const width = Math.min(side, grid.width - x);
  for (let line = y; line < Math.min(grid.height, y + side); line++)
    row(line * grid.width + x, line * grid.width + x + width);
}
