/** From a strip to the vessels in it. */
import { type Arguments, pixelPlace } from '../../../fsw/framework';
import { image, type NetworkInput } from '../../../native/image';
import type { MappedStrip, Vessel } from '../ports';
import { findRgb, gsdFault, type Levels, unclearShare } from '../rgb';
import type { StripLine } from '../stripLine';
import type { WaterIndex } from '../waterIndex';
import { CELLS, distinct, type Found, peaksOf, TILE_PX } from './decode';
import type { Detector } from './model';
import { MARGIN, type StripPicture, type View } from './picture';
import { type Window, windowsOver } from './windows';

export type Mapped = Arguments<typeof MappedStrip>;

export interface State {
  readonly line: StripLine<Mapped, Job, readonly Vessel[]>;
  readonly levels: Levels;
  readonly picture: StripPicture;
  readonly water: WaterIndex;
  /** The capture in work, and the line at which its next strip begins. */
  capture: number | undefined;
  nextLine: number;
  /** Found near the lower edge of the strip before, in lines of the capture. */
  settled: Found[];
  searched: number;
  skipped: number;
  failed: number;
  found: number;
  unfit: number | undefined;
}

interface Tile {
  readonly across: Window;
  readonly down: Window;
}

export interface Job {
  /** Undefined where vessels are not looked for. */
  readonly view: View | undefined;
  /** Finest pixels of one of the picture's. */
  readonly scale: number;
  readonly tiles: readonly Tile[];
  readonly found: Found[];
  asked: number;
  answered: number;
}

const AS_IT_IS: NetworkInput = {
  width: TILE_PX,
  height: TILE_PX,
  mean: new Float32Array(3),
  std: new Float32Array(3).fill(1),
};

export function begin(self: Detector, strip: Mapped, next: Mapped | undefined): Job {
  const { state, config, event } = self;
  const { info, stack } = strip;
  const job = { scale: 1, found: [], asked: 0, answered: 0 };
  follow(self, strip);
  const rgb = findRgb(stack);
  const fault = rgb.ok ? gsdFault(config.model, info.gsdM * rgb.value.scale, config) : rgb;
  if (fault !== undefined || !rgb.ok) {
    state.picture.forget();
    if (fault !== undefined && state.unfit !== info.capture) {
      state.unfit = info.capture;
      event.NotClaimed({ capture: info.capture, code: fault.error.code, reason: fault.error.text });
    }
    return { ...job, view: undefined, tiles: [] };
  }
  const { scale, planes } = rgb.value;
  const view = state.picture.take(strip, next, scale, planes, state.levels);
  return { ...job, scale, view, tiles: worthwhile(self, strip, view, scale) };
}

/** Forgets what went before when this strip does not follow it. */
function follow({ state, event }: Detector, { info }: Mapped): void {
  const { capture, strip, firstLine } = info;
  if (capture !== state.capture || firstLine !== state.nextLine) {
    if (capture === state.capture || firstLine !== 0)
      event.StripsMissing({
        capture,
        strip,
        line: firstLine,
        expected: capture === state.capture ? state.nextLine : 0,
      });
    state.picture.forget();
    state.settled = [];
  }
  state.capture = capture;
  state.nextLine = firstLine + info.height;
}

/** The tiles that are clear and hold water. */
function worthwhile({ state, param, tlm }: Detector, strip: Mapped, view: View, scale: number): Tile[] {
  const { top, lines, there, width } = view;
  const rows = windowsOver({ start: 0, end: there }, { from: top, to: top + lines }, TILE_PX, MARGIN);
  const columns = windowsOver({ start: 0, end: width }, { from: 0, to: width }, TILE_PX, MARGIN);
  const all = rows.flatMap((down) => columns.map((across) => ({ across, down })));
  const byWater = param.WaterOnly && state.water.take(strip);
  const tiles = all.filter(({ across, down }) => {
    const [x, y] = [across.from * scale, (down.from - top) * scale];
    const [wide, high] = [(across.to - across.from) * scale, (down.to - down.from) * scale];
    if (unclearShare(strip.mask, x, y, wide, high) > param.MaxUnclearShare) return false;
    return !byWater || state.water.share(x, y, wide, high, param.WaterThreshold) >= param.MinWaterShare;
  });
  state.skipped += all.length - tiles.length;
  tlm.TilesSkipped(state.skipped);
  return tiles;
}

export function ask(self: Detector, job: Job, room: (floats: number) => Float32Array) {
  const { view, tiles } = job;
  const count = Math.min(self.config.batch, tiles.length - job.asked);
  if (view === undefined || count === 0) return undefined;
  const crops = new Uint32Array(count * 4).fill(TILE_PX);
  for (let n = 0; n < count; n++) {
    const { across, down } = tiles[job.asked + n];
    crops[n * 4] = across.origin;
    crops[n * 4 + 1] = down.origin;
  }
  const input = room(count * 3 * TILE_PX * TILE_PX);
  const cut = image.preprocess(view.picture, crops, AS_IT_IS, input);
  if (!cut.ok) throw new Error(cut.error.text);
  job.asked += count;
  return { count, input };
}

export function absorb(
  { state, param, tlm }: Detector,
  job: Job,
  { heat, offset, size }: Readonly<Record<string, Float32Array | undefined>>,
): boolean {
  const count = job.asked - job.answered;
  const cells = count * CELLS * CELLS;
  if (!finite(heat, cells) || !finite(offset, 2 * cells) || !finite(size, 2 * cells)) return false;
  for (let n = 0; n < count; n++) {
    const { across, down } = job.tiles[job.answered + n];
    const judged = {
      x: across.from - across.origin,
      y: down.from - down.origin,
      width: across.to - across.from,
      height: down.to - down.from,
    };
    for (const peak of peaksOf({ heat, offset, size }, n, param.ScoreThreshold, judged))
      job.found.push({ ...peak, x: peak.x + across.origin, y: peak.y + down.origin });
  }
  job.answered = job.asked;
  state.searched += count;
  tlm.TilesSearched(state.searched);
  return true;
}

export function conclude(self: Detector, { info }: Mapped, job: Job, failure: string | undefined): Vessel[] {
  const { state, event, tlm } = self;
  const { capture, strip } = info;
  const tiles = job.tiles.length - job.answered;
  if (failure !== undefined && tiles > 0) {
    state.failed += tiles;
    tlm.TilesFailed(state.failed);
    event.DetectionFailed({ capture, strip, tiles, reason: failure });
  }
  const { view, scale } = job;
  if (view === undefined) return [];
  state.picture.keep();
  const inCapture = (found: Found): Found => ({
    x: found.x * scale,
    y: (found.y - view.top) * scale + info.firstLine,
    lengthPx: found.lengthPx * scale,
    widthPx: found.widthPx * scale,
    score: found.score,
  });
  const inside = ({ x }: Found) => x < info.width;
  const found = distinct(job.found.map(inCapture).filter(inside), state.settled);
  state.settled = found.filter(({ y }) => y >= info.firstLine + info.height - TILE_PX * scale);
  state.found += found.length;
  tlm.VesselsFound(state.found);
  return found.map((vessel) => ({ ...vessel, ...pixelPlace(info, vessel.x, vessel.y - info.firstLine) }));
}

function finite(values: Float32Array | undefined, length: number): values is Float32Array {
  return values?.length === length && values.every(Number.isFinite);
}
