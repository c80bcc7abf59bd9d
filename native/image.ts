/**
 * Kernels for pictures: the contract of `native/kernels/src/image` and of the TypeScript in
 * `native/reference/image`, which give the same bytes. One call works on many crops or pixels, for a call into the
 * addon costs about 100 ns. Wrong arguments are coded errors, and then nothing is written.
 */
import { type Failed, fail, type Result, succeed } from '../fsw/errors';
import { native } from './addon';
import { beyond, outside, shared, short } from './checks';
import { referenceImage } from './reference/image';

/** The longest side of a picture. */
export const MAX_SIDE = 65_536;
/** The most channels of a picture: Sentinel-2 has 13 bands. */
export const MAX_CHANNELS = 13;
/** The most pixels, along one axis, that become one: with more, 14-bit weights would be too coarse. */
export const MAX_SHRINK = 64;

/** Interleaved pixels (H × W × C), row by row without a gap. */
export interface Picture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What a network takes: its size in pixels, and (level − mean) / std for each channel, levels being 0..255. */
export interface NetworkInput {
  readonly width: number;
  readonly height: number;
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

/** Samples of some bands: one after the other (`planar`) or pixel by pixel. */
export interface Scene {
  readonly data: Uint8Array | Uint16Array | Float32Array;
  readonly bands: number;
  readonly pixels: number;
  readonly layout: 'planar' | 'interleaved';
}

/** The colours of the mosaic's upper left 2 × 2 pixels, row by row. */
export type BayerPattern = 'RGGB' | 'GRBG' | 'GBRG' | 'BGGR';

export interface Mosaic<T extends Uint8Array | Uint16Array> {
  readonly data: T;
  readonly width: number;
  readonly height: number;
  readonly pattern: BayerPattern;
}

export interface ImageKernels {
  /** avx2, neon, portable, or typescript. */
  readonly simd: string;
  /**
   * Cuts crops (left, top, width, height of each, in pixels) out of a picture, resizes each to the network's size and
   * normalises it: float32, crop by crop, channel by channel (N × C × H × W), in one pass. Bilinear with half-pixel
   * centres; where it shrinks, the triangle is as wide as the step, so that nothing aliases. Pixels outside of a crop
   * don't count (Pillow's `BILINEAR`, torch's `antialias=True`). Within 0.05 levels of the exact result.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED, IMAGE_CROP, IMAGE_SHRINK.
   */
  preprocess(picture: Picture, crops: Uint32Array, input: NetworkInput, out: Float32Array): Result<void>;
  /**
   * (a − b) / (a + b) for each pair of bands (a, b), a plane of `out` for each: NDVI is (near infrared, red), NDWI
   * (green, near infrared). Zero where there is no value (0 / 0, not finite).
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED.
   */
  normalisedDifference(scene: Scene, pairs: Uint32Array, out: Float32Array): Result<void>;
  /**
   * Haze-optimised cloud index: blue − red / 2 − 0.08 of reflectances, which are samples × `reflectance`. Above zero
   * is cloud or haze (Zhang, Guindon & Cihlar 2002, with the constants of Fmask: Zhu & Woodcock 2012, eq. 3). Zero
   * where there is no value.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED.
   */
  cloudIndex(
    scene: Scene,
    bands: { readonly blue: number; readonly red: number; readonly reflectance: number },
    out: Float32Array,
  ): Result<void>;
  /**
   * Interleaved red, green, blue of a sensor's mosaic: bilinear, rounded half up, mirrored at the edges.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED.
   */
  debayer<T extends Uint8Array | Uint16Array>(mosaic: Mosaic<T>, rgb: T): Result<void>;
}

type Bands<T> = (
  data: T,
  bands: number,
  pixels: number,
  interleaved: boolean,
  pairs: Uint32Array,
  out: Float32Array,
) => void;
type Cloud<T> = (
  data: T,
  bands: number,
  pixels: number,
  interleaved: boolean,
  blue: number,
  red: number,
  reflectance: number,
  out: Float32Array,
) => void;
type Debayer<T> = (mosaic: T, width: number, height: number, redX: number, redY: number, rgb: T) => void;

/** The bare kernels, addon or reference: arguments are right. */
export interface ImageAddon {
  preprocess(
    data: Uint8Array,
    width: number,
    height: number,
    channels: number,
    crops: Uint32Array,
    outWidth: number,
    outHeight: number,
    mean: Float32Array,
    std: Float32Array,
    out: Float32Array,
  ): void;
  readonly normalisedDifferenceU8: Bands<Uint8Array>;
  readonly normalisedDifferenceU16: Bands<Uint16Array>;
  readonly normalisedDifferenceF32: Bands<Float32Array>;
  readonly cloudIndexU8: Cloud<Uint8Array>;
  readonly cloudIndexU16: Cloud<Uint16Array>;
  readonly cloudIndexF32: Cloud<Float32Array>;
  readonly debayerU8: Debayer<Uint8Array>;
  readonly debayerU16: Debayer<Uint16Array>;
}

const done = succeed<void>(undefined);

function imageKernels(core: ImageAddon, simd: string): ImageKernels {
  return {
    simd,
    preprocess(picture, crops, input, out) {
      const bad = badPreprocess(picture, crops, input, out);
      if (bad) return bad;
      const { data, width, height, channels } = picture;
      const { mean, std } = input;
      core.preprocess(data, width, height, channels, crops, input.width, input.height, mean, std, out);
      return done;
    },
    normalisedDifference(scene, pairs, out) {
      const bad =
        badScene('normalisedDifference', scene, pairs, out) ??
        outside('normalisedDifference', 'half a pair', pairs.length % 2, 0, 0) ??
        short('normalisedDifference', 'out', out, (scene.pixels * pairs.length) / 2);
      if (bad) return bad;
      const { data, bands, pixels } = scene;
      const interleaved = scene.layout === 'interleaved';
      if (data instanceof Uint8Array)
        core.normalisedDifferenceU8(data, bands, pixels, interleaved, pairs, out);
      else if (data instanceof Uint16Array)
        core.normalisedDifferenceU16(data, bands, pixels, interleaved, pairs, out);
      else core.normalisedDifferenceF32(data, bands, pixels, interleaved, pairs, out);
      return done;
    },
    cloudIndex(scene, { blue, red, reflectance }, out) {
      const bad =
        badScene('cloudIndex', scene, [blue, red], out) ??
        beyond('cloudIndex', 'reflectance', reflectance, 1e-9, 1e9) ??
        short('cloudIndex', 'out', out, scene.pixels);
      if (bad) return bad;
      const { data, bands, pixels } = scene;
      const interleaved = scene.layout === 'interleaved';
      if (data instanceof Uint8Array)
        core.cloudIndexU8(data, bands, pixels, interleaved, blue, red, reflectance, out);
      else if (data instanceof Uint16Array)
        core.cloudIndexU16(data, bands, pixels, interleaved, blue, red, reflectance, out);
      else core.cloudIndexF32(data, bands, pixels, interleaved, blue, red, reflectance, out);
      return done;
    },
    debayer({ data, width, height, pattern }, rgb) {
      const level = data.BYTES_PER_ELEMENT;
      const bad =
        outside('debayer', 'width', width, 2, MAX_SIDE) ??
        outside('debayer', 'height', height, 2, MAX_SIDE) ??
        short('debayer', 'data', data, width * height) ??
        short('debayer', 'rgb', rgb, width * height * 3) ??
        outside('debayer', 'bytes of an output level', rgb.BYTES_PER_ELEMENT, level, level) ??
        shared('debayer', { data }, { rgb });
      if (bad) return bad;
      const red = pattern.indexOf('R');
      const [x, y] = [red % 2, red >> 1];
      if (data instanceof Uint8Array && rgb instanceof Uint8Array)
        core.debayerU8(data, width, height, x, y, rgb);
      else if (data instanceof Uint16Array && rgb instanceof Uint16Array)
        core.debayerU16(data, width, height, x, y, rgb);
      return done;
    },
  };
}

/** Why these arguments can't be preprocessed, here or by CUDA. */
export function badPreprocess(
  picture: Picture,
  crops: Uint32Array,
  input: NetworkInput,
  out: Float32Array,
): Failed | undefined {
  const { data, width, height, channels } = picture;
  const { mean, std } = input;
  const kernel = 'preprocess';
  const count = crops.length / 4;
  const bad =
    outside(kernel, 'width', width, 1, MAX_SIDE) ??
    outside(kernel, 'height', height, 1, MAX_SIDE) ??
    outside(kernel, 'channels', channels, 1, MAX_CHANNELS) ??
    outside(kernel, "the network's width", input.width, 1, MAX_SIDE) ??
    outside(kernel, "the network's height", input.height, 1, MAX_SIDE) ??
    outside(kernel, 'crops', count, 0, 2 ** 30) ??
    short(kernel, 'data', data, width * height * channels) ??
    short(kernel, 'mean', mean, channels) ??
    short(kernel, 'std', std, channels) ??
    short(kernel, 'out', out, count * channels * input.width * input.height) ??
    shared(kernel, { data, crops, mean, std }, { out });
  if (bad) return bad;
  for (let c = 0; c < channels; c++) {
    const wrong = beyond(kernel, 'mean', mean[c], -1e6, 1e6) ?? beyond(kernel, 'std', std[c], 1e-6, 1e6);
    if (wrong) return wrong;
  }
  for (let crop = 0; crop < count; crop++) {
    const wrong = badCrop(crop, crops.subarray(crop * 4, crop * 4 + 4), picture, input);
    if (wrong) return wrong;
  }
  return undefined;
}

function badCrop(
  crop: number,
  [left, top, width, height]: Uint32Array,
  picture: Picture,
  input: NetworkInput,
): Failed | undefined {
  const inside = left + width <= picture.width && top + height <= picture.height;
  if (!inside || width === 0 || height === 0)
    return fail('IMAGE_CROP', {
      crop,
      left,
      top,
      width,
      height,
      frame: `${picture.width}x${picture.height}`,
    });
  for (const [from, to] of [
    [width, input.width],
    [height, input.height],
  ])
    if (from > to * MAX_SHRINK) return fail('IMAGE_SHRINK', { crop, from, to, max: MAX_SHRINK });
  return undefined;
}

function badScene(
  kernel: string,
  { data, bands, pixels }: Scene,
  used: ArrayLike<number>,
  out: Float32Array,
): Failed | undefined {
  const bad =
    outside(kernel, 'bands', bands, 1, 256) ??
    outside(kernel, 'pixels', pixels, 1, 2 ** 30) ??
    short(kernel, 'data', data, bands * pixels) ??
    shared(kernel, { data }, { out });
  if (bad) return bad;
  for (let i = 0; i < used.length; i++) {
    const wrong = outside(kernel, 'band', used[i], 0, bands - 1);
    if (wrong) return wrong;
  }
  return undefined;
}

/** In TypeScript: the oracle of the tests. */
export const reference: ImageKernels = imageKernels(referenceImage, 'typescript');

/** What does the work here. */
export const image: ImageKernels = native.addon ? imageKernels(native.addon, native.addon.simd()) : reference;
