/**
 * CCSDS space packets (133.0-B-2): the 6-byte primary header, sequence counts per APID, and the walk over
 * packets that lie end to end.
 *
 * Header, big-endian: version 3 bits = 0 | type 1 | secondary header flag 1 | APID 11 | sequence flags 2 |
 * sequence count 14 | length of the data field minus one 16.
 */
import { fail, type Result, succeed } from '../errors';
import { readU16, writeU16 } from './bytes';

export const SPACE_PACKET_HEADER_LENGTH = 6;
export const MAX_SPACE_PACKET_DATA_LENGTH = 65_536;
export const MAX_SPACE_PACKET_LENGTH = SPACE_PACKET_HEADER_LENGTH + MAX_SPACE_PACKET_DATA_LENGTH;
/** The shortest packet: the standard asks for at least one byte of data. */
export const MIN_SPACE_PACKET_LENGTH = SPACE_PACKET_HEADER_LENGTH + 1;
/** Packets with this APID only fill frames. */
export const IDLE_APID = 0x7ff;
export const APID_COUNT = 0x800;
export const SEQUENCE_COUNT_MODULO = 0x4000;
/** The sequence flags of a packet that is not a segment of a longer one. */
export const UNSEGMENTED = 3;

export type SpacePacketType = 'telemetry' | 'telecommand';

export interface SpacePacketHeader {
  readonly type: SpacePacketType;
  readonly apid: number;
  /** 0..16383, counted per APID. */
  readonly sequence: number;
  /** Bytes of the data field, 1..65536. */
  readonly dataLength: number;
}

export interface SpacePacket extends SpacePacketHeader {
  readonly hasSecondaryHeader: boolean;
  /** 0 continuation, 1 first, 2 last, 3 unsegmented. */
  readonly sequenceFlags: number;
  /** A view of the data field. */
  readonly data: Uint8Array;
}

/** Writes the header of an unsegmented packet; returns the offset of the data field. */
export function writeSpacePacketHeader(into: Uint8Array, at: number, header: SpacePacketHeader): number {
  const type = header.type === 'telecommand' ? 0x1000 : 0;
  writeU16(into, at, type | (header.apid & 0x7ff));
  writeU16(into, at + 2, (UNSEGMENTED << 14) | (header.sequence & 0x3fff));
  return writeU16(into, at + 4, header.dataLength - 1);
}

/** The whole length in bytes that the header at `at` states; the header must be on hand. */
export function spacePacketLength(bytes: Uint8Array, at: number): number {
  return MIN_SPACE_PACKET_LENGTH + readU16(bytes, at + 4);
}

/** Reads the packet at `at`; bytes after its end are ignored. Errors: SPP_TRUNCATED, SPP_VERSION. */
export function readSpacePacket(bytes: Uint8Array, at = 0): Result<SpacePacket> {
  const length = bytes.length - at;
  if (length < MIN_SPACE_PACKET_LENGTH) {
    return fail('SPP_TRUNCATED', { length, needed: MIN_SPACE_PACKET_LENGTH });
  }
  const identification = readU16(bytes, at);
  if (identification >>> 13 !== 0) return fail('SPP_VERSION', { version: identification >>> 13 });
  const needed = spacePacketLength(bytes, at);
  if (length < needed) return fail('SPP_TRUNCATED', { length, needed });
  const control = readU16(bytes, at + 2);
  return succeed({
    type: identification & 0x1000 ? 'telecommand' : 'telemetry',
    hasSecondaryHeader: (identification & 0x0800) !== 0,
    apid: identification & 0x7ff,
    sequenceFlags: control >>> 14,
    sequence: control & 0x3fff,
    dataLength: needed - SPACE_PACKET_HEADER_LENGTH,
    data: bytes.subarray(at + SPACE_PACKET_HEADER_LENGTH, at + needed),
  });
}

/**
 * Walks all packets that lie end to end in `field` (a ground system may pack several into one TC frame) and
 * hands each over; idle packets are skipped. Returns how many were handed over, or the error that ended the
 * walk: packets before it have been handed over, what follows it can't be delimited.
 */
export function splitSpacePackets(
  field: Uint8Array,
  onPacket: (packet: SpacePacket) => void,
): Result<number> {
  let count = 0;
  for (let at = 0; at < field.length; ) {
    const read = readSpacePacket(field, at);
    if (!read.ok) return read;
    at += SPACE_PACKET_HEADER_LENGTH + read.value.dataLength;
    if (read.value.apid === IDLE_APID) continue;
    onPacket(read.value);
    count++;
  }
  return succeed(count);
}

/** The 14-bit sequence counts, one per APID, each starting at 0. */
export class SequenceCounters {
  readonly #next = new Uint16Array(APID_COUNT);

  /** The count for the next packet of `apid`. */
  next(apid: number): number {
    const count = this.#next[apid];
    this.#next[apid] = (count + 1) % SEQUENCE_COUNT_MODULO;
    return count;
  }
}
