import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IDLE_APID,
  readSpacePacket,
  SEQUENCE_COUNT_MODULO,
  SequenceCounters,
  type SpacePacketType,
  splitSpacePackets,
  writeSpacePacketHeader,
} from './spacePacket';

function packet(apid: number, data: Uint8Array, type: SpacePacketType = 'telecommand', sequence = 0) {
  const bytes = new Uint8Array(6 + data.length);
  bytes.set(data, writeSpacePacketHeader(bytes, 0, { type, apid, sequence, dataLength: data.length }));
  return bytes;
}

const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function split(field: Uint8Array) {
  const packets: { apid: number; data: number[] }[] = [];
  const result = splitSpacePackets(field, ({ apid, data }) => packets.push({ apid, data: [...data] }));
  return { result, packets };
}

describe('space packet header', () => {
  it('reads back what was written, at any offset', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<SpacePacketType>('telemetry', 'telecommand'),
        fc.nat(0x7ff),
        fc.nat(0x3fff),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(5),
        (type, apid, sequence, data, at) => {
          const bytes = concat(
            new Uint8Array(at).fill(0xee),
            packet(apid, data, type, sequence),
            Uint8Array.of(1),
          );
          expect(readSpacePacket(bytes, at)).toEqual({
            ok: true,
            value: {
              type,
              apid,
              sequence,
              dataLength: data.length,
              data,
              hasSecondaryHeader: false,
              sequenceFlags: 3,
            },
          });
        },
      ),
    );
  });

  it('holds the longest data field of 65536 bytes', () => {
    const read = readSpacePacket(packet(1, new Uint8Array(65_536)));
    expect(read.ok && read.value.dataLength).toBe(65_536);
  });

  it('tells a secondary header and a segment', () => {
    const read = readSpacePacket(Uint8Array.of(0x08, 0x01, 0x40, 0, 0, 0, 7));
    expect(read).toMatchObject({ ok: true, value: { hasSecondaryHeader: true, sequenceFlags: 1 } });
  });

  it('is refused when short, cut off, or of another version', () => {
    const whole = packet(3, Uint8Array.of(1, 2, 3));
    expect(readSpacePacket(whole.subarray(0, 6))).toMatchObject({ error: { code: 'SPP_TRUNCATED' } });
    expect(readSpacePacket(whole.subarray(0, 8))).toMatchObject({
      error: { text: 'space packet: 8 bytes on hand, 9 needed' },
    });
    expect(readSpacePacket(Uint8Array.of(0x20, ...whole.subarray(1)))).toMatchObject({
      error: { code: 'SPP_VERSION' },
    });
  });
});

describe('splitSpacePackets', () => {
  it('hands over all packets of a field, as Yamcs packs them, and skips idle ones', () => {
    const field = concat(
      packet(0, Uint8Array.of(1, 2)),
      packet(IDLE_APID, new Uint8Array(9)),
      packet(3, Uint8Array.of(3)),
    );
    expect(split(field)).toEqual({
      result: { ok: true, value: 2 },
      packets: [
        { apid: 0, data: [1, 2] },
        { apid: 3, data: [3] },
      ],
    });
  });

  it('finds no packet in an empty field', () => {
    expect(split(new Uint8Array(0)).result).toEqual({ ok: true, value: 0 });
  });

  it('hands over the packets before a broken one, and the error', () => {
    const { result, packets } = split(concat(packet(0, Uint8Array.of(1)), Uint8Array.of(0xff, 0xff)));
    expect(result).toMatchObject({ ok: false, error: { code: 'SPP_TRUNCATED' } });
    expect(packets).toEqual([{ apid: 0, data: [1] }]);
  });

  it('never throws and never hands over more than the field holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (field) => {
        const bytes = split(field).packets.reduce((sum, { data }) => sum + 6 + data.length, 0);
        expect(bytes).toBeLessThanOrEqual(field.length);
      }),
    );
  });
});

describe('SequenceCounters', () => {
  it('counts each APID by itself and wraps at 14 bits', () => {
    const counters = new SequenceCounters();
    expect([counters.next(1), counters.next(1), counters.next(2)]).toEqual([0, 1, 0]);
    for (let i = 2; i < SEQUENCE_COUNT_MODULO; i++) counters.next(1);
    expect(counters.next(1)).toBe(0);
  });
});
