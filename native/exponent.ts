import { native } from './addon';
import { nativeExponent } from './eccNative';
import type { ExponentKernels } from './exponentContract';
import { referenceExponent } from './reference/ecc/exponent';

/** Protection of float weights without memory: the contract, and who does the work here. */
export * from './exponentContract';
export { referenceExponent };

/** The addon where it is, else the reference: the same bytes either way. */
export const exponent: ExponentKernels = native.addon ? nativeExponent(native.addon) : referenceExponent;
