/** The attached sync marker before each telemetry frame or codeblock (CCSDS 131.0-B, 9.3). */
import { readU32 } from './bytes';

export const ASM = 0x1acffc1d;
export const ASM_LENGTH = 4;

/** How many bits of the four bytes at `at` differ from the marker. */
export function markerErrors(bytes: Uint8Array, at: number): number {
  let bits = (readU32(bytes, at) ^ ASM) >>> 0;
  let count = 0;
  for (; bits !== 0; count++) bits &= bits - 1;
  return count;
}
