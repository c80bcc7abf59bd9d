/**
 * The columns of the code, SECDED(72,64) after M. Y. Hsiao (IBM J. Res. Dev. 14, 1970): each data bit is in an odd
 * number of check bits, so that two wrong bits give an even syndrome, which no single one gives.
 *
 * All 56 columns of weight 3, then the 8 rotations of 0b00011111: each check bit covers 26 data bits.
 * `native/kernels/src/ecc/hsiao.rs` builds the same.
 */
export const dataColumns: readonly number[] = [
  ...Array.from({ length: 256 }, (_, column) => column).filter((column) => weight(column) === 3),
  ...Array.from({ length: 8 }, (_, turn) => ((0b11111 << turn) | (0b11111 >> (8 - turn))) & 0xff),
];

/** What a syndrome says: the data bit 0–63, the check bit 64–71, or one of these two. */
export const CLEAN = -1;
export const UNCORRECTABLE = -2;

/** By syndrome. */
export const wrongBit: Int8Array = new Int8Array(256).fill(UNCORRECTABLE);
wrongBit[0] = CLEAN;
for (const [bit, column] of dataColumns.entries()) wrongBit[column] = bit;
for (let check = 0; check < 8; check++) wrongBit[1 << check] = 64 + check;

export function weight(bits: number): number {
  let ones = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
