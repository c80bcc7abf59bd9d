/**
 * What a delta does to the weights: of each tensor that changes the whole, some elements, or a low-rank product that is
 * added. Applied in plain arithmetic of IEEE doubles, so that every machine gets the same bits.
 */
import { fail, type Result, succeed } from '../errors';
import { VarintReader } from '../products/varints';
import { list, Malformed, member, optional, text, whole } from './fields';
import type { TensorInfo } from './safetensors';

/** Low-rank factors as float32, or in steps of a scale for each of the ranks: a quarter of the bytes. */
export type FactorCoding = 'f32' | 'i8';

export type Change =
  /** All bytes of the tensor. */
  | { readonly kind: 'tensor'; readonly tensor: string }
  /** `count` elements: gaps between their indices as varints, then their bytes; `bytes` in all. */
  | { readonly kind: 'sparse'; readonly tensor: string; readonly count: number; readonly bytes: number }
  /** W + `scale` A B: A is [inputs, rank], B is [rank, outputs]. `turned`: W lies [outputs, inputs]. */
  | {
      readonly kind: 'lora';
      readonly tensor: string;
      readonly rank: number;
      readonly scale: number;
      readonly turned: boolean;
      readonly coding: FactorCoding;
    };

/** A change that is ready to be applied. */
export interface Patch {
  /** Where the tensor lies in the file. */
  readonly offset: number;
  readonly length: number;
  readonly elementBytes: number;
  /** Changes elements of the tensor in place, from its `first` on; as many as `elements` has. */
  apply(first: number, elements: Uint8Array): void;
}

/** Fills `into` with the bytes from `offset` of a file, or says why not. */
export type Read = (offset: number, into: Uint8Array) => Result<void>;

const MAX_CHANGES = 100_000;
const MAX_BYTES = 2 ** 31 - 1;
const MAX_RANK = 4096;

/** Throws `Malformed`. */
export function changesOf(value: unknown, at: string): Change[] {
  return list(value, at, MAX_CHANGES).map((entry, i) => {
    const where = `${at}[${i}]`;
    const tensor = text(member(entry, 'tensor', where), `${where}.tensor`);
    const kind = member(entry, 'kind', where);
    const size = (key: string, max: number) =>
      whole(member(entry, key, where), `${where}.${key}`, { min: 1, max });
    if (kind === 'tensor') return { kind, tensor };
    if (kind === 'sparse')
      return { kind, tensor, count: size('count', MAX_BYTES), bytes: size('bytes', MAX_BYTES) };
    if (kind !== 'lora') throw new Malformed(`${where}.kind: ${String(kind)} is not one that is known`);
    const scale = member(entry, 'scale', where);
    if (typeof scale !== 'number' || !Number.isFinite(scale))
      throw new Malformed(`${where}.scale: not a factor`);
    const coding = member(entry, 'coding', where);
    if (coding !== 'f32' && coding !== 'i8') throw new Malformed(`${where}.coding: not f32 or i8`);
    const turned = optional(entry, 'turned') ?? false;
    if (typeof turned !== 'boolean') throw new Malformed(`${where}.turned: not yes or no`);
    return { kind, tensor, rank: size('rank', MAX_RANK), scale, turned, coding };
  });
}

/**
 * Makes changes ready: `payload` has their bytes one after the other, `tensors` are those of the base. Errors:
 * MODEL_DELTA (a tensor that is not there, or there twice, or of another shape; bytes missing or left over).
 */
export function patchesOf(
  changes: readonly Change[],
  payload: Uint8Array,
  tensors: readonly TensorInfo[],
  file: string,
): Result<readonly Patch[]> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const patches: Patch[] = [];
  let at = 0;
  for (const change of changes) {
    const bad = (why: string) => fail('MODEL_DELTA', { file, why: `${change.tensor}: ${why}` });
    const tensor = byName.get(change.tensor);
    if (tensor === undefined) return bad('the base has no such tensor, or it is changed twice');
    byName.delete(change.tensor);
    const bytes = changeBytes(change, tensor);
    if (bytes === undefined) return bad(`${tensor.dtype} [${tensor.shape}] takes no low-rank product`);
    if (at + bytes > payload.length) return bad(`its bytes end at ${payload.length}, ${at + bytes} needed`);
    const patch = patchOf(change, tensor, payload.subarray(at, at + bytes));
    if (patch === undefined) return bad('its indices lead out of it, or its bytes are too few');
    patches.push(patch);
    at += bytes;
  }
  if (at < payload.length)
    return fail('MODEL_DELTA', { file, why: `${payload.length - at} bytes left over` });
  return succeed(patches);
}

/** What a change takes of the payload. Undefined: it does not fit the tensor. */
function changeBytes(change: Change, tensor: TensorInfo): number | undefined {
  if (change.kind === 'tensor') return tensor.length;
  if (change.kind === 'sparse') return change.bytes;
  const sides = matrixOf(tensor, change.turned);
  if (sides === undefined) return undefined;
  const { rank, coding } = change;
  const values = (sides.inputs + sides.outputs) * rank;
  return coding === 'f32' ? values * 4 : values + 2 * rank * 4;
}

function matrixOf(
  { dtype, shape }: TensorInfo,
  turned: boolean,
): { inputs: number; outputs: number } | undefined {
  if (dtype !== 'F32' || shape.length !== 2) return undefined;
  const [inputs, outputs] = turned ? [shape[1], shape[0]] : shape;
  return { inputs, outputs };
}

function patchOf(change: Change, tensor: TensorInfo, bytes: Uint8Array): Patch | undefined {
  const { offset, length } = tensor;
  const count = tensor.shape.reduce((product, side) => product * side, 1);
  const elementBytes = count === 0 ? 1 : length / count;
  const patch = (apply: Patch['apply']): Patch => ({ offset, length, elementBytes, apply });
  if (change.kind === 'tensor')
    return patch((first, elements) => {
      const from = first * elementBytes;
      elements.set(bytes.subarray(from, from + elements.length));
    });
  if (change.kind === 'sparse') {
    const some = sparseOf(change.count, bytes, { count, elementBytes });
    return some && patch((first, elements) => putSparse(some, first, elements, elementBytes));
  }
  const sides = matrixOf(tensor, change.turned);
  if (sides === undefined) return undefined;
  const { a, b } = factorsOf(bytes, { ...sides, rank: change.rank, coding: change.coding });
  return patch((first, elements) => addProduct(elements, first, { ...change, ...sides, a, b }));
}

interface Sparse {
  readonly indices: Uint32Array;
  readonly values: Uint8Array;
}

function sparseOf(
  count: number,
  bytes: Uint8Array,
  tensor: { readonly count: number; readonly elementBytes: number },
): Sparse | undefined {
  const valuesAt = bytes.length - count * tensor.elementBytes;
  if (valuesAt < count) return undefined;
  const gaps = new VarintReader(bytes.subarray(0, valuesAt));
  const indices = new Uint32Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const gap = gaps.next();
    if (gap === undefined || next + gap >= tensor.count) return undefined;
    indices[i] = next + gap;
    next += gap + 1;
  }
  return gaps.atEnd ? { indices, values: bytes.subarray(valuesAt) } : undefined;
}

function putSparse({ indices, values }: Sparse, first: number, elements: Uint8Array, size: number): void {
  const end = first + elements.length / size;
  for (let i = lowerBound(indices, first); i < indices.length && indices[i] < end; i++)
    elements.set(values.subarray(i * size, (i + 1) * size), (indices[i] - first) * size);
}

/** The first place in the rising `indices` whose index is `least` or more. */
function lowerBound(indices: Uint32Array, least: number): number {
  let [low, high] = [0, indices.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indices[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Product {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly rank: number;
  readonly scale: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly turned: boolean;
}

/**
 * W + scale A B: sums in doubles, rank by rank, and one rounding to float32 at the end, as `mergeAdapter` does it.
 * `elements` are those of W from its `first` on.
 */
function addProduct(elements: Uint8Array, first: number, product: Product): void {
  const { a, b, rank, scale, inputs, outputs, turned } = product;
  const view = new DataView(elements.buffer, elements.byteOffset, elements.length);
  const side = turned ? inputs : outputs;
  for (let at = 0; at < elements.length; at += 4) {
    const element = first + at / 4;
    const [row, column] = [Math.floor(element / side), element % side];
    const [i, o] = turned ? [column, row] : [row, column];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += a[i * rank + r] * b[r * outputs + o];
    view.setFloat32(at, view.getFloat32(at, true) + scale * sum, true);
  }
}

interface Sides {
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
}

/** A and B from their bytes: little-endian float32; or signed bytes, whose scales (A's, then B's) come first. */
function factorsOf(
  bytes: Uint8Array,
  { inputs, outputs, rank, coding }: Sides & { readonly coding: FactorCoding },
): { a: Float32Array; b: Float32Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const float = (i: number) => view.getFloat32(i * 4, true);
  const [sizeA, sizeB] = [inputs * rank, rank * outputs];
  if (coding === 'f32')
    return {
      a: Float32Array.from({ length: sizeA }, (_, i) => float(i)),
      b: Float32Array.from({ length: sizeB }, (_, i) => float(sizeA + i)),
    };
  const step = (i: number) => view.getInt8(2 * rank * 4 + i);
  return {
    a: Float32Array.from({ length: sizeA }, (_, i) => step(i) * float(i % rank)),
    b: Float32Array.from(
      { length: sizeB },
      (_, i) => step(sizeA + i) * float(rank + Math.floor(i / outputs)),
    ),
  };
}

/** Reads a file as it is once the patches are applied: `base` reads what they apply to. */
export function patchedRead(base: Read, patches: readonly Patch[]): Read {
  return (offset, into) => {
    const read = base(offset, into);
    if (!read.ok) return read;
    for (const { offset: start, length, elementBytes, apply } of patches) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + into.length, start + length);
      if (from >= to) continue;
      // Whole elements, also where `into` begins or ends within one.
      const first = Math.floor((from - start) / elementBytes);
      const end = Math.ceil((to - start) / elementBytes);
      const elements = new Uint8Array((end - first) * elementBytes);
      const at = start + first * elementBytes;
      const whole = base(at, elements);
      if (!whole.ok) return whole;
      apply(first, elements);
      into.set(elements.subarray(from - at, to - at), from - offset);
    }
    return succeed(undefined);
  };
}
