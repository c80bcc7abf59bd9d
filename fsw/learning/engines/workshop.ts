/** Work around training that takes a processor a tenth of a second and more: done where the engine is, off the flight software's thread. */
import { type Result, succeed } from '../../errors';
import { inSteps, type LowRank, type PackedDelta, packDelta } from '../../models';
import type { TrainingEngine } from '../trainingEngine';
import { type PlanData, planTuning, type TunedModel, type TuningChoice, type TuningPlan } from '../tuning';

/** What was learned, as the weights that come out and as what changes in those before. */
export interface LearnedWeights {
  readonly weights: Uint8Array;
  readonly delta: PackedDelta;
}

export interface Learned {
  readonly parameters: Float32Array;
  /** Adapters are merged in 127 steps of each rank's largest value, and take a quarter of the bytes. */
  readonly rounded: boolean;
}

export interface TuningWorkshop {
  /** Errors: those of `planTuning`, ENGINE_LOST. */
  plan(model: TunedModel, choice: TuningChoice): Promise<Result<PlanData>>;
  /** Merges what was learned. Errors: those of `planTuning` and `packDelta`, TRAINING_VECTOR, ENGINE_LOST. */
  merge(model: TunedModel, choice: TuningChoice, learned: Learned): Promise<Result<LearnedWeights>>;
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
  { parameters, rounded }: Learned,
): Result<LearnedWeights> {
  const plan = planTuning(model, choice);
  if (!plan.ok) return plan;
  const exact = plan.value.products(parameters);
  const products = rounded ? exact.map(inSteps) : exact;
  const weights = plan.value.merged(rounded ? withProducts(plan.value, parameters, products) : parameters);
  if (!weights.ok) return weights;
  const delta = packDelta(model.weights, weights.value, products);
  return delta.ok ? succeed({ weights: weights.value, delta: delta.value }) : delta;
}

function withProducts(
  plan: TuningPlan,
  parameters: Float32Array,
  products: readonly LowRank[],
): Float32Array {
  const flat = parameters.slice();
  const parts = new Map(
    products.flatMap(({ tensor, a, b }): [string, Float32Array][] => [
      [`${tensor}.lora_a`, a],
      [`${tensor}.lora_b`, b],
    ]),
  );
  for (const { name, offset } of plan.parameters) flat.set(parts.get(name) ?? [], offset);
  return flat;
}
