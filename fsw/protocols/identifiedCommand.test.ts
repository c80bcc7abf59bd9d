import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCommandPacket } from './fprimePackets';
import { readIdentifiedCommand, writeIdentifiedCommand } from './identifiedCommand';

describe('identified command packets', () => {
  it('are laid out as documented', () => {
    const packet = new Uint8Array(16);
    const end = writeIdentifiedCommand(
      packet,
      0,
      { sender: 0x0102, sequence: 0x03040506 },
      0x1001,
      Uint8Array.of(7, 8),
    );
    expect(end).toBe(16);
    expect(Buffer.from(packet).toString('hex')).toBe('0070010203040506000000001001' + '0708');
  });

  it('come back as they were written, whatever the values', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    const args = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), u32, u32, args, (sender, sequence, opcode, bytes) => {
        const packet = new Uint8Array(14 + bytes.length);
        writeIdentifiedCommand(packet, 0, { sender, sequence }, opcode, bytes);
        const read = readIdentifiedCommand(packet);
        expect(read).toMatchObject({ ok: true, value: { sender, sequence } });
        if (read.ok)
          expect(readCommandPacket(read.value.command)).toEqual({ ok: true, value: { opcode, args: bytes } });
      }),
    );
  });

  it('are refused when cut off or of another kind', () => {
    expect(readIdentifiedCommand(Uint8Array.of(0, 0x70, 1))).toMatchObject({
      error: { code: 'FPRIME_TRUNCATED' },
    });
    expect(readIdentifiedCommand(new Uint8Array(8))).toMatchObject({ error: { code: 'FPRIME_DESCRIPTOR' } });
  });
});
