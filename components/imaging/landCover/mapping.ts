/** From a screened strip to its land-cover map. */
import type { Arguments } from '../../../fsw/framework';
import { image, type NetworkInput, type Picture } from '../../../native/image';
import type { LandCoverMap, ScreenedStrip } from '../ports';
import { findRgb, gsdFault, type Levels, unclearShare } from '../rgb';
import type { StripLine } from '../stripLine';
import type { WaterIndex } from '../waterIndex';
import type { Mapper } from './model';

export type Screened = Arguments<typeof ScreenedStrip>;

export interface State {
  readonly line: StripLine<Screened, Job, LandCoverMap | undefined>;
  readonly classes: readonly string[];
  readonly levels: Levels;
  readonly water: WaterIndex;
  /** Red, green, blue of the strip in work; grows to the largest. */
  rgb: Uint8Array;
  mapped: number;
  dry: number;
  unclear: number;
  failed: number;
  /** The capture that was last said to be unfit. */
  unfit: number | undefined;
}

export interface Job {
  /** Undefined where no land cover is claimed. */
  readonly map: LandCoverMap | undefined;
  readonly picture: Picture;
  /** Tiles to ask about, counted row by row. */
  readonly tiles: readonly number[];
  asked: number;
  answered: number;
  attention: Float32Array;
}

/** EuroSAT's tiles, and the network's patches of each. */
export const TILE_PX = 64;
const PATCHES = 64;
const NO_ATTENTION = new Float32Array(0);
const NO_PICTURE: Picture = { data: new Uint8Array(0), width: 0, height: 0, channels: 3 };
/** The levels as they are: the network normalises. */
const AS_IT_IS: NetworkInput = {
  width: TILE_PX,
  height: TILE_PX,
  mean: new Float32Array(3),
  std: new Float32Array(3).fill(1),
};

export function begin(self: Mapper, { info, stack, mask }: Screened): Job {
  const { state, config, param, event, tlm } = self;
  const rgb = findRgb(stack);
  const fault = rgb.ok ? gsdFault(config.model, info.gsdM * rgb.value.scale, config) : rgb;
  const job = { picture: NO_PICTURE, tiles: [], asked: 0, answered: 0, attention: NO_ATTENTION };
  if (fault !== undefined || !rgb.ok) {
    if (fault !== undefined && state.unfit !== info.capture) {
      state.unfit = info.capture;
      event.NotClaimed({ capture: info.capture, code: fault.error.code, reason: fault.error.text });
    }
    return { ...job, map: undefined };
  }
  const { scale, planes } = rgb.value;
  const [width, height] = [Math.ceil(info.width / scale), Math.floor(info.height / scale)];
  if (state.rgb.length < width * height * 3) state.rgb = new Uint8Array(width * height * 3);
  state.levels.write(stack, planes, { from: 0, count: height, width, padded: width }, state.rgb);
  state.water.take({ info, stack });
  const [columns, rows] = [Math.floor(width / TILE_PX), Math.floor(height / TILE_PX)];
  const tilePx = TILE_PX * scale;
  const all = Array.from({ length: columns * rows }, (_, tile) => tile);
  const tiles = all.filter((tile) => {
    const [x, y] = [(tile % columns) * tilePx, Math.floor(tile / columns) * tilePx];
    return unclearShare(mask, x, y, tilePx, tilePx) <= param.MaxUnclearShare;
  });
  state.unclear += all.length - tiles.length;
  tlm.TilesUnclear(state.unclear);
  const { classes } = state;
  const probabilities = new Float32Array(all.length * classes.length);
  return {
    ...job,
    picture: { data: state.rgb, width, height, channels: 3 },
    tiles,
    map: { columns, rows, tilePx, classes, probabilities, attention: NO_ATTENTION },
  };
}

export function ask(self: Mapper, job: Job, room: (floats: number) => Float32Array) {
  const { map, picture, tiles } = job;
  const count = Math.min(self.config.batch, tiles.length - job.asked);
  if (map === undefined || count === 0) return undefined;
  const crops = new Uint32Array(count * 4).fill(TILE_PX);
  for (let n = 0; n < count; n++) {
    const tile = tiles[job.asked + n];
    crops[n * 4] = (tile % map.columns) * TILE_PX;
    crops[n * 4 + 1] = Math.floor(tile / map.columns) * TILE_PX;
  }
  const input = room(count * 3 * TILE_PX * TILE_PX);
  const cut = image.preprocess(picture, crops, AS_IT_IS, input);
  if (!cut.ok) throw new Error(cut.error.text);
  job.asked += count;
  return { count, input };
}

export function absorb(
  self: Mapper,
  job: Job,
  { probabilities, attention }: Readonly<Record<string, Float32Array | undefined>>,
): boolean {
  const { state, tlm } = self;
  const { map, tiles } = job;
  const count = job.asked - job.answered;
  if (map === undefined || !finite(probabilities, count * map.classes.length)) return false;
  if (attention !== undefined && !finite(attention, count * PATCHES)) return false;
  if (attention !== undefined && job.attention.length === 0)
    job.attention = new Float32Array(map.columns * map.rows * PATCHES);
  for (let n = 0; n < count; n++) {
    const tile = tiles[job.answered + n];
    copyRow(probabilities, n, map.probabilities, tile, map.classes.length);
    if (attention !== undefined) copyRow(attention, n, job.attention, tile, PATCHES);
    if (isDry(self, map, tile)) dried(map, tile, waterClasses(self));
  }
  job.answered = job.asked;
  state.mapped += count;
  tlm.TilesMapped(state.mapped);
  tlm.TilesDry(state.dry);
  return true;
}

/** Whether a tile shows next to no water by its index; a sensor without near infrared can't say. */
function isDry({ state, param }: Mapper, { columns, tilePx }: LandCoverMap, tile: number): boolean {
  const [x, y] = [(tile % columns) * tilePx, Math.floor(tile / columns) * tilePx];
  const dry = state.water.share(x, y, tilePx, tilePx, 0) < param.MinWaterShare;
  if (dry) state.dry++;
  return dry;
}

function waterClasses({ state, config }: Mapper): number[] {
  return config.waterClasses.split(',').map((name) => state.classes.indexOf(name));
}

/** What shows no water is none of the classes of water; the others share what these had. */
function dried({ probabilities, classes }: LandCoverMap, tile: number, water: readonly number[]): void {
  const own = probabilities.subarray(tile * classes.length, (tile + 1) * classes.length);
  for (const index of water) if (index >= 0) own[index] = 0;
  const rest = own.reduce((sum, share) => sum + share, 0);
  if (rest > 0) own.set(own.map((share) => share / rest));
}

export function conclude(
  { state, event, tlm }: Mapper,
  { info: { capture, strip } }: Screened,
  job: Job,
  failure: string | undefined,
): LandCoverMap | undefined {
  const tiles = job.tiles.length - job.answered;
  if (failure !== undefined && tiles > 0) {
    state.failed += tiles;
    tlm.TilesFailed(state.failed);
    event.MappingFailed({ capture, strip, tiles, reason: failure });
  }
  return job.map && { ...job.map, attention: job.attention };
}

function finite(values: Float32Array | undefined, length: number): values is Float32Array {
  return values?.length === length && values.every(Number.isFinite);
}

function copyRow(from: Float32Array, row: number, to: Float32Array, toRow: number, length: number): void {
  to.set(from.subarray(row * length, (row + 1) * length), toRow * length);
}
