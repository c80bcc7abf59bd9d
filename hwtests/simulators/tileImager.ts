/**
 * An imager that shows real tiles: each frame is a mosaic of EuroSAT's, in an order drawn from the seed, as a camera of some age
 * gives them. What it showed is known, tile by tile: the truth that labels are made of.
 */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Capture, GroundView, Imager } from '../../fsw/framework/board';
import { seededRandom } from '../../fsw/framework/random';
import { type Drift, type DriftName, drifted, drifts } from '../datasets/drift';
import {
  EUROSAT_SIDE,
  EUROSAT_TILE_BYTES,
  type EurosatTiles,
  readEurosat,
  tileOf,
} from '../datasets/eurosat';

/** Tiles along a side of the mosaic. */
export const MOSAIC = 4;
const FRAME_PX = MOSAIC * EUROSAT_SIDE;
/** Of Sentinel-2's visible bands, metres. */
const GSD_M = 10;

export interface TileImagerOptions {
  /** Of the order, and of the drift's noise. */
  readonly seed: number;
  readonly drift?: Drift;
  /** Flight time, microseconds. */
  nowUs(): number;
  /** Where a frame of a flight time lies. */
  view(atUs: number): Omit<GroundView, 'gsdM'>;
  /** The tiles; EuroSAT's training split unless told. Read at the first capture. */
  tiles?(): Promise<Result<EurosatTiles>>;
}

export interface TileImager extends Imager {
  /** Class of the tiles of the `n`th frame since boot, row by row. */
  shown(n: number): readonly string[];
  /** The class of a tile by its pixels, channel first, as the camera gave them; undefined for what it never showed. */
  classOf(pixels: Uint8Array): string | undefined;
}

/** A drift by its name. Error: DRIFT_UNKNOWN. */
export function driftOf(name = 'none'): Result<Drift> {
  const known: readonly string[] = Object.keys(drifts);
  return known.includes(name)
    ? succeed(drifts[name as DriftName])
    : fail('DRIFT_UNKNOWN', { name, known: known.join(', ') });
}

/**
 * `capture` fails with IMAGER_BUFFER_SIZE, and where the data set is not at hand with EUROSAT_MISSING or EUROSAT_READ. Every tile is
 * shown once before one comes again.
 */
export function tileImager(options: TileImagerOptions): TileImager {
  const { seed, drift = drifts.none, nowUs, view, tiles = () => readEurosat('train') } = options;
  const frames: string[][] = [];
  const classes = new Map<string, string>();
  let reading: Promise<Result<{ tiles: EurosatTiles; order: readonly number[] }>> | undefined;

  async function open(): Promise<Result<{ tiles: EurosatTiles; order: readonly number[] }>> {
    const read = await tiles();
    return read.ok ? succeed({ tiles: read.value, order: drawn(read.value.paths.length, seed) }) : read;
  }

  function show({ tiles: all, order }: { tiles: EurosatTiles; order: readonly number[] }, into: Uint8Array) {
    const first = frames.length * MOSAIC * MOSAIC;
    const names: string[] = [];
    for (let i = 0; i < MOSAIC * MOSAIC; i++) {
      const tile = order[(first + i) % order.length];
      const pixels = drifted(tileOf(all, tile), drift, [all.paths[tile]], seed);
      lay(pixels, into, i);
      const name = all.classes[all.labels[tile]];
      names.push(name);
      classes.set(keyOf(pixels), name);
    }
    frames.push(names);
  }

  return {
    width: FRAME_PX,
    height: FRAME_PX,
    async capture(into) {
      const needed = FRAME_PX * FRAME_PX * 3;
      if (into.length !== needed) return fail('IMAGER_BUFFER_SIZE', { length: into.length, needed });
      const atUs = nowUs();
      reading ??= open();
      const opened = await reading;
      if (!opened.ok) return opened;
      show(opened.value, into);
      const capture: Capture = { atUs, view: { ...view(atUs), gsdM: GSD_M } };
      return succeed(capture);
    },
    shown: (n) => frames[n] ?? [],
    classOf: (pixels) => classes.get(keyOf(pixels)),
  };
}

/** Fisher and Yates. */
function drawn(count: number, seed: number): number[] {
  const random = seededRandom(seed, 'tiles');
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Channel-first pixels into their place of the interleaved frame. */
function lay(pixels: Uint8Array, frame: Uint8Array, place: number): void {
  const plane = EUROSAT_TILE_BYTES / 3;
  const [left, top] = [(place % MOSAIC) * EUROSAT_SIDE, Math.floor(place / MOSAIC) * EUROSAT_SIDE];
  for (let i = 0; i < plane; i++) {
    const [x, y] = [left + (i % EUROSAT_SIDE), top + Math.floor(i / EUROSAT_SIDE)];
    for (let band = 0; band < 3; band++) frame[(y * FRAME_PX + x) * 3 + band] = pixels[band * plane + i];
  }
}

function keyOf(pixels: Uint8Array): string {
  return Buffer.from(pixels).toString('latin1');
}
