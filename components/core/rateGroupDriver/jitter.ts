/**
 * How far ticks start from when they were due, counted in octaves: bucket i has those of 2^i to 2^(i+1) µs, the last
 * one all above, and none has those that start to the microsecond. Any percentile is known to a factor of two.
 */
export const JITTER_BUCKETS = 20;

export interface Jitter {
  readonly histogram: number[];
  maxUs: number;
}

export function noJitter(): Jitter {
  return { histogram: new Array<number>(JITTER_BUCKETS).fill(0), maxUs: 0 };
}

/** Counts one tick, early or late. */
export function countJitter(jitter: Jitter, deviationUs: number): void {
  const us = Math.floor(Math.abs(deviationUs));
  if (us === 0) return;
  jitter.histogram[Math.min(JITTER_BUCKETS - 1, Math.floor(Math.log2(us)))]++;
  jitter.maxUs = Math.max(jitter.maxUs, us);
}
