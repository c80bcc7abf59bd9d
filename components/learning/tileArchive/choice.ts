/** Which tiles are worth their place on the disk. */

export interface Candidate {
  readonly id: number;
  /** See `StoredTile.lot`. */
  readonly lot: number;
  /** 0 to 1. */
  readonly uncertainty: number;
  /** The ground has asked for it, or learns from it: it goes last. */
  readonly held: boolean;
}

/** Entropy of the answer, of the most that so many classes can have. */
export function uncertaintyOf(probabilities: Float32Array): number {
  if (probabilities.length < 2) return 0;
  let entropy = 0;
  for (const share of probabilities) if (share > 0) entropy -= share * Math.log(share);
  return Math.min(1, entropy / Math.log(probabilities.length));
}

/**
 * Which goes first, when all but one have a place. A share of all places belongs to the smallest lots: a fair sample of everything that was seen. The
 * others belong to what the model is least sure of, so the surest of these goes.
 */
export function leastWorth(all: readonly Candidate[], sampleShare: number): Candidate | undefined {
  const held = all.filter((one) => one.held).sort((a, b) => a.id - b.id);
  // Half of the places at most are held; the oldest of more are as others.
  const released = new Set(held.slice(0, Math.max(0, held.length - (all.length >> 1))));
  const free = all.filter((one) => !one.held || released.has(one));
  const byLot = [...free].sort((a, b) => a.lot - b.lot || a.id - b.id);
  // One of them goes: what stays is counted.
  const sample = Math.round((free.length - 1) * sampleShare);
  const rest = byLot.slice(sample);
  return rest.reduce((least, one) => (one.uncertainty < least.uncertainty ? one : least));
}
