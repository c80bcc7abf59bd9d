import { native } from '../addon';
import { referenceEcc } from '../reference/ecc';
import type { EccKernels } from './contract';
import { nativeEcc } from './native';

/** Error correction for memory that radiation hits: the contract, and who does the work here. */
export * from './contract';
export { protectedPages } from './protectedPages';
export { referenceEcc };

/** The addon where it is, else the reference: the same bytes either way. */
export const ecc: EccKernels = native.addon ? nativeEcc(native.addon) : referenceEcc;
