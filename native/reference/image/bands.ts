/**
 * Indices of two bands (`native/image`), every operation rounded to float32:
 *
 *   normalised difference   (a − b) / (a + b)
 *   cloud index             (blue − 0.5 red) × reflectance − 0.08
 */
type Samples = Uint8Array | Uint16Array | Float32Array;

const HAZE = Math.fround(0.08);
const { fround } = Math;

export function normalisedDifference(
  data: Samples,
  bands: number,
  pixels: number,
  interleaved: boolean,
  pairs: Uint32Array,
  out: Float32Array,
): void {
  const [bandStep, pixelStep] = interleaved ? [1, bands] : [pixels, 1];
  for (let pair = 0; pair * 2 < pairs.length; pair++) {
    let a = pairs[pair * 2] * bandStep;
    let b = pairs[pair * 2 + 1] * bandStep;
    const end = (pair + 1) * pixels;
    for (let to = pair * pixels; to < end; to++, a += pixelStep, b += pixelStep)
      out[to] = finite(fround(fround(data[a] - data[b]) / fround(data[a] + data[b])));
  }
}

export function cloudIndex(
  data: Samples,
  bands: number,
  pixels: number,
  interleaved: boolean,
  blue: number,
  red: number,
  reflectance: number,
  out: Float32Array,
): void {
  const [bandStep, pixelStep] = interleaved ? [1, bands] : [pixels, 1];
  const scale = fround(reflectance);
  for (let to = 0, at = 0; to < pixels; to++, at += pixelStep) {
    const clear = fround(data[blue * bandStep + at] - fround(0.5 * data[red * bandStep + at]));
    out[to] = finite(fround(fround(clear * scale) - HAZE));
  }
}

/** Zero where there is no value. */
function finite(value: number): number {
  return Math.abs(value) < Infinity ? value : 0;
}
