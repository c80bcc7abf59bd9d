/**
 * F´ packets: what the data field of a space packet carries. Each starts with a 16-bit descriptor that is
 * also the APID (F´ `ComCfg.Apid`). Layouts as F´ GDS 4.4.1 reads and writes them, big-endian.
 *
 * Writers write into the caller's buffer and return the offset after the last byte; leave the trailing bytes
 * out to write only the head and let a codec append there. Readers return views into the packet.
 */
import { fail, type Result, succeed } from '../errors';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from './bytes';

export const SPACECRAFT_ID = 0x44;
export const VIRTUAL_CHANNEL_ID = 1;
export const TM_FRAME_LENGTH = 1024;

/** F´ `ComCfg.Apid`: the packet's descriptor, and its APID. */
export const Apid = {
  COMMAND: 0,
  TELEM: 1,
  LOG: 2,
  FILE: 3,
  PACKETIZED_TLM: 4,
  DP: 5,
  IDLE: 6,
  PARAM: 7,
  HAND: 0xfe,
  UNKNOWN: 0xff,
  SPP_IDLE_PACKET: 0x7ff,
  INVALID_UNINITIALIZED: 0x800,
} as const;

/** F´ `TimeBase`: which clock a time tag was taken from. */
export const TimeBase = {
  NONE: 0,
  PROC_TIME: 1,
  WORKSTATION_TIME: 2,
  SPACECRAFT_TIME: 3,
  FPGA_TIME: 4,
  DONT_CARE: 0xffff,
} as const;

export interface TimeTag {
  readonly timeBase: number;
  readonly timeContext: number;
  readonly seconds: number;
  /** 0..999999. */
  readonly useconds: number;
}

export const TIME_TAG_LENGTH = 11;
const DESCRIPTOR_LENGTH = 2;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Time tag: base u16 | context u8 | seconds u32 | microseconds u32. */
export function writeTimeTag(into: Uint8Array, at: number, time: TimeTag): number {
  writeU16(into, at, time.timeBase);
  into[at + 2] = time.timeContext;
  writeU32(into, at + 3, time.seconds);
  return writeU32(into, at + 7, time.useconds);
}

/** Reads the 11 bytes at `at`. Errors: FPRIME_TRUNCATED. */
export function readTimeTag(bytes: Uint8Array, at = 0): Result<TimeTag> {
  const short = needs('time tag', bytes, at + TIME_TAG_LENGTH);
  return short ?? succeed(timeTagAt(bytes, at));
}

/** Command: descriptor 0 | opcode u32 | arguments. */
export function writeCommandPacket(into: Uint8Array, at: number, opcode: number, args = NO_BYTES): number {
  const body = writeU32(into, writeU16(into, at, Apid.COMMAND), opcode);
  return writeBytes(into, body, args);
}

export interface CommandPacket {
  readonly opcode: number;
  readonly args: Uint8Array;
}

/** Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR. */
export function readCommandPacket(packet: Uint8Array): Result<CommandPacket> {
  const wrong = isNot(Apid.COMMAND, 'command packet', packet, 6);
  return wrong ?? succeed({ opcode: readU32(packet, 2), args: packet.subarray(6) });
}

/** Event: descriptor 2 | event id u32 | time tag | arguments. One event per packet: GDS refuses more. */
export function writeEventPacket(
  into: Uint8Array,
  at: number,
  id: number,
  time: TimeTag,
  args = NO_BYTES,
): number {
  const body = writeTimeTag(into, writeU32(into, writeU16(into, at, Apid.LOG), id), time);
  return writeBytes(into, body, args);
}

export interface EventPacket {
  readonly id: number;
  readonly time: TimeTag;
  readonly args: Uint8Array;
}

/** Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR. */
export function readEventPacket(packet: Uint8Array): Result<EventPacket> {
  const wrong = isNot(Apid.LOG, 'event packet', packet, 6 + TIME_TAG_LENGTH);
  return wrong ?? succeed({ id: readU32(packet, 2), time: timeTagAt(packet, 6), args: packet.subarray(17) });
}

/** Channels: descriptor 1, then one or more [channel id u32 | time tag | value]; this writes the first. */
export function writeChannelPacket(
  into: Uint8Array,
  at: number,
  id: number,
  time: TimeTag,
  value = NO_BYTES,
): number {
  return appendChannel(into, writeU16(into, at, Apid.TELEM), id, time, value);
}

/** Writes one more [channel id u32 | time tag | value] after those already in the packet. */
export function appendChannel(
  into: Uint8Array,
  at: number,
  id: number,
  time: TimeTag,
  value = NO_BYTES,
): number {
  return writeBytes(into, writeTimeTag(into, writeU32(into, at, id), time), value);
}

export interface ChannelValue {
  readonly id: number;
  readonly time: TimeTag;
  readonly value: Uint8Array;
}

/**
 * Reads all entries of a channel packet. Values carry no length: `valueLength` gives it in bytes for the
 * value of channel `id` that starts at `at`, or undefined for an unknown channel.
 * Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR, FPRIME_UNKNOWN_CHANNEL.
 */
export function readChannelPacket(
  packet: Uint8Array,
  valueLength: (id: number, packet: Uint8Array, at: number) => number | undefined,
): Result<ChannelValue[]> {
  const what = 'channel packet';
  const wrong = isNot(Apid.TELEM, what, packet, DESCRIPTOR_LENGTH);
  if (wrong) return wrong;
  const entries: ChannelValue[] = [];
  for (let at = DESCRIPTOR_LENGTH; at < packet.length; ) {
    const valueAt = at + 4 + TIME_TAG_LENGTH;
    const noHead = needs(what, packet, valueAt);
    if (noHead) return noHead;
    const id = readU32(packet, at);
    const length = valueLength(id, packet, valueAt);
    if (length === undefined) return fail('FPRIME_UNKNOWN_CHANNEL', { id });
    const end = valueAt + length;
    const noValue = needs(what, packet, end);
    if (noValue) return noValue;
    entries.push({ id, time: timeTagAt(packet, at + 4), value: packet.subarray(valueAt, end) });
    at = end;
  }
  return succeed(entries);
}

/** Packetized telemetry: descriptor 4 | packet id u16 | time tag | values in dictionary order. */
export function writeTelemetryPacket(
  into: Uint8Array,
  at: number,
  id: number,
  time: TimeTag,
  values = NO_BYTES,
): number {
  const body = writeTimeTag(into, writeU16(into, writeU16(into, at, Apid.PACKETIZED_TLM), id), time);
  return writeBytes(into, body, values);
}

export interface TelemetryPacket {
  readonly id: number;
  readonly time: TimeTag;
  readonly values: Uint8Array;
}

/** Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR. */
export function readTelemetryPacket(packet: Uint8Array): Result<TelemetryPacket> {
  const wrong = isNot(Apid.PACKETIZED_TLM, 'telemetry packet', packet, 4 + TIME_TAG_LENGTH);
  return (
    wrong ?? succeed({ id: readU16(packet, 2), time: timeTagAt(packet, 4), values: packet.subarray(15) })
  );
}

/** Bytes before the first record of a record packet. */
export const RECORD_PACKET_HEAD_LENGTH = 5 + TIME_TAG_LENGTH;
export const MAX_RECORDS = 255;

/**
 * Records of a data product: descriptor 5 | product id u16 | time tag | record count u8 | records, all of
 * the one size that the product's schema sets. Perigee's own layout: F´ sends data products as files.
 */
export function writeRecordPacket(
  into: Uint8Array,
  at: number,
  productId: number,
  time: TimeTag,
  count: number,
  records = NO_BYTES,
): number {
  const body = writeTimeTag(into, writeU16(into, writeU16(into, at, Apid.DP), productId), time);
  into[body] = count;
  return writeBytes(into, body + 1, records);
}

export interface RecordPacket {
  readonly productId: number;
  readonly time: TimeTag;
  readonly count: number;
  /** Bytes of one record; 0 when there is none. */
  readonly recordLength: number;
  readonly records: Uint8Array;
}

/** Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR, FPRIME_RECORDS when the bytes don't split into `count` records. */
export function readRecordPacket(packet: Uint8Array): Result<RecordPacket> {
  const wrong = isNot(Apid.DP, 'record packet', packet, RECORD_PACKET_HEAD_LENGTH);
  if (wrong) return wrong;
  const records = packet.subarray(RECORD_PACKET_HEAD_LENGTH);
  const count = packet[RECORD_PACKET_HEAD_LENGTH - 1];
  const recordLength = count === 0 ? 0 : records.length / count;
  const whole = count === 0 ? records.length === 0 : recordLength > 0 && Number.isInteger(recordLength);
  if (!whole) {
    return fail('FPRIME_RECORDS', { length: records.length, count });
  }
  return succeed({ productId: readU16(packet, 2), time: timeTagAt(packet, 4), count, recordLength, records });
}

/** The descriptor of any F´ packet. Errors: FPRIME_TRUNCATED. */
export function readDescriptor(packet: Uint8Array): Result<number> {
  const short = needs('packet', packet, DESCRIPTOR_LENGTH);
  return short ?? succeed(readU16(packet, 0));
}

function timeTagAt(bytes: Uint8Array, at: number): TimeTag {
  return {
    timeBase: readU16(bytes, at),
    timeContext: bytes[at + 2],
    seconds: readU32(bytes, at + 3),
    useconds: readU32(bytes, at + 7),
  };
}

function needs(what: string, bytes: Uint8Array, needed: number) {
  return bytes.length < needed ? fail('FPRIME_TRUNCATED', { what, length: bytes.length, needed }) : undefined;
}

function isNot(expected: number, what: string, packet: Uint8Array, least: number) {
  const short = needs(what, packet, least);
  if (short) return short;
  const found = readU16(packet, 0);
  return found === expected ? undefined : fail('FPRIME_DESCRIPTOR', { found, expected });
}
