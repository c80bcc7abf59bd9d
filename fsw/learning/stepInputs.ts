/** What a training step takes besides its examples: the state, and what the optimizer is told. */
import { seededRandom } from '../framework/random';
import { packed } from './examples';
import { PARAMETERS } from './forward';
import { HYPER, momentsOf, type Optimizer } from './optimizer';
import type { TuningSettings, TuningState } from './session';
import type { Tensor } from './trainingEngine';
import { STEP } from './trainingGraph';
import type { PlanData } from './tuning';

type Inputs = Record<string, Tensor>;

export function vector(data: Float32Array): Tensor {
  return { dims: [data.length], data };
}

export function parametersOnly({ parameters }: TuningState): Inputs {
  return { [PARAMETERS]: vector(parameters) };
}

export function stateInputs(
  optimizer: Optimizer,
  settings: TuningSettings,
  decay: Float32Array,
  state: TuningState,
): Inputs {
  const { step, moments } = state;
  const progress = settings.steps === undefined ? 0 : Math.min(1, step / settings.steps);
  const scalar = (value: number): Tensor => ({ dims: [], data: Float32Array.of(value) });
  const named = momentsOf(optimizer).map((name, i) => [name, vector(moments[i])]);
  return {
    ...parametersOnly(state),
    ...Object.fromEntries(named),
    [HYPER.decay]: vector(decay),
    [HYPER.rate]: scalar((settings.rate * (1 + Math.cos(Math.PI * progress))) / 2),
    [HYPER.clip]: scalar(settings.clip),
    ...(optimizer.kind === 'adamw' && {
      [HYPER.correction1]: scalar(1 - optimizer.beta1 ** (step + 1)),
      [HYPER.correction2]: scalar(1 - optimizer.beta2 ** (step + 1)),
    }),
  };
}

/** The parts of a plan that an engine loads. */
export type Part = 'step' | 'gradient' | 'update' | 'answer' | 'features';

/** Inputs that are always the same: examples drawn from a fixed seed, the parameters and moments of the beginning. */
export function fixedInputs(plan: PlanData, part: Part, decay: Float32Array): Inputs {
  const { input, stepInput, microBatch, classes, initial } = plan;
  const { optimizer } = plan.choice;
  const state = {
    parameters: initial,
    moments: momentsOf(optimizer).map(() => new Float32Array(initial.length)),
    step: 0,
  };
  const random = seededRandom(0, 'proof');
  const fixed = ({ name, dims }: PlanData['input'], most: number): Inputs => {
    const data = packed([], microBatch, dims);
    for (let i = 0; i < data.data.length; i++) data.data[i] = most * random.next();
    return { [name]: data };
  };
  const examples = plan.features === undefined ? fixed(input, 255) : fixed(stepInput, 1);
  const weights = new Float32Array(microBatch).fill(1 / microBatch);
  const labels = {
    [STEP.targets]: {
      dims: [microBatch, classes],
      data: new Float32Array(microBatch * classes).fill(1 / classes),
    },
    [STEP.weights]: { dims: [microBatch, 1], data: weights },
  };
  const told = stateInputs(optimizer, { rate: 0.001, decay: 0, clip: 1, seed: 0 }, decay, state);
  const gradient = { [STEP.gradient]: vector(initial) };
  if (part === 'features') return fixed(input, 255);
  if (part === 'answer') return { ...examples, ...parametersOnly(state) };
  if (part === 'gradient') return { ...examples, ...labels, ...parametersOnly(state), ...gradient };
  if (part === 'update') return { ...told, ...gradient };
  return { ...examples, ...labels, ...told };
}
