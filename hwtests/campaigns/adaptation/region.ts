/**
 * A region that the network never saw: the Sentinel-2 scene of the reference flight, labelled weakly by an index of water. What is
 * learned from lies in its northern half, what is scored in its southern one: places apart.
 */
import { join } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { findScenes, openRaster } from '../../../fsw/imagery';
import type { Example, TrainingEngine, TunedModel } from '../../../fsw/learning';
import { classColours, meanColour, standardising } from '../../../fsw/learning/colour';
import { inputStatistics, recoloured } from '../../../fsw/learning/recolour';
import { EUROSAT_SIDE, EUROSAT_TILE_BYTES } from '../../datasets/eurosat';
import { type Scored, stopwatch } from './adapt';
import { probabilitiesOf, type Recipe, trained } from './network';

/** Counts (reflectance × 10,000) that EuroSAT's tiles show as 255. */
const WHITE = 2750;
/** Shares of water from which a tile is one or the other; those between are no evidence. */
const [WET, DRY] = [0.9, 0.1];
/** Of the network's classes, those that are water. */
const WATER = ['River', 'SeaLake'];

export interface WeakTile {
  readonly pixels: Uint8Array;
  readonly water: boolean;
  readonly north: boolean;
}

/** Tiles of the scene that are clearly the one or the other; undefined where the scene's package was not pulled. */
export async function weakTiles(): Promise<Result<readonly WeakTile[]> | undefined> {
  const folder = findScenes().find((path) => path.includes('sentinel2'));
  if (folder === undefined) return undefined;
  const bands: Uint16Array[] = [];
  let [width, height] = [0, 0];
  for (const band of ['B04', 'B03', 'B02', 'B08']) {
    const raster = await openRaster(join(folder, `s2_${band}.jp2`));
    if (!raster.ok) return raster;
    ({ width, height } = raster.value);
    const counts = new Uint16Array(width * height);
    const read = await raster.value.read(0, { left: 0, top: 0, width, height }, counts);
    await raster.value.close();
    if (!read.ok) return read;
    bands.push(counts);
  }
  const tiles: WeakTile[] = [];
  for (let top = 0; top + EUROSAT_SIDE <= height; top += EUROSAT_SIDE)
    for (let left = 0; left + EUROSAT_SIDE <= width; left += EUROSAT_SIDE) {
      const tile = tileAt(bands, width, top, left);
      if (tile) tiles.push({ ...tile, north: top + EUROSAT_SIDE <= height / 2 });
    }
  return succeed(tiles);
}

/** Water where green is brighter than near infrared (NDWI > 0, S. McFeeters, 1996). */
function tileAt(bands: readonly Uint16Array[], width: number, top: number, left: number) {
  const pixels = new Uint8ClampedArray(EUROSAT_TILE_BYTES);
  const area = EUROSAT_SIDE ** 2;
  let wet = 0;
  for (let i = 0; i < area; i++) {
    const at = (top + Math.floor(i / EUROSAT_SIDE)) * width + left + (i % EUROSAT_SIDE);
    for (let band = 0; band < 3; band++) pixels[band * area + i] = (255 * bands[band][at]) / WHITE;
    if (bands[1][at] > bands[3][at]) wet++;
  }
  const share = wet / area;
  return share > DRY && share < WET
    ? undefined
    : { pixels: new Uint8Array(pixels.buffer), water: share >= WET };
}

/** One seed: `count` tiles of the north, scored in the south, on water or land alone: the mean of the shares that are right of each. */
export async function adaptToRegion(
  engine: TrainingEngine,
  model: TunedModel,
  tiles: readonly WeakTile[],
  classes: readonly string[],
  recipes: Readonly<Record<string, Recipe>>,
  count: number,
  seed: number,
): Promise<Result<Scored[]>> {
  const isWater = classes.map((name) => WATER.includes(name));
  const random = seededRandom(seed, 'region');
  const [north, south] = [true, false].map((side) => tiles.filter((tile) => tile.north === side));
  const chosen = north.map((tile) => ({ tile, at: random.next() })).sort((a, b) => a.at - b.at);
  const learned = chosen.slice(0, count).map(({ tile }) => tile);
  const answers = await probabilitiesOf(engine, model, model.weights, joined(learned), EUROSAT_TILE_BYTES);
  if (!answers.ok) return answers;
  const examples = learned.map(({ pixels, water }, i): Example => {
    // What the network itself says among the classes that the index allows.
    const allowed = answers.value[i].map((share, c) => (isWater[c] === water ? share + 1e-6 : 0));
    const total = allowed.reduce((sum, share) => sum + share, 0);
    return { input: pixels, target: allowed.map((share) => share / total), weight: 1 };
  });
  const scores: Scored[] = [];
  const score = async (method: string, weights: Uint8Array, learningS: number): Promise<Result<void>> => {
    const said = await probabilitiesOf(engine, model, weights, joined(south), EUROSAT_TILE_BYTES);
    if (!said.ok) return said;
    const right = south.map(
      ({ water }, i) => isWater[said.value[i].indexOf(Math.max(...said.value[i]))] === water,
    );
    scores.push({ method, accuracy: balanced(south, right), learningS });
    return succeed(undefined);
  };
  const colour = byColour(examples, isWater, south);
  scores.push({ method: 'nearest mean colour of the two', accuracy: balanced(south, colour), learningS: 0 });
  const taken = inputStatistics(model);
  if (!taken.ok) return taken;
  const plain = standardising(
    learned.map(({ pixels }) => pixels),
    taken.value.mean,
    taken.value.deviation,
  );
  const standardised = recoloured(model, plain);
  if (!standardised.ok) return standardised;
  for (const [method, weights] of [
    ['before', model.weights],
    ['bands standardised (no labels)', standardised.value],
  ] as const) {
    const scored = await score(method, weights, 0);
    if (!scored.ok) return scored;
  }
  for (const [method, recipe] of Object.entries(recipes)) {
    const clock = stopwatch();
    const weights = await trained(engine, model, examples, recipe, seed);
    if (!weights.ok) return weights;
    const scored = await score(method, weights.value, clock());
    if (!scored.ok) return scored;
  }
  return succeed(scores);
}

function byColour(
  examples: readonly Example[],
  isWater: readonly boolean[],
  scored: readonly WeakTile[],
): boolean[] {
  const two = examples.map((example) => {
    const wet = example.target.reduce((sum, share, c) => sum + (isWater[c] ? share : 0), 0);
    return { ...example, target: Float32Array.of(1 - wet, wet) };
  });
  const { means } = classColours(two, 2);
  return scored.map(({ pixels, water }) => {
    const colour = meanColour(pixels);
    const [dry, wet] = means.map((mean) => Math.hypot(...mean.map((value, band) => value - colour[band])));
    return wet < dry === water;
  });
}

function balanced(tiles: readonly WeakTile[], right: readonly boolean[]): number {
  const shares = [true, false].map((water) => {
    const own = right.filter((_, i) => tiles[i].water === water);
    return own.filter(Boolean).length / own.length;
  });
  return (shares[0] + shares[1]) / 2;
}

function joined(tiles: readonly WeakTile[]): Uint8Array {
  return Buffer.concat(tiles.map(({ pixels }) => pixels));
}
