/** What the addon and the reference export for `index.ts`: bare kernels, whose arguments are right already. */

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
  meanLevels(
    data: Uint8Array,
    width: number,
    height: number,
    channels: number,
    crops: Uint32Array,
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
