/** The network under test: its files, its answers, and training it by a recipe. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import {
  adamw,
  type Example,
  planTuning,
  type TrainingEngine,
  type TunedModel,
  type TuningChoice,
  TuningSession,
} from '../../../fsw/learning';
import { projectRoot } from '../../../fsw/root';
import { viewOf } from './views';

const MODELS = join(projectRoot, 'fsw/missions/earth-watch/models');
const NAME = 'land-cover';
/** Tiles a run while scoring. */
const SCORED_AT_ONCE = 64;

export function landCover(): TunedModel {
  const [graph, weights] = ['onnx', 'safetensors'].map(
    (end) => new Uint8Array(readFileSync(join(MODELS, `${NAME}.${end}`))),
  );
  return { graph, weights, weightsName: `${NAME}.safetensors`, output: 'probabilities' };
}

export interface Recipe {
  readonly what: TuningChoice['what'];
  readonly rate: number;
  readonly steps: number;
  readonly batch: number;
  readonly decay: number;
  /** Views of each tile that are looked at: 1 is the tile alone, Infinity another one each time. */
  readonly views: number;
  readonly rank?: number;
  /** Share of each target that is spread over all classes. */
  readonly smoothing: number;
}

/** Weights after training by the recipe. The order of tiles and their views come of `seed`. */
export async function trained(
  engine: TrainingEngine,
  model: TunedModel,
  examples: readonly Example[],
  recipe: Recipe,
  seed: number,
): Promise<Result<Uint8Array>> {
  const { what, rank, batch, rate, steps, decay, views, smoothing } = recipe;
  const plan = planTuning(model, {
    what,
    rank,
    batch,
    optimizer: adamw,
    ...(what === 'head' && { features: 'cached' as const }),
  });
  if (!plan.ok) return plan;
  const session = new TuningSession({
    plan: plan.value,
    engine,
    weights: { name: model.weightsName, bytes: model.weights },
    providers: ['cpu'],
    settings: { rate, decay, clip: 1, seed, steps },
    name: 'adaptation',
  });
  const random = seededRandom(seed, 'views');
  const smooth = examples.map((example) => ({
    ...example,
    target: example.target.map((share) => share * (1 - smoothing) + smoothing / example.target.length),
  }));
  const seen = (): Example[] =>
    smooth.map((example) => ({ ...example, input: viewOf(example.input, random) }));
  const fixed = [...smooth, ...Array.from({ length: Number.isFinite(views) ? views - 1 : 0 }, seen).flat()];
  const perEpoch = Math.ceil(examples.length / batch);
  for (let step = 0; step < steps; step++) {
    if (step === 0 || (!Number.isFinite(views) && step % perEpoch === 0)) {
      const learnt = session.learn(Number.isFinite(views) ? fixed : seen());
      if (!learnt.ok) return learnt;
    }
    const done = await session.step();
    if (!done.ok) return done;
  }
  return plan.value.merged(session.snapshot().parameters);
}

/** Classes that the network gives to tiles [n, 3, 64, 64], by the graph that flies. */
export async function classesOf(
  engine: TrainingEngine,
  model: TunedModel,
  weights: Uint8Array,
  pixels: Uint8Array,
  tileBytes: number,
): Promise<Result<Uint8Array>> {
  const rows = await probabilitiesOf(engine, model, weights, pixels, tileBytes);
  return rows.ok ? succeed(Uint8Array.from(rows.value, (row) => row.indexOf(Math.max(...row)))) : rows;
}

/** What it gives each tile, a row a tile. */
export async function probabilitiesOf(
  engine: TrainingEngine,
  model: TunedModel,
  weights: Uint8Array,
  pixels: Uint8Array,
  tileBytes: number,
): Promise<Result<Float32Array[]>> {
  const loaded = await engine.load('flies', model.graph, { name: model.weightsName, bytes: weights }, [
    'cpu',
  ]);
  if (!loaded.ok) return loaded;
  const count = pixels.length / tileBytes;
  const side = Math.sqrt(tileBytes / 3);
  const rows: Float32Array[] = [];
  for (let first = 0; first < count; first += SCORED_AT_ONCE) {
    const last = Math.min(count, first + SCORED_AT_ONCE);
    const data = Float32Array.from(pixels.subarray(first * tileBytes, last * tileBytes));
    const run = await engine.run('flies', { tiles: { dims: [last - first, 3, side, side], data } });
    if (!run.ok) return run;
    const all = run.value[model.output];
    const width = all.length / (last - first);
    for (let i = 0; i < last - first; i++) rows.push(all.slice(i * width, (i + 1) * width));
  }
  return succeed(rows);
}
