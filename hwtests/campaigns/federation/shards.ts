/** Who sees which tiles: unevenly by class, or by the look of places that stand for regions. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Random, seededRandom } from '../../../fsw/framework/random';
import { type EurosatTiles, tileOf } from '../../datasets/eurosat';

export type Split =
  /** Each class is shared out by a draw from a Dirichlet distribution: the smaller alpha, the less even (T. Hsu et al., 2019). */
  | { readonly kind: 'classes'; readonly alpha: number }
  /** Tiles of like colours lie together, as those of one region do; each satellite flies over one. */
  | { readonly kind: 'regions' };

/** The least that a satellite has: two batches. */
const MIN_TILES = 32;
const MAX_DRAWS = 1000;

export interface Shards {
  /** Indices of tiles that stay on the ground, to judge by what is tuned. */
  readonly validation: readonly number[];
  /** Of each satellite. */
  readonly satellites: readonly (readonly number[])[];
}

/** Shares out a train split. Error: FEDERATION_SHARDS where no draw leaves each satellite enough. */
export function shardsOf(
  tiles: EurosatTiles,
  satellites: number,
  split: Split,
  seed: number,
): Result<Shards> {
  const random = seededRandom(seed, 'shards');
  const order = shuffled(
    tiles.paths.map((_, i) => i),
    random.fork('validation'),
  );
  const held = Math.floor(order.length / 5);
  const validation = order.slice(0, held);
  const rest = order.slice(held);
  if (rest.length >= satellites * MIN_TILES)
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const own = random.fork(`draw ${draw}`);
      const shards =
        split.kind === 'classes'
          ? byClasses(tiles, rest, satellites, split.alpha, own)
          : byRegions(tiles, rest, satellites, own);
      if (shards.every((shard) => shard.length >= MIN_TILES))
        return succeed({ validation, satellites: shards });
    }
  return fail('FEDERATION_SHARDS', { tiles: rest.length, satellites, least: MIN_TILES });
}

/** [satellite][class] tiles. */
export function countsOf(tiles: EurosatTiles, shards: readonly (readonly number[])[]): number[][] {
  return shards.map((shard) =>
    tiles.classes.map((_, label) => shard.filter((i) => tiles.labels[i] === label).length),
  );
}

function byClasses(
  { classes, labels }: EurosatTiles,
  from: readonly number[],
  count: number,
  alpha: number,
  random: Random,
): number[][] {
  const shards: number[][] = Array.from({ length: count }, () => []);
  for (const label of classes.keys()) {
    const own = from.filter((i) => labels[i] === label);
    const draws = shards.map(() => gamma(alpha, random));
    const sum = draws.reduce((total, draw) => total + draw, 0);
    let reach = 0;
    let first = 0;
    for (const [satellite, draw] of draws.entries()) {
      reach += draw / sum;
      const end = satellite === count - 1 ? own.length : Math.round(reach * own.length);
      shards[satellite].push(...own.slice(first, end));
      first = end;
    }
  }
  return shards;
}

/** Lloyd's k-means over mean colours and deviations. */
function byRegions(tiles: EurosatTiles, from: readonly number[], count: number, random: Random): number[][] {
  const looks = from.map((i) => lookOf(tileOf(tiles, i)));
  let centres = shuffled([...looks], random).slice(0, count);
  let shards: number[][] = [];
  for (let round = 0; round < 20; round++) {
    shards = centres.map(() => []);
    for (const [i, look] of looks.entries()) shards[nearest(centres, look)].push(i);
    centres = shards.map((members, k) =>
      members.length > 0 ? meanOf(members.map((i) => looks[i])) : centres[k],
    );
  }
  return shards.map((members) => members.map((i) => from[i]));
}

/** Mean and deviation of each band. */
function lookOf(tile: Uint8Array): number[] {
  const plane = tile.length / 3;
  return [0, 1, 2].flatMap((band) => {
    const own = tile.subarray(band * plane, (band + 1) * plane);
    const mean = own.reduce((sum, value) => sum + value, 0) / plane;
    const square = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / plane;
    return [mean, Math.sqrt(square)];
  });
}

function nearest(centres: readonly number[][], look: readonly number[]): number {
  const distances = centres.map((centre) => centre.reduce((sum, c, i) => sum + (c - look[i]) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
}

function meanOf(rows: readonly number[][]): number[] {
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

/** G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables" (2000). */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

function shuffled<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
