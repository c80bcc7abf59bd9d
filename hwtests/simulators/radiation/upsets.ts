/** What one particle does to memory: how many neighbouring cells it upsets, and how many particles arrive. */
import type { Random } from '../../../fsw/framework/random';

/**
 * Share of events by how many neighbouring cells they upset. Measured shares of multi-cell upsets run from a few per
 * cent to a half, by process and particle, and fall off steeply; the long tail here is harsher than what was measured,
 * because it is the tail that breaks codes.
 */
export const CLUSTERS: readonly (readonly [cells: number, share: number])[] = [
  [1, 0.8],
  [2, 0.12],
  [4, 0.05],
  [8, 0.02],
  [16, 0.007],
  [32, 0.002],
  [64, 0.0006],
  [128, 0.0003],
  [256, 0.0001],
];

/** Of a thousand upset events in memory one leaves its first cell stuck until the power is cycled. */
export const STUCK_SHARE = 1e-3;

/** How many neighbouring cells this event upsets. */
export function clusterSize(random: Random): number {
  let left = random.next();
  for (const [cells, share] of CLUSTERS) {
    left -= share;
    if (left < 0) return cells;
  }
  return 1;
}

/** How many events arrive when `mean` are expected: Poisson, by the gaps between arrivals. */
export function arrivals(random: Random, mean: number): number {
  let count = 0;
  for (let at = gap(random); at < mean; at += gap(random)) count++;
  return count;
}

/** Exponential, mean 1. */
function gap(random: Random): number {
  return -Math.log(1 - random.next());
}

/** Inverts `count` bits from bit `first` on; bit 0 is the lowest of byte 0. What lies beyond the end is not hit. */
export function flipBits(bytes: Uint8Array, first: number, count: number): number {
  const end = Math.min(first + count, bytes.length * 8);
  for (let bit = first; bit < end; bit++) bytes[bit >>> 3] ^= 1 << (bit & 7);
  return end - first;
}
