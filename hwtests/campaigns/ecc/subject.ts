/** What is being hit: a model's weights as they lie in the store, and what damage to them costs. */
import type { FloatDtype } from '../../../native/exponent';

/** Floats in the weights: `count` of them, `stride` bytes apart. */
export interface FloatField {
  readonly dtype: FloatDtype;
  readonly at: number;
  readonly stride: number;
  readonly count: number;
  /** The greatest magnitude among them. */
  readonly bound: number;
}

export interface Subject {
  readonly name: string;
  /** The truth. */
  readonly weights: Uint8Array;
  /** Where protections for floats find them. */
  readonly floats: readonly FloatField[];
  /** What `damage` counts. */
  readonly unit: string;
  /** One line: what the model is, and on what it is judged. */
  readonly about: string;
  /** What running `weights` instead of `truth` costs; 0 where nothing. */
  damage(weights: Uint8Array, truth: Uint8Array): Promise<number>;
  close(): Promise<void>;
}
