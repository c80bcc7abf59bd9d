import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Coding, type Packed, pack, unpack } from './compress';
import { owedAgain, packWithFeedback } from './feedback';
import { vectorId } from './ids';
import { golden, hexBytes, hexFloats, testDelta } from './testVectors';

const codings: Coding[] = [
  { kind: 'float32' },
  { kind: 'int8', block: 64 },
  { kind: 'sparse', keep: 0.1, block: 64 },
];
const float = fc.float({ noNaN: true, min: -(2 ** 127), max: 2 ** 127 });
const vectors = fc.array(float, { minLength: 1, maxLength: 300 }).map((values) => Float32Array.from(values));
const blocks = fc.integer({ min: 1, max: 100 });

function packed(values: Float32Array, coding: Coding): Packed {
  const done = pack(values, coding);
  if (!done.ok) throw new Error(done.error.text);
  return done.value;
}

function codeOf(bytes: Uint8Array, length: number): string {
  const read = unpack(bytes, length);
  return read.ok ? 'OK' : read.error.code;
}

describe('a packed vector', () => {
  it('is read as the sender says it will be, bit for bit, whole ones as they were', () => {
    const coding = fc.oneof(
      fc.constant({ kind: 'float32' } as const),
      fc.record({ kind: fc.constant('int8' as const), block: blocks }),
      fc.record({
        kind: fc.constant('sparse' as const),
        keep: fc.double({ min: 0.001, max: 1, noNaN: true }),
        block: blocks,
      }),
    );
    fc.assert(
      fc.property(vectors, coding, (values, how) => {
        const { bytes, values: read } = packed(values, how);
        expect(unpack(bytes, values.length)).toEqual({ ok: true, value: read });
        if (how.kind === 'float32') expect(vectorId(read)).toBe(vectorId(values));
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('in eight bits is off by half a step of its block at most', () => {
    fc.assert(
      fc.property(vectors, blocks, (values, block) => {
        const { values: read } = packed(values, { kind: 'int8', block });
        values.forEach((value, i) => {
          const first = i - (i % block);
          const largest = values
            .subarray(first, first + block)
            .reduce((max, v) => Math.max(max, Math.abs(v)), 0);
          // Half a step, and the rounding of scale and product to float32 (or what is below its smallest number).
          expect(Math.abs(value - read[i])).toBeLessThanOrEqual((largest / 254) * (1 + 1e-4) + 127 * 2e-45);
        });
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('of the largest values keeps exactly those, and the first of equal ones', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 }), (numbers) => {
        const { values: read } = packed(Float32Array.from(numbers), { kind: 'sparse', keep: 0.3, block: 1 });
        const ranked = numbers
          .map((_, i) => i)
          .sort((a, b) => Math.abs(numbers[b]) - Math.abs(numbers[a]) || a - b);
        const kept = new Set(ranked.slice(0, Math.ceil(numbers.length * 0.3)));
        numbers.forEach((number, i) => {
          expect(read[i]).toBeCloseTo(kept.has(i) ? number : 0, 5);
        });
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it('is what numpy and another build of zlib make of the same values, byte for byte', () => {
    const values = hexFloats(golden.values);
    expect(vectorId(values)).toBe(golden.id);
    for (const [coding, { packed: bytes, read }] of [
      [{ kind: 'float32' }, golden.float32],
      [{ kind: 'int8', block: golden.int8.block }, golden.int8],
      [{ kind: 'sparse', keep: golden.sparse.keep, block: golden.sparse.block }, golden.sparse],
    ] as const) {
      expect(unpack(hexBytes(bytes), values.length)).toEqual({ ok: true, value: hexFloats(read) });
      expect(packed(values, coding)).toEqual({ bytes: hexBytes(bytes), values: hexFloats(read) });
    }
  });

  it('gets smaller with each step: a delta of a LoRA in eight bits, then of one value in twenty', () => {
    const values = testDelta(75_658, 3);
    const [whole, int8, sparse] = [
      codings[0],
      codings[1],
      { kind: 'sparse', keep: 0.05, block: 64 } as const,
    ].map((coding) => packed(values, coding).bytes.length);
    expect(whole).toBeLessThan(75_658 * 4);
    expect(int8).toBeLessThan(75_658 * 0.9);
    // 5 % of the values: a byte each, the places in under 5 bits, a scale for 64.
    expect(sparse).toBeLessThan(75_658 * 0.05 * 1.7);
  });

  it('with a value that is no number is refused on both sides', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const values = Float32Array.of(1, value);
      for (const coding of codings)
        expect(pack(values, coding)).toMatchObject({ error: { code: 'FED_NUMBER' } });
      // Whole, with the bits of the value in their planes: 1.0 and it.
      const bits = new Uint8Array(values.buffer);
      const planes = [0, 4, 1, 5, 2, 6, 3, 7].map((at) => bits[at]);
      expect(codeOf(Uint8Array.of(0, 2, 16, ...planes), 2)).toBe('FED_NUMBER');
    }
    const edge = pack(Float32Array.of(3.4028234663852886e38), { kind: 'int8', block: 1 });
    expect(edge).toMatchObject({ error: { code: 'FED_NUMBER' } });
    const scale = Uint8Array.of(1, 1, 1, 2, 1, 8, 0, 0, 0x80, 0x7f);
    expect(codeOf(scale, 1)).toBe('FED_NUMBER');
  });

  it('cut, longer, of another length or with wrong bits never throws, and gives no values of another length', () => {
    const values = testDelta(200, 4);
    for (const coding of codings) {
      const { bytes } = packed(values, coding);
      expect(codeOf(bytes, 199)).toBe('FED_PACKED');
      expect(codeOf(Uint8Array.of(...bytes, 0), 200)).toBe('FED_PACKED');
      for (let end = 0; end < bytes.length; end += 3)
        expect(codeOf(bytes.subarray(0, end), 200)).toBe('FED_PACKED');
      fc.assert(
        fc.property(fc.uniqueArray(fc.nat(bytes.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
          const wrong = bytes.slice();
          for (const bit of bits) wrong[bit >> 3] ^= 1 << (bit & 7);
          const read = unpack(wrong, 200);
          if (read.ok) expect(read.value).toHaveLength(200);
        }),
        { seed: 14, numRuns: 200 },
      );
    }
  });
});

describe('error feedback', () => {
  const small = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 40, maxLength: 40 });

  it('loses nothing: what was sent and what is owed are all deltas together', () => {
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...codings),
        (deltas, coding) => {
          let owed = new Float32Array(40);
          const sent = new Float64Array(40);
          const all = new Float64Array(40);
          for (const numbers of deltas) {
            const done = packWithFeedback(Float32Array.from(numbers), owed, coding);
            if (!done.ok) throw new Error(done.error.text);
            owed = Float32Array.from(done.value.residual);
            done.value.values.forEach((value, i) => {
              sent[i] += value;
              all[i] += Math.fround(numbers[i]);
            });
          }
          owed.forEach((value, i) => {
            expect(Math.abs(sent[i] + value - all[i])).toBeLessThan(1e-5);
          });
        },
      ),
      { seed: 15, numRuns: 200 },
    );
  });

  it('owes what an update that nobody counted had sent', () => {
    const delta = testDelta(60, 5);
    const done = packWithFeedback(delta, new Float32Array(60), { kind: 'sparse', keep: 0.1, block: 8 });
    if (!done.ok) throw new Error(done.error.text);
    const again = owedAgain(done.value.residual, done.value.values);
    again.forEach((value, i) => {
      expect(value).toBeCloseTo(delta[i], 6);
    });
  });

  it('sends in the end all of what is asked once, though it keeps one value in ten each time', () => {
    const delta = testDelta(60, 6);
    let owed: Float32Array = new Float32Array(60);
    const sum = new Float64Array(60);
    for (let round = 0; round < 40; round++) {
      const done = packWithFeedback(round === 0 ? delta : new Float32Array(60), owed, codings[2]);
      if (!done.ok) throw new Error(done.error.text);
      owed = done.value.residual;
      done.value.values.forEach((value, i) => {
        sum[i] += value;
      });
    }
    delta.forEach((value, i) => {
      expect(sum[i]).toBeCloseTo(value, 6);
    });
  });

  it('of another layout is refused', () => {
    const done = packWithFeedback(new Float32Array(3), new Float32Array(4), codings[0]);
    expect(done).toMatchObject({ ok: false, error: { code: 'FED_LAYOUT' } });
  });
});
