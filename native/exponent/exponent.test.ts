import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundBits, floatOf } from '../reference/ecc/exponent';
import { fingerprint, flip, randomBytes } from '../testing';
import { exponent, type FloatDtype, floatLayouts, referenceExponent } from '.';

const forms = exponent === referenceExponent ? [referenceExponent] : [referenceExponent, exponent];
const dtypes: readonly FloatDtype[] = ['F32', 'F16', 'BF16'];
const cases = forms.flatMap((kernels, form) =>
  dtypes.map((dtype) => ({ kernels, dtype, form: ['typescript', 'native'][form] })),
);

/** Random bits: every magnitude, subnormals, NaN and infinities among them. */
function bitsOf(bytes: Uint8Array, dtype: FloatDtype): Uint32Array | Uint16Array {
  return floatLayouts[dtype].bytes === 4 ? new Uint32Array(bytes.buffer) : new Uint16Array(bytes.buffer);
}

describe.each(cases)('exponent protection of $dtype ($form)', ({ kernels, dtype }) => {
  const { bytes: size, exponentBits, mantissaBits, guardedBits } = floatLayouts[dtype];
  const cost = 2 ** (2 * guardedBits - mantissaBits);
  const smallestNormal = 2 ** (2 - 2 ** (exponentBits - 1));

  it('moves a weight by no more than it states, and not at all the second time', () => {
    const bytes = randomBytes(1 << 16, 23);
    const before = Array.from(bitsOf(bytes, dtype), (bits) => floatOf(dtype, bits));
    kernels.protect(bytes, dtype);
    const bits = bitsOf(bytes, dtype);
    const beyond = before.filter((value, i) => {
      const moved = Math.abs(floatOf(dtype, bits[i]) - value);
      return moved > cost * Math.max(Math.abs(value), smallestNormal);
    });
    expect(beyond).toEqual([]);
    const once = fingerprint(bytes);
    kernels.protect(bytes, dtype);
    expect(fingerprint(bytes)).toBe(once);
  });

  it('moves a weight of a network by half of that at the most', () => {
    const bytes = new Uint8Array(4096 * size);
    const bits = bitsOf(bytes, dtype);
    for (let i = 0; i < bits.length; i++)
      bits[i] = boundBits(dtype, 2 ** -((i % 7) + 1 + i / 4097)) + (i % 2) * 2 ** (size * 8 - 1);
    const before = Array.from(bits, (each) => floatOf(dtype, each));
    kernels.protect(bytes, dtype);
    expect(
      before.filter((value, i) => Math.abs(floatOf(dtype, bits[i]) - value) > (cost / 2) * Math.abs(value)),
    ).toEqual([]);
  });

  it('puts any one flip of a guarded bit or a copy right', () => {
    const bytes = randomBytes(64 * size, 5);
    kernels.clip(bytes, dtype, 2 ** 14);
    kernels.protect(bytes, dtype);
    expect(kernels.vote(bytes, dtype)).toBe(0);
    const right = fingerprint(bytes);
    const guard = fc.integer({ min: 0, max: guardedBits - 1 });
    fc.assert(
      fc.property(fc.nat(63), fc.constantFrom(0, 1, 2), guard, (weight, copy, bit) => {
        const at = copy === 2 ? exponentBits + mantissaBits - guardedBits : copy * guardedBits;
        flip(bytes, weight * size * 8 + at + bit);
        expect(kernels.vote(bytes, dtype)).toBe(1);
        expect(fingerprint(bytes)).toBe(right);
      }),
    );
  });

  it('bounds what is beyond, makes NaN and infinities 0, and leaves the rest', () => {
    const bytes = randomBytes(4096 * size, 9);
    const before = Array.from(bitsOf(bytes, dtype));
    const changed = kernels.clip(bytes, dtype, 3);
    const after = bitsOf(bytes, dtype);
    let expected = 0;
    before.forEach((bits, i) => {
      const value = floatOf(dtype, bits);
      const within = Math.abs(value) <= 3;
      if (!within) expected++;
      const right = within ? value : Number.isFinite(value) ? Math.sign(value) * 3 : 0;
      expect(floatOf(dtype, after[i])).toBe(right);
    });
    expect(changed).toBe(expected);
    expect(kernels.clip(bytes, dtype, 3)).toBe(0);
  });

  it('refuses half a weight and a bound of nothing', () => {
    expect(() => kernels.vote(randomBytes(size + 1, 1), dtype)).toThrow(RangeError);
    expect(() => kernels.protect(randomBytes(size * 2, 1).subarray(1, size + 1), dtype)).toThrow(RangeError);
    expect(() => kernels.clip(randomBytes(size, 1), dtype, 0)).toThrow('the bound 0');
  });
});

describe('floats as bits', () => {
  it('are the values that the host reads', () => {
    const words = new Uint32Array(randomBytes(4096, 3).buffer);
    const floats = new Float32Array(words.buffer);
    words.forEach((bits, i) => {
      expect(floatOf('F32', bits)).toBe(floats[i]);
    });
    expect([floatOf('F16', 0x3555), floatOf('F16', 0xfbff), floatOf('F16', 1)]).toEqual([
      0.333251953125,
      -65504,
      2 ** -24,
    ]);
    expect(floatOf('BF16', 0x3eab)).toBe(0.333984375);
    expect(boundBits('F16', 1e9)).toBe(0x7bff);
  });
});
