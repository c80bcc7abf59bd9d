import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../fsw/framework/types';
import { bits, recordBytes, reference } from '../../../native/bits';
import { Detection, FrameSummary } from './records';

const u8 = fc.nat(255);
const u16 = fc.nat(65_535);
const i16 = fc.integer({ min: -32_768, max: 32_767 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** The same record by the bit packer. */
function packed(kernels: typeof bits, fields: readonly number[], values: readonly number[]): Uint8Array {
  const schema = Int8Array.from(fields);
  const bytes = new Uint8Array(recordBytes(schema));
  const done = kernels.packRecords(schema, Uint32Array.from(values), bytes);
  if (!done.ok) throw new Error(done.error.text);
  return bytes;
}

describe('the records of a product', () => {
  it('are what the bit packer makes of the same fields: a summary', () => {
    const summary = fc.record({
      frame: u16,
      afterS: u16,
      located: fc.boolean(),
      latCentideg: i16,
      lonCentideg: i16,
      tiles: u8,
      counts: fc.array(u8, { minLength: 4, maxLength: 4 }),
      cloudPercent: u8,
      waterPercent: u8,
    });
    fc.assert(
      fc.property(summary, (record) => {
        const { frame, afterS, located, latCentideg, lonCentideg, tiles, counts } = record;
        const values = [frame, afterS, located ? 0xff : 0, latCentideg, lonCentideg, tiles, ...counts];
        for (const kernels of [bits, reference])
          expect(
            packed(
              kernels,
              [16, 16, 8, -16, -16, 8, 8, 8, 8, 8, 8, 8],
              [...values, record.cloudPercent, record.waterPercent],
            ),
          ).toEqual(encode(FrameSummary, record));
      }),
    );
  });

  it('are what the bit packer makes of the same fields: a detection', () => {
    const detection = fc.record({
      frame: u16,
      tile: u16,
      classIndex: u8,
      confidence: u8,
      water: u8,
      latE5: i32,
      lonE5: i32,
    });
    fc.assert(
      fc.property(detection, (record) => {
        for (const kernels of [bits, reference])
          expect(packed(kernels, [16, 16, 8, 8, 8, -32, -32], Object.values(record))).toEqual(
            encode(Detection, record),
          );
      }),
    );
  });
});
