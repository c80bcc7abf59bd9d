/** Eight-bit values: each block of them has one scale, its largest magnitude over 127, in float32. */

const STEPS = 127;

export interface Quantised {
  /** Two's complement, one a value. */
  readonly steps: Int8Array;
  /** One a block; a block of zeros has scale 0. */
  readonly scales: Float32Array;
}

/** `values` must be finite. What comes back is off by half a step of its block at most (one float32 rounding more). */
export function quantised(values: Float32Array, block: number): Quantised {
  const steps = new Int8Array(values.length);
  const scales = new Float32Array(blocksOf(values.length, block));
  scales.forEach((_, b) => {
    const end = Math.min(values.length, (b + 1) * block);
    let largest = 0;
    for (let i = b * block; i < end; i++) largest = Math.max(largest, Math.abs(values[i]));
    scales[b] = largest / STEPS;
    const scale = scales[b];
    if (scale === 0) return;
    for (let i = b * block; i < end; i++)
      steps[i] = Math.max(-STEPS, Math.min(STEPS, Math.floor(values[i] / scale + 0.5)));
  });
  return { steps, scales };
}

export function dequantised({ steps, scales }: Quantised, block: number): Float32Array {
  return Float32Array.from(steps, (step, i) => step * scales[Math.floor(i / block)]);
}

export function blocksOf(length: number, block: number): number {
  return Math.ceil(length / block);
}
