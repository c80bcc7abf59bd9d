/**
 * Protection of float weights that costs no memory: the lowest mantissa bits, which a network hardly feels, carry
 * copies of the exponent's top bits, which decide whether a weight is small or huge (MSET and CEP, arXiv
 * 2605.07417). And a bound for what comes through all the same (Ranger, arXiv 2003.13874).
 *
 * Weights are little-endian in their bytes, as safetensors has them.
 */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

/** How a dtype is laid out, and which of its bits are kept three times. */
export interface FloatLayout {
  readonly bytes: 2 | 4;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  /** Bits from the exponent's top that have two copies, in as many mantissa bits twice. */
  readonly guardedBits: number;
}

/**
 * F32 has room for the top four, whose flips scale a weight by 2^16 and more; F16 and BF16 for the topmost alone,
 * the one that turns a weight below 2 into one of 2^16 or 2^128 times its size.
 */
export const floatLayouts: Readonly<Record<FloatDtype, FloatLayout>> = {
  F32: { bytes: 4, exponentBits: 8, mantissaBits: 23, guardedBits: 4 },
  F16: { bytes: 2, exponentBits: 5, mantissaBits: 10, guardedBits: 1 },
  BF16: { bytes: 2, exponentBits: 8, mantissaBits: 7, guardedBits: 1 },
};

/**
 * All in place, on whole weights. A length that is no whole number of weights, a view that is not aligned to them,
 * or a bound that is not above 0 is the caller's mistake: a `RangeError` with the text of `ECC_DTYPE`.
 */
export interface ExponentKernels {
  /**
   * Rounds each weight to the nearest one whose lowest mantissa bits are two copies of its guarded bits. Done once,
   * on the ground, before a model is signed. NaN and infinities stay.
   *
   * A normal weight moves by no more than 2^(2·guarded − mantissa) of itself (F32 2^-15, F16 2^-8, BF16 2^-5), and
   * half of that away from the magnitudes where a guarded bit changes; a subnormal one as far as the smallest normal
   * would. A second time changes nothing.
   */
  protect(weights: Uint8Array, dtype: FloatDtype): void;
  /** Puts guarded bits and their copies right by majority of three. Returns the weights that changed. */
  vote(weights: Uint8Array, dtype: FloatDtype): number;
  /** Weights beyond ±`bound` become ±`bound`, NaN and infinities 0. Returns the weights that changed. */
  clip(weights: Uint8Array, dtype: FloatDtype, bound: number): number;
}
