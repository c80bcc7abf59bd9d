/** For the tests of the kernels: what there is to compare with the TypeScript here. */
import { native } from '../addon';

/** True where the addon is not; a test that needs it is skipped then, and its title says why. */
export const noAddon = native.addon === undefined;

/** Ends the title of a test that needs the addon. */
export const whyNoAddon = native.addon === undefined ? ` (skipped: the addon is ${native.reason})` : '';

/** Bytes of a linear congruence (Numerical Recipes'), its high bits: the same in the scripts that make fixtures. */
export function bytesOf(seed: number, length: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** Whether two outputs have the same bytes: -0 and 0, and every NaN, differ. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return bytes(a).equals(bytes(b));
}
