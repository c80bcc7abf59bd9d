/** What all ways of learning share: the network, drifted tiles, who has which of them, and the recipe. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import { type Example, oneClass, planTuning, type TuningChoice } from '../../../fsw/learning';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { projectRoot } from '../../../fsw/root';
import { type DriftName, drifted, drifts } from '../../datasets/drift';
import { type EurosatTiles, readEurosat, tileOf } from '../../datasets/eurosat';
import { countsOf, type Split, shardsOf } from './shards';
import { type ExampleSet, Trainer } from './trainer';

/** Chosen by the validation tiles alone, at seed 1. */
export interface Recipe {
  readonly choice: TuningChoice;
  /** Updates of a satellite in a round. */
  readonly steps: number;
  readonly rounds: number;
  /** Of the first round; falls along half a cosine over the rounds, and within each round once more, as fineTuner does it. */
  readonly rate: number;
  /** Of each satellite without a ground. */
  readonly gossipTrainings: number;
  /** Rounds from one look at the accuracy to the next. */
  readonly lookEvery: number;
  /** Of central and of local training: what is best by the validation tiles where all tiles are in one place. */
  readonly alone: TuningChoice;
  readonly aloneRate: number;
  /** Over all tiles, of central training; over each satellite's own, of local training. */
  readonly centralEpochs: number;
  readonly localEpochs: number;
  /** Of the order of the tiles. */
  readonly seed: number;
}

export const RECIPE: Recipe = {
  // Not Adam: its steps are of one size however sure a gradient is, so satellites that see few classes drift apart faster.
  choice: { what: 'first', batch: 8, optimizer: { kind: 'sgd', momentum: 0.9 } },
  steps: 12,
  rounds: 36,
  gossipTrainings: 18,
  lookEvery: 2,
  rate: 0.1,
  alone: { what: 'ends', batch: 16, optimizer: { kind: 'sgd', momentum: 0.9 } },
  aloneRate: 0.03,
  centralEpochs: 5,
  localEpochs: 5,
  seed: 1,
};

export interface Study {
  readonly trainer: Trainer;
  /** Of central and of local training. */
  readonly alone: Trainer;
  readonly recipe: Recipe;
  readonly classes: readonly string[];
  readonly satellites: readonly ExampleSet[];
  readonly all: ExampleSet;
  readonly validation: ExampleSet;
  readonly test: ExampleSet;
  /** [satellite][class] tiles. */
  readonly counts: readonly (readonly number[])[];
  /** Of each satellite's tiles: as the network takes them, and as JPEG files. */
  readonly rawBytes: readonly number[];
  readonly jpegBytes: readonly number[];
  readonly model: { readonly name: string; readonly version: string; readonly weights: Uint8Array };
  close(): Promise<void>;
}

export interface StudyOptions {
  readonly satellites: number;
  readonly seed: number;
  readonly split: Split;
  readonly drift: DriftName;
  readonly recipe?: Recipe;
}

const MODEL = 'land-cover';
const MODELS = join(projectRoot, 'fsw/missions/earth-watch/models');

/** Errors: EUROSAT_MISSING, EUROSAT_READ, FEDERATION_SHARDS, those of `planTuning`. */
export async function openStudy({
  satellites,
  seed,
  split,
  drift,
  recipe = RECIPE,
}: StudyOptions): Promise<Result<Study>> {
  const train = await readEurosat('train');
  if (!train.ok) return train;
  const test = await readEurosat('test');
  if (!test.ok) return test;
  const shards = shardsOf(train.value, satellites, split, seed);
  if (!shards.ok) return shards;
  const weightsName = `${MODEL}.safetensors`;
  const weights = new Uint8Array(readFileSync(join(MODELS, weightsName)));
  const graph = new Uint8Array(readFileSync(join(MODELS, `${MODEL}.onnx`)));
  const file = { graph, weights, weightsName, output: 'probabilities' };
  const plan = planTuning(file, recipe.choice);
  if (!plan.ok) return plan;
  const alone = planTuning(file, recipe.alone);
  if (!alone.ok) return alone;
  const engine = sameProcessEngine();
  const trainSeen = examplesOf(train.value, drift);
  const testSeen = examplesOf(test.value, drift);
  const { validation, satellites: owned } = shards.value;
  const setOf = (name: string, indices: readonly number[]): ExampleSet => ({
    name,
    examples: indices.map((i) => trainSeen[i]),
  });
  return succeed({
    trainer: new Trainer('together', plan.value, engine, { name: weightsName, bytes: weights }),
    alone: new Trainer('alone', alone.value, engine, { name: weightsName, bytes: weights }),
    recipe,
    classes: train.value.classes,
    satellites: owned.map((indices, i) => setOf(`sat-${i + 1}`, indices)),
    all: setOf('all', owned.flat()),
    validation: setOf('validation', validation),
    test: { name: 'test', examples: testSeen },
    counts: countsOf(train.value, owned),
    rawBytes: owned.map((indices) => indices.length * tileOf(train.value, 0).length),
    jpegBytes: owned.map((indices) => indices.reduce((sum, i) => sum + train.value.fileBytes[i], 0)),
    model: { name: MODEL, version: versionOf(), weights },
    close: () => engine.close(),
  });
}

function examplesOf(tiles: EurosatTiles, drift: DriftName): Example[] {
  const seen = { pixels: drifted(tiles.pixels, drifts[drift], tiles.paths) };
  return tiles.paths.map((_, i) => ({
    input: tileOf(seen, i),
    target: oneClass(tiles.labels[i], tiles.classes.length),
    weight: 1,
  }));
}

function versionOf(): string {
  const { models } = JSON.parse(readFileSync(join(MODELS, 'manifest.json'), 'utf8')) as {
    models: { name: string; version: string }[];
  };
  return models.find(({ name }) => name === MODEL)?.version ?? '';
}
