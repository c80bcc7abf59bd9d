import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addModularChecksum } from './cfdp/checksum';
import { type FilePacket, filePacket, readFilePacket } from './fprimeFiles';

const u32 = () => fc.nat(0xffffffff);
const path = () => fc.string({ maxLength: 60, unit: 'grapheme' });
const anyPacket: fc.Arbitrary<FilePacket> = fc.oneof(
  fc.record({
    type: fc.constant('start' as const),
    sequence: u32(),
    size: u32(),
    source: path(),
    destination: path(),
  }),
  fc.record({ type: fc.constant('data' as const), sequence: u32(), offset: u32(), bytes: fc.uint8Array() }),
  fc.record({ type: fc.constant('end' as const), sequence: u32(), checksum: u32() }),
  fc.record({ type: fc.constant('cancel' as const), sequence: u32() }),
);

function hex(packet: FilePacket): string {
  const written = filePacket(packet);
  return written.ok ? Buffer.from(written.value).toString('hex') : written.error.code;
}

describe('F´ file packets', () => {
  it('read back as written, and nothing shorter or longer does', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(), (packet, cut) => {
        const written = filePacket(packet);
        if (!written.ok) {
          expect(packet.type).toBe('start');
          return;
        }
        expect(readFilePacket(written.value)).toEqual({ ok: true, value: packet });
        expect(readFilePacket(written.value.subarray(0, cut % written.value.length)).ok).toBe(false);
        expect(readFilePacket(Uint8Array.of(...written.value, 0)).ok).toBe(false);
      }),
    );
  });

  it('are laid out as F´ GDS 4.4.1 lays them out', () => {
    // fprime_gds file_encoder.py: struct.pack(">BI", type, seqID), then ">IB" …, ">IH" …, ">I"; descriptor first.
    expect(hex({ type: 'start', sequence: 0, size: 1000, source: 'up.bin', destination: 'd/é' })).toBe(
      '0003' + '00' + '00000000' + '000003e8' + '06' + '75702e62696e' + '04' + '642fc3a9',
    );
    expect(hex({ type: 'data', sequence: 1, offset: 256, bytes: Uint8Array.of(1, 2, 3) })).toBe(
      '0003' + '01' + '00000001' + '00000100' + '0003' + '010203',
    );
    expect(hex({ type: 'end', sequence: 5, checksum: 0x5ca5ad39 })).toBe(
      '0003' + '02' + '00000005' + '5ca5ad39',
    );
    expect(hex({ type: 'cancel', sequence: 6 })).toBe('0003' + '03' + '00000006');
  });

  it('any bytes are read or refused with a code, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, type) => {
        for (const packet of [bytes, Uint8Array.of(0, 3, type, ...bytes)]) {
          const read = readFilePacket(packet);
          if (!read.ok) expect(read.error.code).toMatch(/^FPRIME_/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a path or a number that does not fit is refused', () => {
    const start = { type: 'start', sequence: 0, size: 1, source: 'a', destination: 'b' } as const;
    expect(hex({ ...start, source: 'x'.repeat(256) })).toBe('FPRIME_FILE');
    expect(hex({ ...start, size: 2 ** 32 })).toBe('FPRIME_FILE');
    expect(hex({ type: 'data', sequence: 0, offset: -1, bytes: new Uint8Array(0) })).toBe('FPRIME_FILE');
    expect(hex({ type: 'data', sequence: 0, offset: 0, bytes: new Uint8Array(65_536) })).toBe('FPRIME_FILE');
  });
});

describe('the modular checksum', () => {
  it('is the sum of big-endian words, zero padded (727.0-B-5, 4.2.2), whatever parts it is made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.array(fc.nat(80)), (bytes, cuts) => {
        const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
        let expected = 0n;
        for (let at = 0; at < padded.length; at += 4) expected += BigInt(padded.readUInt32BE(at));
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        let sum = 0;
        for (let i = edges.length - 1; i > 0; i--)
          sum = addModularChecksum(sum, edges[i - 1], bytes.subarray(edges[i - 1], edges[i]));
        expect(BigInt(sum)).toBe(expected % 2n ** 32n);
      }),
    );
  });

  it('gives the value that F´ GDS and CFDP give (fprime_gds CFDPChecksum over 0, 1, 2, … 998)', () => {
    const bytes = Uint8Array.from({ length: 999 }, (_, i) => i & 0xff);
    expect(addModularChecksum(0, 0, bytes)).toBe(0xcdc8c25b);
  });

  it('keeps its words aligned beyond 2 GiB', () => {
    expect(addModularChecksum(0, 2 ** 31 + 1, Uint8Array.of(1))).toBe(1 << 16);
    expect(addModularChecksum(0, 2 ** 32 - 1, Uint8Array.of(1))).toBe(1);
  });
});
