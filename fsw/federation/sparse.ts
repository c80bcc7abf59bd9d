/** The largest values of a vector, and their places as gaps: a varint each, how many are skipped since the one before. */
import { pushVarint, VarintReader } from './varint';

/** Places of the `count` values of largest magnitude, rising. Of equal ones the first are taken. */
export function largest(values: Float32Array, count: number): Uint32Array {
  if (count <= 0) return new Uint32Array(0);
  const ranked = values.map(Math.abs).sort();
  const threshold = ranked[ranked.length - count];
  let equal = count - ranked.length + firstAbove(ranked, threshold);
  const places = new Uint32Array(count);
  let found = 0;
  for (let i = 0; i < values.length && found < count; i++) {
    const magnitude = Math.abs(values[i]);
    if (magnitude > threshold || (magnitude === threshold && equal-- > 0)) places[found++] = i;
  }
  return places;
}

/** The first index of a value above `threshold`, in rising `ranked`. */
function firstAbove(ranked: Float32Array, threshold: number): number {
  let [low, high] = [0, ranked.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranked[middle] > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function gapsOf(places: Uint32Array): Uint8Array {
  const bytes: number[] = [];
  let next = 0;
  for (const place of places) {
    pushVarint(bytes, place - next);
    next = place + 1;
  }
  return Uint8Array.from(bytes);
}

/** `undefined` unless the gaps are exactly `count` places below `length`. */
export function placesOf(gaps: Uint8Array, count: number, length: number): Uint32Array | undefined {
  const from = new VarintReader(gaps);
  const places = new Uint32Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const gap = from.next();
    if (gap === undefined || next + gap >= length) return undefined;
    places[i] = next + gap;
    next = places[i] + 1;
  }
  return from.at === gaps.length ? places : undefined;
}
