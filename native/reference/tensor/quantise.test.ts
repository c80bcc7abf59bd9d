import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QUANTISE_BLOCK, reference, tensor } from '../../tensor';
import { bytesOf, noAddon, sameBytes, whyNoAddon } from '../compare';

function quantised(kernels: typeof tensor, values: Float32Array) {
  const bytes = new Int8Array(values.length);
  const scales = new Float32Array(Math.ceil(values.length / QUANTISE_BLOCK));
  const back = new Float32Array(values.length);
  for (const done of [kernels.quantise(values, bytes, scales), kernels.dequantise(bytes, scales, back)])
    if (!done.ok) throw new Error(done.error.text);
  return { bytes, scales, back };
}

const MAX = 3.4028234663852886e38;

describe('quantise', () => {
  it('rounds half steps to even', () => {
    const { bytes, scales } = quantised(reference, Float32Array.of(-127, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5));
    expect([...bytes]).toEqual([-127, 0, 2, 2, 0, -2, 126]);
    expect([...scales]).toEqual([1]);
  });

  it('makes NaN zero and an infinity the largest, and neither widens the scale', () => {
    for (const kernels of [reference, tensor]) {
      const { bytes, scales, back } = quantised(kernels, Float32Array.of(2, NaN, Infinity, -Infinity, -1));
      expect([...bytes]).toEqual([127, 0, 127, -127, -63 - 1]);
      expect([...scales]).toEqual([Math.fround(2 / 127)]);
      expect(back.every(Number.isFinite)).toBe(true);
      expect([...quantised(kernels, Float32Array.of(NaN, Infinity, 0)).bytes]).toEqual([0, 0, 0]);
    }
  });

  it('makes zeros of a block too small for a scale, and brings the largest floats back', () => {
    for (const kernels of [reference, tensor]) {
      expect(quantised(kernels, Float32Array.of(1e-45, -4e-45))).toMatchObject({
        bytes: Int8Array.of(0, 0),
        scales: Float32Array.of(0),
      });
      const { bytes, back } = quantised(kernels, Float32Array.of(MAX, -MAX, 0));
      expect([...bytes]).toEqual([127, -127, 0]);
      expect(back[0]).toBeCloseTo(MAX, -34);
      expect(back.every(Number.isFinite)).toBe(true);
    }
  });

  it('comes back within half a step', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 100 }), (values) => {
        const { scales, back } = quantised(reference, values);
        back.forEach((value, i) => {
          const scale = scales[Math.floor(i / QUANTISE_BLOCK)];
          // Below the normal floats, the scale itself is rounded too coarsely to say so.
          if (scale > 1e-36) expect(Math.abs(value - values[i])).toBeLessThanOrEqual(scale * 0.50002);
        });
      }),
    );
  });

  it.skipIf(noAddon)(`gives the same bytes in the addon${whyNoAddon}`, () => {
    const hidden = fc.float32Array({ min: -8, max: 8, noNaN: true, maxLength: 200 });
    // Where the quotient in float32 is half a step, and in doubles is not.
    const halves = fc.float({ min: Math.fround(1e-3), max: 1e3, noNaN: true }).map((peak) => {
      const scale = Math.fround(peak / 127);
      return Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? peak : (i * 4 - 63.5) * scale));
    });
    const anyBits = fc
      .tuple(fc.nat(), fc.nat(300))
      .map(([seed, length]) => new Float32Array(bytesOf(seed, length * 4).buffer as ArrayBuffer));
    fc.assert(
      fc.property(fc.oneof(hidden, halves, anyBits, fc.float32Array({ maxLength: 70 })), (values) => {
        const [ours, theirs] = [quantised(tensor, values), quantised(reference, values)];
        expect(sameBytes(ours.bytes, theirs.bytes)).toBe(true);
        expect(sameBytes(ours.scales, theirs.scales)).toBe(true);
        expect(sameBytes(ours.back, theirs.back)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
