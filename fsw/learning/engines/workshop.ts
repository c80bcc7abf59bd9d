/** Work around training that takes a processor a tenth of a second and more: done where the engine is, off the flight software's thread. */
import { type Result, succeed } from '../../errors';
import { type PackedDelta, packDelta } from '../../models';
import type { TrainingEngine } from '../trainingEngine';
import { type PlanData, planTuning, type TunedModel, type TuningChoice } from '../tuning';

/** What was learned, as the weights that come out and as what changes in those before. */
export interface LearnedWeights {
  readonly weights: Uint8Array;
  readonly delta: PackedDelta;
}

export interface TuningWorkshop {
  /** Errors: those of `planTuning`, ENGINE_LOST. */
  plan(model: TunedModel, choice: TuningChoice): Promise<Result<PlanData>>;
  /** Merges `parameters`. Errors: those of `planTuning` and `packDelta`, TRAINING_VECTOR, ENGINE_LOST. */
  merge(model: TunedModel, choice: TuningChoice, parameters: Float32Array): Promise<Result<LearnedWeights>>;
}

/** The engine that a component flies with. */
export type FlightEngine = TrainingEngine & TuningWorkshop;

export function planData(model: TunedModel, choice: TuningChoice): Result<PlanData> {
  const plan = planTuning(model, choice);
  if (!plan.ok) return plan;
  const { merged, products, ...data } = plan.value;
  return succeed(data);
}

export function learnedWeights(
  model: TunedModel,
  choice: TuningChoice,
  parameters: Float32Array,
): Result<LearnedWeights> {
  const plan = planTuning(model, choice);
  if (!plan.ok) return plan;
  const weights = plan.value.merged(parameters);
  if (!weights.ok) return weights;
  const delta = packDelta(model.weights, weights.value, plan.value.products(parameters));
  return delta.ok ? succeed({ weights: weights.value, delta: delta.value }) : delta;
}
