/**
 * Kernels for pictures: the contract of `native/kernels/src/image` and of the TypeScript in
 * `native/reference/image`, which give the same bytes. One call works on many crops or pixels, for a call into the
 * addon costs about 100 ns. Wrong arguments are coded errors, and then nothing is written.
 */
import { type Result, succeed } from '../../fsw/errors';
import { native } from '../addon';
import { beyond, outside, shared, short } from '../checks';
import { referenceImage } from '../reference/image';
import type { ImageAddon } from './addon';
import { badPicture, badPreprocess, badScene, MAX_SIDE } from './checks';

export { MAX_CHANNELS, MAX_SHRINK, MAX_SIDE } from './checks';

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
   * don't count (Pillow's `BILINEAR`, torch's `antialias=True`). Within (n + m) / 128 levels of the exact result where
   * n × m pixels become one, and in practice far nearer: 0.05 on noise.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED, IMAGE_CROP, IMAGE_SHRINK.
   */
  preprocess(picture: Picture, crops: Uint32Array, input: NetworkInput, out: Float32Array): Result<void>;
  /**
   * The mean level of each crop, 0..255, over all channels: the exact sum, divided and rounded to float32.
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED, IMAGE_CROP.
   */
  meanLevels(picture: Picture, crops: Uint32Array, out: Float32Array): Result<void>;
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
    meanLevels(picture, crops, out) {
      const bad =
        badPicture('meanLevels', picture, crops, out) ?? short('meanLevels', 'out', out, crops.length / 4);
      if (bad) return bad;
      core.meanLevels(picture.data, picture.width, picture.height, picture.channels, crops, out);
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
        shared('debayer', 'data', data, 'rgb', rgb);
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

/** In TypeScript: the oracle of the tests. */
export const reference: ImageKernels = imageKernels(referenceImage, 'typescript');

/** What does the work here. */
export const image: ImageKernels = native.addon ? imageKernels(native.addon, native.addon.simd()) : reference;
