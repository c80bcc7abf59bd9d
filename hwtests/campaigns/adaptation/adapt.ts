/** One seed of the experiment: a drift, the tiles that are labelled, and what each method makes of them. */
import { type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { type Example, oneClass, type TrainingEngine, type TunedModel } from '../../../fsw/learning';
import { classColours, fitColours, recoloured } from '../../../fsw/learning/colour';
import { EUROSAT_TILE_BYTES, type EurosatTiles, someTiles, tileOf } from '../../datasets/eurosat';
import { nearestMeanColour, nearestNeighbour, standardising } from './baselines';
import { type DriftKind, drawDrift, through } from './drifts';
import { BASELINES, type Method } from './methods';
import { classesOf, inputStatistics, trained } from './network';

export interface Trial {
  readonly engine: TrainingEngine;
  readonly model: TunedModel;
  /** Tiles before the drift: what was labelled, what is scored, and whose mean colours the ground knows. */
  readonly labelled: EurosatTiles;
  readonly scored: EurosatTiles;
  readonly known: EurosatTiles;
  readonly drift: DriftKind;
  readonly seed: number;
  readonly methods: readonly Method[];
}

export interface Scored {
  readonly method: string;
  readonly accuracy: number;
  /** Processor time of learning, seconds. */
  readonly learningS: number;
}

export async function adapt(trial: Trial, onScore: (scored: Scored) => void): Promise<Result<Scored[]>> {
  const { engine, model, drift, seed, methods } = trial;
  const camera = drawDrift(drift, seed);
  const examples = examplesOf(through(trial.labelled, camera));
  const tiles = through(trial.scored, camera);
  const starts = startsOf(model, examples, examplesOf(trial.known), tiles.classes.length);
  const scores: Scored[] = [];
  const add = (method: string, accuracy: number, learningS: number) => {
    const scored = { method, accuracy, learningS };
    scores.push(scored);
    onScore(scored);
  };
  const classifiers = [nearestMeanColour(examples, tiles.classes.length), nearestNeighbour(examples)];
  for (const [i, classify] of classifiers.entries())
    add(
      BASELINES[i],
      shareRight(
        tiles.labels.map((_, tile) => classify(tileOf(tiles, tile))),
        tiles,
      ),
      0,
    );
  for (const { name, start, recipe } of methods) {
    const weights = starts[start]();
    if (!weights.ok) return weights;
    const used = process.cpuUsage();
    const learned = recipe
      ? await trained(engine, { ...model, weights: weights.value }, examples, recipe, seed)
      : weights;
    if (!learned.ok) return learned;
    const { user, system } = process.cpuUsage(used);
    const answers = await classesOf(engine, model, learned.value, tiles.pixels, EUROSAT_TILE_BYTES);
    if (!answers.ok) return answers;
    add(name, shareRight(answers.value, tiles), (user + system) / 1e6);
  }
  return succeed(scores);
}

/** Weights that a method begins with. */
function startsOf(
  model: TunedModel,
  examples: readonly Example[],
  known: readonly Example[],
  classes: number,
): Record<Method['start'], () => Result<Uint8Array>> {
  const { mean, deviation } = inputStatistics(model);
  return {
    asItIs: () => succeed(model.weights),
    standardised: () => recoloured(model, standardising(examples, mean, deviation)),
    calibrated: () =>
      recoloured(model, fitColours(classColours(examples, classes), classColours(known, classes))),
  };
}

/** `count` tiles drawn from the seed, and all the others. */
export function parted(
  tiles: EurosatTiles,
  count: number,
  seed: number,
): { chosen: EurosatTiles; rest: EurosatTiles } {
  const random = seededRandom(seed, 'tiles');
  const order = Array.from(tiles.labels, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return { chosen: someTiles(tiles, order.slice(0, count)), rest: someTiles(tiles, order.slice(count)) };
}

export function examplesOf(tiles: EurosatTiles): Example[] {
  return Array.from(tiles.labels, (label, i) => ({
    input: tileOf(tiles, i),
    target: oneClass(label, tiles.classes.length),
    weight: 1,
  }));
}

function shareRight(answers: Uint8Array, { labels }: EurosatTiles): number {
  return answers.filter((answer, i) => answer === labels[i]).length / labels.length;
}
