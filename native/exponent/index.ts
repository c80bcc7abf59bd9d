import { native } from '../addon';
import { nativeExponent } from '../ecc/native';
import { referenceExponent } from '../reference/ecc/exponent';
import type { ExponentKernels } from './contract';

/** Protection of float weights without memory: the contract, and who does the work here. */
export * from './contract';
export { referenceExponent };

/** The addon where it is, else the reference: the same bytes either way. */
export const exponent: ExponentKernels = native.addon ? nativeExponent(native.addon) : referenceExponent;
