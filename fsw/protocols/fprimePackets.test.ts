import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Apid,
  appendChannel,
  readChannelPacket,
  readCommandPacket,
  readDescriptor,
  readEventPacket,
  readRecordPacket,
  readTelemetryPacket,
  readTimeTag,
  TimeBase,
  writeChannelPacket,
  writeCommandPacket,
  writeEventPacket,
  writeRecordPacket,
  writeTelemetryPacket,
  writeTimeTag,
} from './fprimePackets';

const time = { timeBase: TimeBase.WORKSTATION_TIME, timeContext: 1, seconds: 0xfedcba98, useconds: 999_999 };
const u32 = () => fc.nat(0xffffffff);
const anyTime = () =>
  fc.record({
    timeBase: fc.nat(0xffff),
    timeContext: fc.nat(255),
    seconds: u32(),
    useconds: fc.nat(999_999),
  });
const anyBytes = () => fc.uint8Array({ maxLength: 60 });

/** The packet that `write` puts at an odd offset of a buffer. */
function written(write: (into: Uint8Array, at: number) => number): Uint8Array {
  const into = new Uint8Array(1024);
  return into.slice(3, write(into, 3));
}

describe('F´ packets', () => {
  it('read back as written', () => {
    fc.assert(
      fc.property(u32(), fc.nat(0xffff), anyTime(), anyBytes(), (id, shortId, tag, args) => {
        expect(readTimeTag(written((into, at) => writeTimeTag(into, at, tag)))).toEqual({
          ok: true,
          value: tag,
        });
        expect(readCommandPacket(written((into, at) => writeCommandPacket(into, at, id, args)))).toEqual({
          ok: true,
          value: { opcode: id, args },
        });
        expect(readEventPacket(written((into, at) => writeEventPacket(into, at, id, tag, args)))).toEqual({
          ok: true,
          value: { id, time: tag, args },
        });
        expect(
          readTelemetryPacket(written((into, at) => writeTelemetryPacket(into, at, shortId, tag, args))),
        ).toEqual({ ok: true, value: { id: shortId, time: tag, values: args } });
      }),
    );
  });

  it('may be written head first, with the rest appended by a codec', () => {
    const whole = written((into, at) => writeEventPacket(into, at, 7, time, Uint8Array.of(1, 2)));
    const inParts = written((into, at) => {
      const body = writeEventPacket(into, at, 7, time);
      into.set([1, 2], body);
      return body + 2;
    });
    expect(inParts).toEqual(whole);
  });

  it('name their descriptor', () => {
    const packet = written((into, at) => writeTelemetryPacket(into, at, 7, time));
    expect(readDescriptor(packet)).toEqual({ ok: true, value: Apid.PACKETIZED_TLM });
    expect(readDescriptor(packet.subarray(0, 1))).toMatchObject({ error: { code: 'FPRIME_TRUNCATED' } });
  });

  it.each([
    ['time tag', 11, undefined, readTimeTag],
    ['command packet', 6, Apid.COMMAND, readCommandPacket],
    ['event packet', 17, Apid.LOG, readEventPacket],
    ['channel packet', 2, Apid.TELEM, (packet: Uint8Array) => readChannelPacket(packet, () => 4)],
    ['telemetry packet', 15, Apid.PACKETIZED_TLM, readTelemetryPacket],
    ['record packet', 16, Apid.DP, readRecordPacket],
  ] as const)('are refused when shorter than a %s, or not one', (what, least, descriptor, read) => {
    const packet = new Uint8Array(least);
    packet[1] = descriptor ?? 0;
    expect(read(packet).ok).toBe(true);
    expect(read(packet.subarray(0, least - 1))).toMatchObject({
      error: { text: `F´ ${what}: ${least - 1} bytes, ${least} needed` },
    });
    if (descriptor === undefined) return;
    packet[0] = 1;
    expect(read(packet)).toMatchObject({ error: { code: 'FPRIME_DESCRIPTOR' } });
  });
});

describe('channel packet', () => {
  const packet = written((into, at) => {
    const next = writeChannelPacket(into, at, 0x1301, time, Uint8Array.of(0, 0, 0, 48));
    return appendChannel(into, next, 0x1302, time, Uint8Array.of(9));
  });
  const lengths: Record<number, number> = { 4865: 4, 4866: 1 };

  it('holds several channels', () => {
    expect(readChannelPacket(packet, (id) => lengths[id])).toEqual({
      ok: true,
      value: [
        { id: 0x1301, time, value: Uint8Array.of(0, 0, 0, 48) },
        { id: 0x1302, time, value: Uint8Array.of(9) },
      ],
    });
  });

  it('shows its bytes to a length that depends on them, as of a string', () => {
    const byFirstByte = (_: number, bytes: Uint8Array, at: number) => (bytes[at] === 9 ? 1 : 4);
    expect(readChannelPacket(packet, byFirstByte)).toMatchObject({ ok: true, value: { length: 2 } });
  });

  it('is refused when cut off in a head or a value, or with an unknown channel', () => {
    const read = (length: number) => readChannelPacket(packet.subarray(0, length), (id) => lengths[id]);
    expect(read(packet.length - 2)).toMatchObject({ error: { code: 'FPRIME_TRUNCATED' } });
    expect(read(19)).toMatchObject({ error: { code: 'FPRIME_TRUNCATED' } });
    expect(readChannelPacket(packet, () => undefined)).toMatchObject({
      error: { text: 'F´ channel packet: channel 4865 is not in the dictionary' },
    });
  });
});

describe('record packet', () => {
  it('holds records of one size', () => {
    const records = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const packet = written((into, at) => writeRecordPacket(into, at, 0x0102, time, 2, records));
    expect([...packet.subarray(0, 4), packet[15]]).toEqual([0, 5, 1, 2, 2]);
    expect(readRecordPacket(packet)).toEqual({
      ok: true,
      value: { productId: 0x0102, time, count: 2, recordLength: 3, records },
    });
  });

  it('may hold none', () => {
    const packet = written((into, at) => writeRecordPacket(into, at, 1, time, 0));
    expect(readRecordPacket(packet)).toMatchObject({ ok: true, value: { count: 0, recordLength: 0 } });
  });

  it.each([
    [0, 1],
    [2, 0],
    [2, 3],
  ])('is refused when it says %i records and has %i bytes', (count, length) => {
    const packet = written((into, at) => writeRecordPacket(into, at, 1, time, count, new Uint8Array(length)));
    expect(readRecordPacket(packet)).toMatchObject({ error: { code: 'FPRIME_RECORDS' } });
  });
});
