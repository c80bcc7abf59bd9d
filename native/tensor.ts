/**
 * Kernels around a network: the contract of `native/kernels/src/tensor` and of the TypeScript in
 * `native/reference/tensor`, which give the same bytes. Wrong arguments are coded errors, and then nothing is written.
 */
import { type Result, succeed } from '../fsw/errors';
import { native } from './addon';
import { beyond, outside, shared, short } from './checks';
import { referenceTensor } from './reference/tensor';

/** Values that share a scale. */
export const QUANTISE_BLOCK = 32;

/** Boxes of one or many frames. Boxes of different classes never suppress each other: number classes frame by frame. */
export interface Boxes {
  /** Left, top, right, bottom of each. */
  readonly corners: Float32Array;
  readonly scores: Float32Array;
  readonly classes: Uint32Array;
}

export interface TensorKernels {
  /** avx2, neon, portable, or typescript. */
  readonly simd: string;
  /**
   * Greedy non-maximum suppression: takes boxes by score, equal ones by index, and drops one whose intersection over
   * union with a kept box of its class is more than `iou` (0..1). Writes the indices of the kept ones to `kept` until
   * it is full, and returns how many. A box without area, or with a corner or score that is not finite, is never kept.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED.
   */
  nms(boxes: Boxes, iou: number, kept: Uint32Array): Result<number>;
  /**
   * Makes 8-bit integers of float32, a scale for each block of 32 (the last may be shorter): scale = largest finite
   * magnitude / 127, byte = value / scale rounded half to even. NaN becomes 0, an infinity ±127; a block whose scale
   * is 0 (all zero, or smaller than 127 of the smallest float) becomes zeros.
   * Errors: KERNEL_BUFFER, KERNEL_SHARED.
   */
  quantise(values: Float32Array, bytes: Int8Array, scales: Float32Array): Result<void>;
  /** Byte × scale for each of `values`; never more than the largest float. Errors: as above. */
  dequantise(bytes: Int8Array, scales: Float32Array, values: Float32Array): Result<void>;
}

/** The bare kernels, addon or reference: arguments are right. */
export interface TensorAddon {
  nms(
    corners: Float32Array,
    scores: Float32Array,
    classes: Uint32Array,
    iou: number,
    kept: Uint32Array,
  ): number;
  quantise(values: Float32Array, bytes: Int8Array, scales: Float32Array): void;
  dequantise(bytes: Int8Array, scales: Float32Array, values: Float32Array): void;
}

const done = succeed<void>(undefined);

function tensorKernels(core: TensorAddon, simd: string): TensorKernels {
  return {
    simd,
    nms({ corners, scores, classes }, iou, kept) {
      const boxes = Math.floor(corners.length / 4);
      const bad =
        outside('nms', 'coordinates of an unfinished box', corners.length % 4, 0, 0) ??
        outside('nms', 'scores', scores.length, boxes, boxes) ??
        outside('nms', 'classes', classes.length, boxes, boxes) ??
        beyond('nms', 'iou', iou, 0, 1) ??
        shared('nms', 'corners', corners, 'kept', kept) ??
        shared('nms', 'scores', scores, 'kept', kept) ??
        shared('nms', 'classes', classes, 'kept', kept);
      return bad ?? succeed(core.nms(corners, scores, classes, iou, kept));
    },
    quantise(values, bytes, scales) {
      const bad =
        short('quantise', 'bytes', bytes, values.length) ??
        short('quantise', 'scales', scales, Math.ceil(values.length / QUANTISE_BLOCK)) ??
        shared('quantise', 'values', values, 'bytes', bytes) ??
        shared('quantise', 'values', values, 'scales', scales) ??
        shared('quantise', 'bytes', bytes, 'scales', scales);
      if (bad) return bad;
      core.quantise(values, bytes, scales);
      return done;
    },
    dequantise(bytes, scales, values) {
      const bad =
        short('dequantise', 'bytes', bytes, values.length) ??
        short('dequantise', 'scales', scales, Math.ceil(values.length / QUANTISE_BLOCK)) ??
        shared('dequantise', 'bytes', bytes, 'values', values) ??
        shared('dequantise', 'scales', scales, 'values', values);
      if (bad) return bad;
      core.dequantise(bytes, scales, values);
      return done;
    },
  };
}

/** In TypeScript: the oracle of the tests. */
export const reference: TensorKernels = tensorKernels(referenceTensor, 'typescript');

/** What does the work here. */
export const tensor: TensorKernels = native.addon
  ? tensorKernels(native.addon, native.addon.simd())
  : reference;
