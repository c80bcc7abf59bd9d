import { PARAMETERS } from './forward';
import { HYPER, momentsOf, type Optimizer } from './optimizer';
import type { TuningSettings, TuningState } from './session';
import type { Tensor } from './trainingEngine';

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
