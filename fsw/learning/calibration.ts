/**
 * Calibration by labelled tiles, before anything is learned: twelve numbers undo what years in orbit do to a camera's bands. The
 * ground knows the mean colour of each class over the training tiles, three numbers a class; the board sees that of its own.
 */
import { type Result, succeed } from '../errors';
import { type ClassColours, type ColourMap, classColours, fitColours, standardising } from './colour';
import type { Example } from './examples';
import { adamw } from './optimizer';
import { inputStatistics, recoloured } from './recolour';
import { TuningSession } from './session';
import type { TrainingEngine } from './trainingEngine';
import { planTuning, type TunedModel } from './tuning';

export interface Calibrated {
  readonly map: ColourMap;
  /** The whole weights file. */
  readonly weights: Uint8Array;
  /** Mean cross-entropy of the examples before, and with the map. */
  readonly before: number;
  readonly after: number;
}

/** Strong where only gains and offsets drift, weak where bands mix. */
const HOLDS = [1e-4, 1e-3, 1e-2, 1e-1];
const AT_ONCE = 32;

/**
 * Of the maps that bring the classes' colours back, held on more and less to a plain standardisation of the bands, and of that
 * one alone and none at all, the one under which the network answers the examples best.
 * Errors: COLOUR_MAP (the network cannot be calibrated so), those of `planTuning` and of the engine.
 */
export async function calibrate(
  engine: TrainingEngine,
  model: TunedModel,
  examples: readonly Example[],
  reference: ClassColours,
): Promise<Result<Calibrated>> {
  const taken = inputStatistics(model);
  if (!taken.ok) return taken;
  const inputs = examples.map(({ input }) => input);
  const plain = standardising(inputs, taken.value.mean, taken.value.deviation);
  const seen = classColours(examples, reference.means.length);
  const maps = [plain, ...HOLDS.map((hold) => fitColours(seen, reference, plain.matrix, hold))];
  const before = await lossOf(engine, model, examples);
  if (!before.ok) return before;
  let best: Calibrated = {
    map: UNCHANGED,
    weights: model.weights,
    before: before.value,
    after: before.value,
  };
  for (const map of maps) {
    const weights = recoloured(model, map);
    if (!weights.ok) return weights;
    const loss = await lossOf(engine, { ...model, weights: weights.value }, examples);
    if (!loss.ok) return loss;
    if (loss.value < best.after)
      best = { map, weights: weights.value, before: before.value, after: loss.value };
  }
  return succeed(best);
}

const UNCHANGED: ColourMap = {
  matrix: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  offset: [0, 0, 0],
};

async function lossOf(
  engine: TrainingEngine,
  model: TunedModel,
  examples: readonly Example[],
): Promise<Result<number>> {
  const plan = planTuning(model, { what: 'head', batch: AT_ONCE, optimizer: adamw });
  if (!plan.ok) return plan;
  const session = new TuningSession({
    plan: plan.value,
    engine,
    weights: { name: model.weightsName, bytes: model.weights },
    providers: ['cpu'],
    settings: { rate: 0, decay: 0, clip: 1, seed: 0 },
    name: 'calibration',
  });
  const score = await session.score(examples);
  return score.ok ? succeed(score.value.loss) : score;
}
