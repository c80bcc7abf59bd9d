/** Makes the changes of a delta: of each tensor the kind that takes the fewest bytes and gives exactly what is wanted. */
import { fail, type Result, succeed } from '../errors';
import { VarintWriter } from '../products/varints';
import { type Change, type FactorCoding, patchedRead, patchesOf } from './deltaChanges';
import { readSafetensors, type TensorInfo } from './safetensors';

/** W + scale A B, as an adapter has learned it. */
export interface LowRank {
  readonly tensor: string;
  /** [inputs, rank]. */
  readonly a: Float32Array;
  /** [rank, outputs]. */
  readonly b: Float32Array;
  readonly rank: number;
  readonly scale: number;
  /** W lies [outputs, inputs]. */
  readonly turned: boolean;
  /** `f32` where absent. */
  readonly coding?: FactorCoding;
}

/** Changes with their bytes. */
export interface PackedDelta {
  readonly changes: readonly Change[];
  readonly payload: Uint8Array;
}

interface Packed {
  readonly change: Change;
  readonly bytes: Uint8Array;
}

/**
 * What makes `changed` out of `base`, two safetensors files of one layout. `lowRank` are products that some tensors may be
 * made of: they are taken where they give the very bytes of `changed`. Errors: MODEL_DELTA (the layouts differ), those of
 * `readSafetensors`.
 */
export function packDelta(
  base: Uint8Array,
  changed: Uint8Array,
  lowRank: readonly LowRank[] = [],
): Result<PackedDelta> {
  const tensors = readSafetensors(base, 'base');
  if (!tensors.ok) return tensors;
  const dataStart = tensors.value[0]?.offset ?? base.length;
  if (base.length !== changed.length || !same(base.subarray(0, dataStart), changed.subarray(0, dataStart)))
    return fail('MODEL_DELTA', { file: 'changed', why: 'its tensors are not those of the base' });
  const packed = tensors.value.flatMap((tensor) => {
    const [before, after] = [base, changed].map((file) => bytesOf(file, tensor));
    if (same(before, after)) return [];
    const product = lowRank.find((one) => one.tensor === tensor.name);
    const ways = [
      { change: { kind: 'tensor' as const, tensor: tensor.name }, bytes: after },
      ...sparse(tensor, before, after),
      ...(product && gives(base, tensor, product, after) ? [low(product)] : []),
    ];
    return [ways.reduce((least, way) => (way.bytes.length < least.bytes.length ? way : least))];
  });
  return succeed({
    changes: packed.map(({ change }) => change),
    payload: new Uint8Array(Buffer.concat(packed.map(({ bytes }) => bytes))),
  });
}

/** The weights that a delta makes of `base`. Errors: those of `readSafetensors` and `patchesOf`. */
export function applyDelta(
  base: Uint8Array,
  { changes, payload }: PackedDelta,
  file: string,
): Result<Uint8Array> {
  const tensors = readSafetensors(base, file);
  if (!tensors.ok) return tensors;
  const patches = patchesOf(changes, payload, tensors.value, file);
  if (!patches.ok) return patches;
  const read = patchedRead((offset, into) => {
    into.set(base.subarray(offset, offset + into.length));
    return succeed(undefined);
  }, patches.value);
  const weights = new Uint8Array(base.length);
  const done = read(0, weights);
  return done.ok ? succeed(weights) : done;
}

/** The weights with low-rank products added. Errors: as for `applyDelta`. */
export function addLowRank(base: Uint8Array, products: readonly LowRank[]): Result<Uint8Array> {
  const packed = products.map(low);
  const payload = Buffer.concat(packed.map(({ bytes }) => bytes));
  return applyDelta(base, { changes: packed.map(({ change }) => change), payload }, 'base');
}

/** The same product in steps of a scale for each rank, whose A and B are what is left of them: a quarter of the bytes. */
export function inSteps(product: LowRank): LowRank {
  const { rank } = product;
  const outputs = product.b.length / rank;
  const scales = scalesOf(product);
  const rounded = (values: Float32Array, scaleAt: (i: number) => number) =>
    values.map((value, i) => stepOf(value, scaleAt(i)) * scaleAt(i));
  return {
    ...product,
    coding: 'i8',
    a: rounded(product.a, (i) => scales[i % rank]),
    b: rounded(product.b, (i) => scales[rank + Math.floor(i / outputs)]),
  };
}

const STEPS = 127;

/** The largest of each column of A, then of each row of B, is 127 steps; a scale is a float32 with room for that, exactly. */
function scalesOf({ a, b, rank }: LowRank): Float32Array {
  const outputs = b.length / rank;
  const scales = new Float32Array(2 * rank);
  const note = (at: number, value: number) => {
    scales[at] = Math.max(scales[at], Math.abs(value));
  };
  a.forEach((value, i) => {
    note(i % rank, value);
  });
  b.forEach((value, i) => {
    note(rank + Math.floor(i / outputs), value);
  });
  return scales.map((most) => coarse(most / STEPS));
}

/** Rounded to 16 bits of fraction: a scale times a step is then a float32, and packing what was rounded changes nothing. */
function coarse(value: number): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  word[0] = (word[0] + 0x80) & ~0xff;
  return new Float32Array(word.buffer)[0];
}

function stepOf(value: number, scale: number): number {
  return scale === 0 ? 0 : Math.max(-STEPS, Math.min(STEPS, Math.round(value / scale)));
}

function low(product: LowRank): Packed {
  const { tensor, rank, scale, turned, a, b, coding = 'f32' } = product;
  const change: Change = { kind: 'lora', tensor, rank, scale, turned, coding };
  if (coding === 'f32') return { change, bytes: floatBytes([...a, ...b]) };
  const scales = scalesOf(product);
  const outputs = b.length / rank;
  const steps = Int8Array.from([
    ...a.map((value, i) => stepOf(value, scales[i % rank])),
    ...b.map((value, i) => stepOf(value, scales[rank + Math.floor(i / outputs)])),
  ]);
  return { change, bytes: new Uint8Array(Buffer.concat([floatBytes(scales), new Uint8Array(steps.buffer)])) };
}

function floatBytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i], true);
  return new Uint8Array(view.buffer);
}

function gives(base: Uint8Array, tensor: TensorInfo, product: LowRank, wanted: Uint8Array): boolean {
  const made = addLowRank(base, [product]);
  return made.ok && same(bytesOf(made.value, tensor), wanted);
}

/** The elements that differ; nothing where that is more than the whole. */
function sparse(tensor: TensorInfo, before: Uint8Array, after: Uint8Array): Packed[] {
  const count = tensor.shape.reduce((product, side) => product * side, 1);
  const size = tensor.length / count;
  const gaps = new VarintWriter();
  const values: Uint8Array[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (!differ(before, after, i * size, size)) continue;
    if (values.length * (size + 1) > tensor.length) return [];
    gaps.push(i - next);
    next = i + 1;
    values.push(after.subarray(i * size, (i + 1) * size));
  }
  const bytes = new Uint8Array(Buffer.concat([gaps.bytes, ...values]));
  return [
    { change: { kind: 'sparse', tensor: tensor.name, count: values.length, bytes: bytes.length }, bytes },
  ];
}

function differ(a: Uint8Array, b: Uint8Array, at: number, size: number): boolean {
  for (let i = at; i < at + size; i++) if (a[i] !== b[i]) return true;
  return false;
}

function bytesOf(file: Uint8Array, { offset, length }: TensorInfo): Uint8Array {
  return file.subarray(offset, offset + length);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
