/**
 * Crop, resize and normalise (`native/image`). Each output row is mixed of the crop's rows first, then along the
 * row; both in integers, so that the order of additions does not matter and every processor gives the same:
 *
 *   line[i]  = (Σ weight × byte + 2^6) >> 7        14 + 8 − 7 = 15 bits
 *   sum      = Σ weight × line                      29 bits
 *   out      = fround(fround(fround(sum) × scale) − bias), scale = fround(2^-21 / std), bias = fround(mean / std)
 */
import { makeTaps, type Taps } from './resample';

const SHIFT = 7;
/** One grey level in `sum`. */
const LEVEL = 2 ** 21;

interface Normal {
  readonly scale: number;
  readonly bias: number;
}

export function preprocess(
  data: Uint8Array,
  width: number,
  _height: number,
  channels: number,
  crops: Uint32Array,
  outWidth: number,
  outHeight: number,
  mean: Float32Array,
  std: Float32Array,
  out: Float32Array,
): void {
  const normals = Array.from({ length: channels }, (_, c) => ({
    scale: Math.fround(1 / LEVEL / std[c]),
    bias: Math.fround(mean[c] / std[c]),
  }));
  const size = channels * outWidth * outHeight;
  let tables: readonly Float32Array[] | undefined;
  for (let crop = 0; crop * 4 < crops.length; crop++) {
    const at = crop * 4;
    const [left, top, cropWidth, cropHeight] = [crops[at], crops[at + 1], crops[at + 2], crops[at + 3]];
    const target = out.subarray(crop * size, (crop + 1) * size);
    const from = { data, stride: width * channels, first: (top * width + left) * channels };
    if (cropWidth === outWidth && cropHeight === outHeight) {
      tables ??= normals.map(levels);
      copy(from, outWidth, outHeight, tables, target);
    } else
      resize(from, cropWidth * channels, [cropWidth, outWidth], [cropHeight, outHeight], normals, target);
  }
}

interface Pixels {
  readonly data: Uint8Array;
  /** Bytes from row to row. */
  readonly stride: number;
  /** The crop's first byte. */
  readonly first: number;
}

function normalise(sum: number, { scale, bias }: Normal): number {
  return Math.fround(Math.fround(Math.fround(sum) * scale) - bias);
}

/** What each level becomes where nothing is resized. */
function levels(normal: Normal): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) => normalise(level * LEVEL, normal));
}

/** A crop of the network's size, by a table for each channel: gives what `resize` would. */
function copy(
  { data, stride, first }: Pixels,
  width: number,
  height: number,
  tables: readonly Float32Array[],
  out: Float32Array,
): void {
  const channels = tables.length;
  for (let c = 0; c < channels; c++) {
    const table = tables[c];
    let to = c * width * height;
    for (let y = 0; y < height; y++) {
      const from = first + y * stride + c;
      const end = from + width * channels;
      for (let at = from; at < end; at += channels) out[to++] = table[data[at]];
    }
  }
}

function resize(
  pixels: Pixels,
  rowBytes: number,
  [cropWidth, outWidth]: readonly [number, number],
  [cropHeight, outHeight]: readonly [number, number],
  normals: readonly Normal[],
  out: Float32Array,
): void {
  const across = makeTaps(cropWidth, outWidth);
  const down = makeTaps(cropHeight, outHeight);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < outHeight; y++) {
    mixRows(pixels, down, y, sums);
    mixColumns(sums, across, normals, outWidth * outHeight, out, y * outWidth);
  }
}

/** The first pass: leaves `line` in `line`. */
function mixRows({ data, stride, first }: Pixels, down: Taps, y: number, line: Int32Array): void {
  line.fill(1 << (SHIFT - 1));
  for (let k = 0; k < down.count; k++) {
    const weight = down.weights[y * down.count + k];
    if (weight === 0) continue;
    let at = first + (down.starts[y] + k) * stride;
    for (let i = 0; i < line.length; i++) line[i] += weight * data[at++];
  }
  for (let i = 0; i < line.length; i++) line[i] >>= SHIFT;
}

/** The second pass: one output row of each channel. */
function mixColumns(
  line: Int32Array,
  { count, starts, weights }: Taps,
  normals: readonly Normal[],
  plane: number,
  out: Float32Array,
  row: number,
): void {
  const channels = normals.length;
  for (let c = 0; c < channels; c++) {
    const { scale, bias } = normals[c];
    let to = c * plane + row;
    for (let x = 0; x < starts.length; x++) {
      let at = starts[x] * channels + c;
      let sum = 0;
      // A window at the right end is padded with weights of zero.
      for (let k = x * count; k < (x + 1) * count && at < line.length; k++, at += channels)
        sum += weights[k] * line[at];
      out[to++] = Math.fround(Math.fround(Math.fround(sum) * scale) - bias);
    }
  }
}

/** The mean level of each crop, all channels alike. */
export function meanLevels(
  data: Uint8Array,
  width: number,
  _height: number,
  channels: number,
  crops: Uint32Array,
  out: Float32Array,
): void {
  for (let crop = 0; crop * 4 < crops.length; crop++) {
    const at = crop * 4;
    const [left, top, cropWidth, cropHeight] = [crops[at], crops[at + 1], crops[at + 2], crops[at + 3]];
    const rowBytes = cropWidth * channels;
    let sum = 0;
    for (let y = 0; y < cropHeight; y++) {
      const from = ((top + y) * width + left) * channels;
      for (let i = from; i < from + rowBytes; i++) sum += data[i];
    }
    out[crop] = sum / (rowBytes * cropHeight);
  }
}
