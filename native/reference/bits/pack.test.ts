import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bits, recordBytes, reference } from '../../bits';
import { noAddon, sameBytes, whyNoAddon } from '../compare';

function packed(kernels: typeof bits, schema: Int8Array, values: Uint32Array): Uint8Array {
  const bytes = new Uint8Array((values.length / schema.length) * recordBytes(schema));
  const done = kernels.packRecords(schema, values, bytes);
  if (!done.ok) throw new Error(done.error.text);
  return bytes;
}

function unpacked(kernels: typeof bits, schema: Int8Array, bytes: Uint8Array, count: number): Uint32Array {
  const values = new Uint32Array(count);
  const done = kernels.unpackRecords(schema, bytes, values);
  if (!done.ok) throw new Error(done.error.text);
  return values;
}

const anyField = fc.integer({ min: 1, max: 32 }).chain((width) => fc.constantFrom(width, -width));
const anyRecords = fc
  .tuple(fc.array(anyField, { minLength: 1, maxLength: 20 }), fc.nat(6))
  .chain(([schema, records]) =>
    fc
      .array(fc.tuple(...schema.map(anyValue)), { minLength: records, maxLength: records })
      .map((values) => ({ schema: Int8Array.from(schema), values: Uint32Array.from(values.flat()) })),
  );

function anyValue(field: number): fc.Arbitrary<number> {
  return field > 0
    ? fc.integer({ min: 0, max: 2 ** field - 1 })
    : fc.integer({ min: -(2 ** (-field - 1)), max: 2 ** (-field - 1) - 1 });
}

describe('packed records', () => {
  it('are their fields one after the other, most significant bit first, filled up to whole bytes', () => {
    const schema = Int8Array.of(3, -5, 12, 1);
    expect(recordBytes(schema)).toBe(3);
    const bytes = packed(reference, schema, Uint32Array.of(0b101, -1, 0xabc, 1, 0, 15, 0, 0));
    expect([...bytes]).toEqual([0b10111111, 0xab, 0b11001000, 0b00001111, 0, 0]);
  });

  it('are big-endian numbers where the fields are whole bytes', () => {
    const bytes = packed(reference, Int8Array.of(16, 32, 8), Uint32Array.of(0x1234, 0x89abcdef, 0xff));
    expect(Buffer.from(bytes).toString('hex')).toBe('123489abcdefff');
  });

  it('come back', () => {
    fc.assert(
      fc.property(anyRecords, ({ schema, values }) => {
        const bytes = packed(reference, schema, values);
        expect(unpacked(reference, schema, bytes, values.length)).toEqual(values);
      }),
    );
  });

  it('refuse a value that its field cannot hold, and write nothing', () => {
    for (const kernels of [reference, bits]) {
      const bytes = new Uint8Array(4).fill(7);
      const refused = (schema: readonly number[], values: readonly number[]) => {
        const done = kernels.packRecords(Int8Array.from(schema), Uint32Array.from(values), bytes);
        expect([...bytes]).toEqual([7, 7, 7, 7]);
        return done.ok ? undefined : done.error.text;
      };
      expect(refused([4, 3], [15, 7, 15, 8])).toBe('record 1, field 1: 8 does not fit 3 bits');
      expect(refused([1, -4], [1, -9])).toBe('record 0, field 1: -9 does not fit 4 bits');
      expect(refused([-1], [1])).toBe('record 0, field 0: 1 does not fit 1 bits');
    }
  });

  it.skipIf(noAddon)(`are the same bytes in the addon${whyNoAddon}`, () => {
    fc.assert(
      fc.property(anyRecords, ({ schema, values }) => {
        const bytes = packed(reference, schema, values);
        expect(sameBytes(packed(bits, schema, values), bytes)).toBe(true);
        expect(unpacked(bits, schema, bytes, values.length)).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(noAddon)(`are refused at the same value by the addon${whyNoAddon}`, () => {
    fc.assert(
      fc.property(fc.array(anyField, { minLength: 1, maxLength: 5 }), fc.nat(), (fields, seed) => {
        const schema = Int8Array.from(fields);
        const values = Uint32Array.from(fields, (_, i) => (seed * (i + 1)) >>> (i * 6));
        const bytes = new Uint8Array(recordBytes(schema));
        expect(bits.packRecords(schema, values, bytes)).toEqual(reference.packRecords(schema, values, bytes));
      }),
    );
  });
});
