import { native } from './addon';
import type { EccKernels } from './eccContract';
import { nativeEcc } from './eccNative';
import { referenceEcc } from './reference/ecc';

/** Error correction for memory that radiation hits: the contract, and who does the work here. */
export * from './eccContract';
export { protectedPages } from './protectedPages';
export { referenceEcc };

/** The addon where it is, else the reference: the same bytes either way. */
export const ecc: EccKernels = native.addon ? nativeEcc(native.addon) : referenceEcc;
