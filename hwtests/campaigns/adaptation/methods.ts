/** What is compared. Rates, steps and the rest were chosen on tiles of the train split that were not learned from; see README. */
import type { Recipe } from './network';

export interface Method {
  readonly name: string;
  /** What the network is before it learns. */
  readonly start: 'asItIs' | 'standardised' | 'calibrated';
  /** Without it, nothing is learned. */
  readonly recipe?: Recipe;
}

const common = { steps: 120, batch: 32, decay: 0.01, smoothing: 0.05, views: Number.POSITIVE_INFINITY };
const head: Recipe = { ...common, what: 'head', rate: 1e-2, views: 4 };
const lora: Recipe = { ...common, what: 'lora', rank: 8, rate: 3e-3 };
const all: Recipe = { ...common, what: 'all', rate: 5e-4 };
/** After a calibration there is little left to learn, and much to forget. */
const GENTLE = 0.1;
const gentle = (recipe: Recipe): Recipe => ({ ...recipe, rate: GENTLE * recipe.rate });

export const METHODS: readonly Method[] = [
  { name: 'before', start: 'asItIs' },
  { name: 'bands standardised (no labels)', start: 'standardised' },
  { name: 'head', start: 'asItIs', recipe: head },
  { name: 'LoRA', start: 'asItIs', recipe: lora },
  { name: 'all weights', start: 'asItIs', recipe: all },
  { name: 'colours calibrated', start: 'calibrated' },
  { name: 'colours calibrated, then head', start: 'calibrated', recipe: gentle(head) },
  { name: 'colours calibrated, then LoRA', start: 'calibrated', recipe: gentle(lora) },
  { name: 'colours calibrated, then all weights', start: 'calibrated', recipe: gentle(all) },
];

export const BASELINES = ['nearest mean colour', '1-NN on colour statistics'] as const;

/** What the promise is judged by, and what flies. */
export const WINNER = 'colours calibrated, then LoRA';
