/** One seed of the experiment: a drift, the tiles that are labelled, and what each method makes of them. */
import { type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { type Example, oneClass, type TrainingEngine, type TunedModel } from '../../../fsw/learning';
import { calibrate } from '../../../fsw/learning/calibration';
import { classColours, standardising } from '../../../fsw/learning/colour';
import { inputStatistics, recoloured } from '../../../fsw/learning/recolour';
import { EUROSAT_TILE_BYTES, type EurosatTiles, someTiles, tileOf } from '../../datasets/eurosat';
import { nearestMeanColour, nearestNeighbour } from './baselines';
import { type DriftKind, drawDrift, through } from './drifts';
import { BASELINES, type Method } from './methods';
import { classesOf, trained } from './network';

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
  const starts = await startsOf(trial, examples);
  if (!starts.ok) return starts;
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
    const weights = starts.value[start];
    const clock = stopwatch();
    const learned = recipe
      ? await trained(engine, { ...model, weights }, examples, recipe, seed)
      : succeed(weights);
    if (!learned.ok) return learned;
    const learningS = clock() + (start === 'calibrated' ? starts.value.calibrationS : 0);
    const answers = await classesOf(engine, model, learned.value, tiles.pixels, EUROSAT_TILE_BYTES);
    if (!answers.ok) return answers;
    add(name, shareRight(answers.value, tiles), learningS);
  }
  return succeed(scores);
}

/** Weights that methods begin with. */
async function startsOf(
  { engine, model, known }: Trial,
  examples: readonly Example[],
): Promise<Result<Record<Method['start'], Uint8Array> & { readonly calibrationS: number }>> {
  const taken = inputStatistics(model);
  if (!taken.ok) return taken;
  const { mean, deviation } = taken.value;
  const inputs = examples.map(({ input }) => input);
  const standardised = recoloured(model, standardising(inputs, mean, deviation));
  if (!standardised.ok) return standardised;
  const reference = classColours(examplesOf(known), known.classes.length);
  const clock = stopwatch();
  const calibrated = await calibrate(engine, model, examples, reference);
  if (!calibrated.ok) return calibrated;
  return succeed({
    asItIs: model.weights,
    standardised: standardised.value,
    calibrated: calibrated.value.weights,
    calibrationS: clock(),
  });
}

/** Seconds of processor time since it was made. */
export function stopwatch(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
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

export function shareRight(answers: Uint8Array, { labels }: EurosatTiles): number {
  return answers.filter((answer, i) => answer === labels[i]).length / labels.length;
}
