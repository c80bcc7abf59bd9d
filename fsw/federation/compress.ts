/**
 * A vector of float32 on the link, whole or smaller.
 *
 *     0  1  coding: 0 float32, 1 int8, 2 sparse
 *     1     values in the vector (this and the next: varints)
 *           int8, sparse: values a block
 *           sparse: values kept
 *           sections (see sections.ts):
 *             float32: the four bytes of all values, the lowest of all first
 *             sparse: gaps between kept places
 *             int8, sparse: a byte a value, then float32 scales, little-endian
 *
 * int8 has one scale a block. sparse keeps the values of largest magnitude, in int8, and leaves zeros: with error feedback
 * (feedback.ts) what is left out is sent later (D. Alistarh et al., "The Convergence of Sparsified Gradient Methods", 2018).
 */
import { fail, type Result, succeed } from '../errors';
import { blocksOf, dequantised, quantised } from './quantised';
import { joined, readSection, section } from './sections';
import { gapsOf, largest, placesOf } from './sparse';
import { pushVarint, VarintReader } from './varint';

export type Coding =
  | { readonly kind: 'float32' }
  | { readonly kind: 'int8'; readonly block: number }
  /** `keep`: the part of the values that is sent, more than 0, 1 the most. */
  | { readonly kind: 'sparse'; readonly keep: number; readonly block: number };

const kinds = ['float32', 'int8', 'sparse'] as const;
/** Parameters of the largest model that is trained, with room. */
export const MAX_VALUES = 2 ** 26;

export interface Packed {
  readonly bytes: Uint8Array;
  /** What a receiver will read. */
  readonly values: Float32Array;
}

/**
 * The same values and coding give the same bytes on every processor. Errors: FED_NUMBER (at the very end of float32's range a
 * rounded scale leads out of it, too), FED_PACKED (the coding).
 */
export function pack(values: Float32Array, coding: Coding): Result<Packed> {
  const finite = checkFinite(values, 'a vector to pack');
  if (!finite.ok) return finite;
  const head: number[] = [kinds.indexOf(coding.kind)];
  pushVarint(head, values.length);
  if (coding.kind === 'float32')
    return succeed({ bytes: joined([Uint8Array.from(head), section(planes(values))]), values });
  const { block } = coding;
  if (!(Number.isInteger(block) && block >= 1)) return fail('FED_PACKED', { why: `blocks of ${block}` });
  pushVarint(head, block);
  if (coding.kind === 'int8') {
    const whole = quantised(values, block);
    return checked(head, sectionsOf(whole.steps, whole.scales), dequantised(whole, block));
  }
  if (!(coding.keep > 0 && coding.keep <= 1))
    return fail('FED_PACKED', { why: `keeps ${coding.keep} of the values` });
  const places = largest(values, Math.ceil(values.length * coding.keep));
  const kept = quantised(
    Float32Array.from(places, (place) => values[place]),
    block,
  );
  pushVarint(head, places.length);
  const sections = [section(gapsOf(places)), ...sectionsOf(kept.steps, kept.scales)];
  return checked(head, sections, spread(places, dequantised(kept, block), values.length));
}

function checked(
  head: readonly number[],
  sections: readonly Uint8Array[],
  values: Float32Array,
): Result<Packed> {
  const finite = checkFinite(values, 'a packed vector');
  return finite.ok ? succeed({ bytes: joined([Uint8Array.from(head), ...sections]), values }) : finite;
}

/** A packed vector that must have `length` values. Errors: FED_PACKED, FED_NUMBER. */
export function unpack(bytes: Uint8Array, length: number): Result<Float32Array> {
  const from = new VarintReader(bytes);
  const kind = kinds[from.next() ?? kinds.length];
  if (kind === undefined) return fail('FED_PACKED', { why: 'an unknown coding' });
  const values = from.next();
  if (values !== length || length > MAX_VALUES)
    return fail('FED_PACKED', { why: `${values} values, ${length} expected` });
  const read = kind === 'float32' ? readPlanes(from, length) : readSteps(from, length, kind === 'sparse');
  if (read === undefined) return fail('FED_PACKED', { why: `its ${kind} sections cannot be read` });
  if (from.at !== bytes.length)
    return fail('FED_PACKED', { why: `${bytes.length - from.at} bytes left over` });
  const finite = checkFinite(read, 'a packed vector');
  return finite.ok ? succeed(read) : finite;
}

/** Errors: FED_NUMBER, with the first place. */
export function checkFinite(values: Float32Array, what: string): Result<void> {
  const index = values.findIndex((value) => !Number.isFinite(value));
  return index < 0 ? succeed(undefined) : fail('FED_NUMBER', { what, index });
}

function readSteps(from: VarintReader, length: number, isSparse: boolean): Float32Array | undefined {
  const block = from.next() ?? 0;
  const count = isSparse ? from.next() : length;
  if (block < 1 || count === undefined || count > length) return undefined;
  const gaps = isSparse ? readSection(from, { min: count, max: count * 5 }) : undefined;
  const steps = readSection(from, { min: count, max: count });
  const scaleBytes = blocksOf(count, block) * 4;
  const scales = readSection(from, { min: scaleBytes, max: scaleBytes });
  if (steps === undefined || scales === undefined) return undefined;
  const values = dequantised({ steps: Int8Array.from(steps), scales: floatsOf(scales) }, block);
  if (!isSparse) return values;
  const places = gaps && placesOf(gaps, count, length);
  return places && spread(places, values, length);
}

function readPlanes(from: VarintReader, length: number): Float32Array | undefined {
  const bytes = readSection(from, { min: length * 4, max: length * 4 });
  if (bytes === undefined) return undefined;
  const values = new Uint8Array(length * 4);
  for (let i = 0; i < length; i++)
    for (let plane = 0; plane < 4; plane++) values[i * 4 + plane] = bytes[plane * length + i];
  return floatsOf(values);
}

/** Exponents next to exponents: what repeats stands together. */
function planes(values: Float32Array): Uint8Array {
  const from = bytesOf(values);
  const into = new Uint8Array(from.length);
  for (let i = 0; i < values.length; i++)
    for (let plane = 0; plane < 4; plane++) into[plane * values.length + i] = from[i * 4 + plane];
  return into;
}

function sectionsOf(steps: Int8Array, scales: Float32Array): Uint8Array[] {
  return [section(new Uint8Array(steps.buffer)), section(bytesOf(scales))];
}

function spread(places: Uint32Array, kept: Float32Array, length: number): Float32Array {
  const values = new Float32Array(length);
  places.forEach((place, i) => {
    values[place] = kept[i];
  });
  return values;
}

/** A copy, little-endian as all our processors are. */
export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
}

export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
