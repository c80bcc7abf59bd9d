import { describe, expect, it } from 'vitest';
import * as protocols from '../../fsw/protocols';
import vectors from './link.json';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const { base: timeBase, context: timeContext, seconds, useconds } = vectors.fprime.time;
const time = { timeBase, timeContext, seconds, useconds };

/** The bytes that `write` puts into a fresh buffer. */
function written(write: (into: Uint8Array) => number): string {
  const into = new Uint8Array(2048);
  return hex(into.subarray(0, write(into)));
}

describe(`vectors made by fprime-gds ${vectors.madeBy['fprime-gds']}`, () => {
  it.each(vectors.crc16)('give the CRC $crc', ({ data, crc }) => {
    expect(protocols.crc16(bytes(data))).toBe(crc);
  });

  it.each(vectors.spacePackets)('are the space packets we write and read: $type, APID $apid', (vector) => {
    const { apid, sequence, packet } = vector;
    const data = bytes(vector.data);
    const type = vector.type === 'telecommand' ? 'telecommand' : 'telemetry';
    const header = { type, apid, sequence, dataLength: data.length } as const;
    expect(
      written((into) => protocols.writeBytes(into, protocols.writeSpacePacketHeader(into, 0, header), data)),
    ).toBe(packet);
    expect(protocols.readSpacePacket(bytes(packet))).toEqual({
      ok: true,
      value: { ...header, hasSecondaryHeader: false, sequenceFlags: 3, data },
    });
  });

  it.each(vectors.tcFrames)('are the TC frames we write and read: $spacecraftId/$channelId', (vector) => {
    const { spacecraftId, channelId, data, frame } = vector;
    const into = new Uint8Array(1024);
    const end = protocols.writeTcFrame(into, 0, bytes(data), { spacecraftId, channelId });
    expect(end.ok && hex(into.subarray(0, end.value))).toBe(frame);

    const got: string[] = [];
    const deframer = new protocols.TcDeframer({
      spacecraftId,
      channelId,
      onData: (field) => got.push(hex(field)),
    });
    deframer.push(bytes(frame));
    expect(got).toEqual([data]);
    expect(deframer.counts).toMatchObject({ accepted: 1, garbageBytes: 0 });
  });

  it.each(vectors.tmStreams)('are the TM frames we write and read: $name', (vector) => {
    const { frameLength } = vector;
    const frames: string[] = [];
    const framer = new protocols.TmFramer({ frameLength, onFrame: (frame) => frames.push(hex(frame)) });
    const counters = new protocols.SequenceCounters();
    for (const event of vector.events) {
      if (event === 'flush') {
        framer.flush();
        continue;
      }
      const data = bytes(event);
      const packet = new Uint8Array(6 + data.length);
      const header = {
        type: 'telemetry',
        apid: 2,
        sequence: counters.next(2),
        dataLength: data.length,
      } as const;
      protocols.writeBytes(packet, protocols.writeSpacePacketHeader(packet, 0, header), data);
      expect(framer.add(packet).ok).toBe(true);
    }
    expect(frames).toEqual(vector.frames);

    const packets: string[] = [];
    const deframer = new protocols.TmDeframer({
      frameLength,
      onPacket: (packet) => packets.push(hex(packet)),
    });
    for (const frame of vector.frames) deframer.push(bytes(frame));
    expect(packets).toEqual(vector.packets);
    expect(deframer.counts).toMatchObject({ frames: frames.length, garbageBytes: 0, malformed: 0 });
  });

  it('are the time tag we write and read', () => {
    const tag = vectors.fprime.time.bytes;
    expect(written((into) => protocols.writeTimeTag(into, 0, time))).toBe(tag);
    expect(protocols.readTimeTag(bytes(tag))).toEqual({ ok: true, value: time });
  });

  it('are the command we write and read', () => {
    const { opcode, args, packet } = vectors.fprime.command;
    expect(written((into) => protocols.writeCommandPacket(into, 0, opcode, bytes(args)))).toBe(packet);
    expect(protocols.readCommandPacket(bytes(packet))).toEqual({
      ok: true,
      value: { opcode, args: bytes(args) },
    });
  });

  it('are the event we write and read', () => {
    const { id, args, packet } = vectors.fprime.event;
    expect(written((into) => protocols.writeEventPacket(into, 0, id, time, bytes(args)))).toBe(packet);
    expect(protocols.readEventPacket(bytes(packet))).toEqual({
      ok: true,
      value: { id, time, args: bytes(args) },
    });
  });

  it.each(vectors.fprime.channels)('are the channel $id we write and read', ({ id, value, packet }) => {
    expect(written((into) => protocols.writeChannelPacket(into, 0, id, time, bytes(value)))).toBe(packet);
    expect(protocols.readChannelPacket(bytes(packet), () => value.length / 2)).toEqual({
      ok: true,
      value: [{ id, time, value: bytes(value) }],
    });
  });

  it('are the telemetry packet we write and read', () => {
    const { id, values, packet } = vectors.fprime.telemetryPacket;
    expect(written((into) => protocols.writeTelemetryPacket(into, 0, id, time, bytes(values)))).toBe(packet);
    expect(protocols.readTelemetryPacket(bytes(packet))).toEqual({
      ok: true,
      value: { id, time, values: bytes(values) },
    });
  });
});
