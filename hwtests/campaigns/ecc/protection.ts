/** What a protection makes of a model's weights, and what all of them have in common. */
import type { Subject } from './subject';

/** What a repair said. */
export interface Repaired {
  /** There is damage that it could not put right: the weights would be refused. */
  readonly detected: boolean;
  /** Bits, weights or pages that it changed, by step. */
  readonly corrected: Readonly<Record<string, number>>;
}

/** Weights in protected memory. */
export interface Guarded {
  /** What the weights are when nothing has hit them. */
  readonly truth: Uint8Array;
  /** As a runtime would get them. */
  readonly weights: Uint8Array;
  /** All memory that can be hit, the protection's own included. */
  readonly stretches: readonly Uint8Array[];
  /** Memory beyond the weights, per cent of them; and storage. */
  readonly memoryPercent: number;
  readonly storagePercent: number;
  repair(): Repaired;
  /** As if nothing had hit. */
  reset(): void;
}

export interface Protection {
  readonly name: string;
  /** One line for the table's legend. */
  readonly about: string;
  guard(subject: Subject): Guarded;
}

/** The memory of a guarded model: what is hit, and what brings it back. */
export function stretchesOf(stretches: readonly Uint8Array[]): Pick<Guarded, 'stretches' | 'reset'> {
  const pristine = stretches.map((stretch) => stretch.slice());
  return {
    stretches,
    reset() {
      for (const [i, stretch] of stretches.entries()) stretch.set(pristine[i]);
    },
  };
}

export function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}
