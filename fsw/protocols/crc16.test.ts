import crc16ccitt from 'crc/crc16ccitt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from './crc16';

describe('crc16', () => {
  it('gives the check value of CRC-16/CCITT-FALSE', () => {
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
  });

  it('is the preset for no bytes', () => {
    expect(crc16(new Uint8Array(5), 3, 3)).toBe(0xffff);
  });

  it('agrees with the crc package on any part of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        expect(crc16(bytes, start, end)).toBe(crc16ccitt(Buffer.from(bytes.subarray(start, end))));
      }),
    );
  });

  it('is zero over bytes followed by their CRC', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const crc = crc16(bytes);
        expect(crc16(Uint8Array.of(...bytes, crc >>> 8, crc & 0xff))).toBe(0);
      }),
    );
  });
});
