import type { Random } from '../../../fsw/framework/random';
import { flipBits } from '../../simulators/radiation/upsets';

/**
 * Flips clusters of `cluster` neighbouring bits anywhere in `stretches`, so many that each bit is flipped with
 * probability `bitErrorRate` in the mean (Poisson arrivals). What lies beyond the end of a stretch is not hit. Returns
 * the bits that were flipped.
 */
export function injectFaults(
  stretches: readonly Uint8Array[],
  bitErrorRate: number,
  cluster: number,
  random: Random,
): number {
  const perBit = bitErrorRate / cluster;
  let flipped = 0;
  let skip = gap(random, perBit);
  for (const stretch of stretches) {
    const bits = stretch.length * 8;
    for (; skip < bits; skip += gap(random, perBit)) flipped += flipBits(stretch, Math.floor(skip), cluster);
    skip -= bits;
  }
  return flipped;
}

function gap(random: Random, perBit: number): number {
  return -Math.log(1 - random.next()) / perBit;
}
