/** One update of the flat vector of parameters, as nodes of a graph. */

import { PARAMETERS } from './forward';
import type { Builder } from './graph/builder';

/**
 * `sgd`: m ← μ m + g + λ p, p ← p − η m, as torch.optim.SGD. `adamw`: I. Loshchilov and F. Hutter, "Decoupled Weight Decay
 * Regularization" (2019), as torch.optim.AdamW.
 */
export type Optimizer =
  | { readonly kind: 'sgd'; readonly momentum: number }
  | { readonly kind: 'adamw'; readonly beta1: number; readonly beta2: number; readonly epsilon: number };

export const adamw: Optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** What an update reads besides parameters and gradient; scalars unless said. */
export const HYPER = {
  /** Learning rate η. */
  rate: 'rate',
  /** [parameters] weight decay λ of each. */
  decay: 'decay',
  /** Largest norm of the gradient; more is scaled down. */
  clip: 'clip',
  /** 1 − β₁ᵗ and 1 − β₂ᵗ. */
  correction1: 'correction1',
  correction2: 'correction2',
} as const;

/** Names of the state's vectors, each as long as the parameters. */
export function momentsOf({ kind }: Optimizer): readonly string[] {
  return kind === 'sgd' ? ['momentum'] : ['momentum', 'variance'];
}

export interface Update {
  /** New parameters, then new moments, in the order of `momentsOf`. */
  readonly state: readonly string[];
  /** Norm of the gradient before it was clipped. */
  readonly norm: string;
}

/** The inputs named in HYPER and `momentsOf` must be in the builder. */
export function update(b: Builder, optimizer: Optimizer, gradient: string): Update {
  const norm = normOf(b, gradient);
  const share = b.op('Div', [HYPER.clip, b.op('Add', [norm, b.floats(1e-6)])]);
  const g = b.op('Mul', [gradient, b.op('Min', [share, b.floats(1)])]);
  const next = optimizer.kind === 'sgd' ? sgd(b, optimizer.momentum, g) : adam(b, optimizer, g);
  return { state: next, norm };
}

/** In rows first: one float32 sum over millions of squares is off in the fourth digit. */
function normOf(b: Builder, vector: string): string {
  const [length] = b.shape(vector);
  const rows = Math.ceil(length / ROW);
  const full = rows * ROW === length ? vector : b.op('Pad', [vector, b.integers([0, rows * ROW - length])]);
  const squares = b.op('ReduceSumSquare', [b.reshape(full, [rows, ROW]), b.integers([1])], { keepdims: 0 });
  return b.op('Sqrt', [b.sum(squares, [0], 0)]);
}

const ROW = 1024;

function sgd(b: Builder, momentum: number, g: string): string[] {
  const decayed = b.op('Add', [g, b.op('Mul', [HYPER.decay, PARAMETERS])]);
  const m = b.op('Add', [b.op('Mul', ['momentum', b.floats(momentum)]), decayed]);
  return [b.op('Sub', [PARAMETERS, b.op('Mul', [m, HYPER.rate])]), m];
}

function adam(
  b: Builder,
  { beta1, beta2, epsilon }: Extract<Optimizer, { kind: 'adamw' }>,
  g: string,
): string[] {
  const blend = (old: string, beta: number, now: string) =>
    b.op('Add', [b.op('Mul', [old, b.floats(beta)]), b.op('Mul', [now, b.floats(1 - beta)])]);
  const m = blend('momentum', beta1, g);
  const v = blend('variance', beta2, b.op('Mul', [g, g]));
  const root = b.op('Sqrt', [b.op('Div', [v, HYPER.correction2])]);
  const direction = b.op('Div', [
    b.op('Div', [m, HYPER.correction1]),
    b.op('Add', [root, b.floats(epsilon)]),
  ]);
  const step = b.op('Add', [direction, b.op('Mul', [HYPER.decay, PARAMETERS])]);
  return [b.op('Sub', [PARAMETERS, b.op('Mul', [step, HYPER.rate])]), m, v];
}
