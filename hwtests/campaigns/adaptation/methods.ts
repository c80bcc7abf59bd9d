/** What is compared. Rates, steps and the rest were chosen on tiles of the train split that were not learned from; see README. */
import type { Recipe } from './network';

export interface Method {
  readonly name: string;
  /** What the network is before it learns. */
  readonly start: 'asItIs' | 'standardised' | 'calibrated';
  /** Without it, nothing is learned. */
  readonly recipe?: Recipe;
}

const common = { batch: 32, decay: 0.01, smoothing: 0.05, views: Number.POSITIVE_INFINITY };
const far = { ...common, steps: 100 };
/** After a calibration there is little left to learn, and much to forget. */
const near = { ...common, steps: 50 };

export const METHODS: readonly Method[] = [
  { name: 'before', start: 'asItIs' },
  { name: 'bands standardised (no labels)', start: 'standardised' },
  { name: 'head', start: 'asItIs', recipe: { ...far, what: 'head', rate: 1e-2, views: 4 } },
  {
    name: 'first layer and head',
    start: 'asItIs',
    recipe: { ...far, what: 'ends', rate: 3e-3 },
  },
  { name: 'LoRA', start: 'asItIs', recipe: { ...far, what: 'lora', rank: 8, rate: 3e-3 } },
  { name: 'all weights', start: 'asItIs', recipe: { ...far, what: 'all', rate: 5e-4 } },
  { name: 'colours calibrated', start: 'calibrated' },
  {
    name: 'colours calibrated, then head',
    start: 'calibrated',
    recipe: { ...near, what: 'head', rate: 1e-3, views: 4, steps: 100 },
  },
  {
    name: 'colours calibrated, then LoRA',
    start: 'calibrated',
    recipe: { ...near, what: 'lora', rank: 8, rate: 1e-3 },
  },
  {
    name: 'colours calibrated, then all weights',
    start: 'calibrated',
    recipe: { ...near, what: 'all', rate: 1e-4 },
  },
];

/** In a region that is labelled by an index alone. */
export const REGION: Readonly<Record<string, Recipe>> = {
  head: { ...near, what: 'head', rate: 1e-3, views: 4, steps: 100 },
  LoRA: { ...near, what: 'lora', rank: 8, rate: 1e-3 },
};

export const BASELINES = ['nearest mean colour', '1-NN on colour statistics'] as const;

/** What the promise is judged by, and what flies. */
export const WINNER = 'colours calibrated, then LoRA';
