import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from './bytes';

const u32 = () => fc.nat(0xffffffff);

describe('bytes', () => {
  it('agrees with DataView on integers at any offset', () => {
    fc.assert(
      fc.property(u32(), fc.nat(0xffff), fc.nat(9), (long, short, at) => {
        const ours = new Uint8Array(16);
        const theirs = new DataView(new ArrayBuffer(16));
        expect(writeU16(ours, writeU32(ours, at, long), short)).toBe(at + 6);
        theirs.setUint32(at, long);
        theirs.setUint16(at + 4, short);
        expect(ours).toEqual(new Uint8Array(theirs.buffer));
        expect([readU32(ours, at), readU16(ours, at + 4)]).toEqual([long, short]);
      }),
    );
  });

  it('says by the offset that something did not fit, and throws nothing', () => {
    const into = new Uint8Array(3);
    expect(writeU32(into, 0, 0x01020304)).toBe(4);
    expect(writeU16(into, 2, 0xaabb)).toBe(4);
    expect(writeBytes(into, 2, Uint8Array.of(9, 9))).toBe(4);
    expect(into).toEqual(Uint8Array.of(1, 2, 0xaa));
  });
});
