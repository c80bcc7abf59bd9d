import crc16ccitt from 'crc/crc16ccitt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../../../fsw/protocols/crc16';
import { bits, reference } from '../../bits';

function crcs(kernels: typeof bits, bytes: Uint8Array, size: number, count: number): number[] {
  const out = new Uint16Array(count);
  const done = kernels.crc16Frames(bytes, size, out);
  if (!done.ok) throw new Error(done.error.text);
  return [...out];
}

describe('crc16Frames', () => {
  it('gives the check value of CRC-16/CCITT-FALSE', () => {
    const bytes = new TextEncoder().encode('123456789123456789');
    for (const kernels of [reference, bits]) expect(crcs(kernels, bytes, 9, 2)).toEqual([0x29b1, 0x29b1]);
  });

  it('agrees with the protocols and with the crc package for each frame', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 900 }),
        fc.integer({ min: 1, max: 300 }),
        (bytes, size) => {
          const count = Math.floor(bytes.length / size);
          const frames = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
          const ours = frames.map((frame) => crc16(frame));
          for (const kernels of [reference, bits]) expect(crcs(kernels, bytes, size, count)).toEqual(ours);
          expect(frames.map((frame) => crc16ccitt(Buffer.from(frame)))).toEqual(ours);
        },
      ),
      { numRuns: 300 },
    );
  });
});
