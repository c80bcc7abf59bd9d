/** Hidden states as 8-bit integers, a scale for each block of 32 (`native/tensor.ts`), in float32. */
const { fround } = Math;

const BLOCK = 32;
/** 1.5 × 2^23: a float32 so large has no fraction, so adding it rounds half to even. */
const TO_INTEGER = 12_582_912;
const MAX_F32 = 3.4028234663852886e38;

export function quantise(values: Float32Array, bytes: Int8Array, scales: Float32Array): void {
  for (let block = 0; block * BLOCK < values.length; block++) {
    const [from, end] = [block * BLOCK, Math.min(values.length, (block + 1) * BLOCK)];
    const scale = fround(peak(values, from, end) / 127);
    scales[block] = scale;
    for (let i = from; i < end; i++) bytes[i] = scale === 0 ? 0 : toByte(values[i], scale);
  }
}

/** The largest finite magnitude. */
function peak(values: Float32Array, from: number, end: number): number {
  let most = 0;
  for (let i = from; i < end; i++) {
    const magnitude = Math.abs(values[i]);
    if (magnitude > most && magnitude < Infinity) most = magnitude;
  }
  return most;
}

function toByte(value: number, scale: number): number {
  if (Number.isNaN(value)) return 0;
  const steps = Math.max(-127, Math.min(127, fround(value / scale)));
  return fround(steps + TO_INTEGER) - TO_INTEGER;
}

export function dequantise(bytes: Int8Array, scales: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    // The scale of a largest float may have been rounded up.
    values[i] = Math.max(-MAX_F32, Math.min(MAX_F32, fround(bytes[i] * scales[Math.floor(i / BLOCK)])));
  }
}
