/** One block of a language model as a subject: its feed-forward matrices in int8 or 4-bit blocks of 32 weights. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { floatOfHalf, halfOfFloat } from './float16';
import { type GgufTensor, readGguf } from './gguf';
import type { FloatField, Subject } from './subject';

const TENSORS = ['blk.14.ffn_gate.weight', 'blk.14.ffn_up.weight', 'blk.14.ffn_down.weight'];
/** The head is at the front, and shorter. */
const HEAD_BYTES = 8 << 20;
const BLOCK = 32;
const Q4_1_BYTES = 20;
const Q8_0_BYTES = 34;

export type Quantisation = 'int8' | '4-bit';

/** Blocks of 32 weights of a row, one after the other. */
interface Form {
  readonly bytes: number;
  /** Where in a block its fp16 numbers are. */
  readonly halves: readonly number[];
  weights(bytes: Uint8Array, at: number, into: Float32Array): void;
}

/** ggml's Q4_1: scale, minimum, 32 × 4 bits (first 16 weights in the low halves), and Q8_0: scale, 32 × int8. */
const forms: Readonly<Record<Quantisation, Form>> = {
  '4-bit': {
    bytes: Q4_1_BYTES,
    halves: [0, 2],
    weights(bytes, at, into) {
      const scale = halfAt(bytes, at);
      const least = halfAt(bytes, at + 2);
      for (let i = 0; i < 16; i++) {
        into[i] = scale * (bytes[at + 4 + i] & 15) + least;
        into[i + 16] = scale * (bytes[at + 4 + i] >> 4) + least;
      }
    },
  },
  int8: {
    bytes: Q8_0_BYTES,
    halves: [0],
    weights(bytes, at, into) {
      const scale = halfAt(bytes, at);
      for (let i = 0; i < BLOCK; i++) into[i] = scale * ((bytes[at + 2 + i] << 24) >> 24);
    },
  },
};

interface Matrix {
  readonly columns: number;
  readonly rows: number;
  readonly firstBlock: number;
}

/**
 * Damage is the error of the matrices' products with fixed random vectors, relative to the products, in per cent; 100
 * at the most, also where a product is no number any more. Errors: GGUF_FORM.
 */
export function languageModel(quantisation: Quantisation, file: string): Result<Subject> {
  const read = readTensors(file);
  if (!read.ok) return read;
  const form = forms[quantisation];
  const { matrices, bytes: fourBit } = read.value;
  const weights = quantisation === '4-bit' ? fourBit : toInt8(fourBit);
  const blocks = weights.length / form.bytes;
  const ofTruth = new WeakMap<Uint8Array, number>();
  const random = seededRandom(41, 'activations');
  const inputs = matrices.map(({ columns }) => Float32Array.from({ length: columns }, () => random.normal()));

  return succeed({
    name: `SmolLM2 ${quantisation}`,
    weights,
    floats: form.halves.map((at) => fieldOf(weights, at, form.bytes, blocks)),
    unit: '% output error',
    about: `${(weights.length / 1e6).toFixed(2)} MB: ${TENSORS.join(', ')} of SmolLM2-135M, ${form.bytes} B for 32 weights`,
    async damage(stored, truth) {
      const squares = (bytes: Uint8Array, other?: Uint8Array) =>
        matrices.reduce((sum, matrix, i) => sum + productSquares(form, matrix, inputs[i], bytes, other), 0);
      const whole = ofTruth.get(truth) ?? squares(truth);
      ofTruth.set(truth, whole);
      const relative = Math.sqrt(squares(stored, truth) / whole);
      return relative < 1 ? 100 * relative : 100;
    },
    close: async () => undefined,
  });
}

/** The sum of squares of the product with `stored`; with `other`, of the difference of both products. */
function productSquares(
  form: Form,
  { columns, rows, firstBlock }: Matrix,
  input: Float32Array,
  stored: Uint8Array,
  other?: Uint8Array,
): number {
  const found = new Float32Array(BLOCK);
  const right = new Float32Array(BLOCK);
  const rowBytes = (columns / BLOCK) * form.bytes;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const start = firstBlock * form.bytes + row * rowBytes;
    const same = other && Buffer.compare(rowOf(stored, start, rowBytes), rowOf(other, start, rowBytes)) === 0;
    if (same) continue;
    let product = 0;
    for (let first = 0; first < columns; first += BLOCK) {
      const at = start + (first / BLOCK) * form.bytes;
      form.weights(stored, at, found);
      if (other) form.weights(other, at, right);
      for (let i = 0; i < BLOCK; i++) product += (found[i] - right[i]) * input[first + i];
    }
    sum += product * product;
  }
  return sum;
}

function rowOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return bytes.subarray(start, start + length);
}

function readTensors(file: string): Result<{ matrices: Matrix[]; bytes: Uint8Array }> {
  const opened = openSync(file, 'r');
  try {
    const head = new Uint8Array(HEAD_BYTES);
    readSync(opened, head, 0, head.length, 0);
    const tensors = readGguf(head, file);
    if (!tensors.ok) return tensors;
    const chosen = TENSORS.flatMap((name) => tensors.value.find((tensor) => tensor.name === name) ?? []);
    let firstBlock = 0;
    const matrices = chosen.map(({ shape: [columns, rows] }): Matrix => {
      const matrix = { columns, rows, firstBlock };
      firstBlock += (columns * rows) / BLOCK;
      return matrix;
    });
    const bytes = new Uint8Array(firstBlock * Q4_1_BYTES);
    for (const [i, tensor] of chosen.entries()) {
      const length = blocksOf(tensor) * Q4_1_BYTES;
      readSync(opened, bytes, matrices[i].firstBlock * Q4_1_BYTES, length, tensor.offset);
    }
    return succeed({ matrices, bytes });
  } finally {
    closeSync(opened);
  }
}

function blocksOf({ shape }: GgufTensor): number {
  return shape.reduce((product, side) => product * side, 1) / BLOCK;
}

/** The same weights, quantised anew as ggml does for Q8_0: the scale is the greatest magnitude over 127. */
function toInt8(fourBit: Uint8Array): Uint8Array {
  const blocks = fourBit.length / Q4_1_BYTES;
  const bytes = new Uint8Array(blocks * Q8_0_BYTES);
  const values = new Float32Array(BLOCK);
  for (let block = 0; block < blocks; block++) {
    forms['4-bit'].weights(fourBit, block * Q4_1_BYTES, values);
    const most = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
    const half = halfOfFloat(most / 127);
    const at = block * Q8_0_BYTES;
    bytes[at] = half;
    bytes[at + 1] = half >> 8;
    const scale = most / 127;
    for (let i = 0; i < BLOCK; i++) bytes[at + 2 + i] = scale === 0 ? 0 : Math.round(values[i] / scale);
  }
  return bytes;
}

function fieldOf(weights: Uint8Array, at: number, stride: number, count: number): FloatField {
  let bound = 0;
  for (let i = 0; i < count; i++) bound = Math.max(bound, Math.abs(halfAt(weights, at + i * stride)));
  return { dtype: 'F16', at, stride, count, bound };
}

function halfAt(bytes: Uint8Array, at: number): number {
  return floatOfHalf(bytes[at] | (bytes[at + 1] << 8));
}
