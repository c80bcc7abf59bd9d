/**
 * F´ file packets (descriptor 3), as F´ GDS 4.4.1 reads and writes them, big-endian:
 *
 *     descriptor u16 | type u8 | sequence u32 | by type:
 *     START 0:  size u32 | length u8, source path | length u8, destination path
 *     DATA 1:   offset u32 | length u16 | bytes
 *     END 2:    checksum u32
 *     CANCEL 3: nothing
 *
 * One file is under way at a time: packets name it only in START. Paths are UTF-8.
 */
import { type Failed, fail, type Result, succeed } from '../errors';
import { readU16, readU32, writeBytes, writeU16, writeU32 } from './bytes';
import { Apid } from './fprimePackets';

export type FilePacket =
  | {
      readonly type: 'start';
      readonly sequence: number;
      readonly size: number;
      readonly source: string;
      readonly destination: string;
    }
  | { readonly type: 'data'; readonly sequence: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly sequence: number; readonly checksum: number }
  | { readonly type: 'cancel'; readonly sequence: number };

const TYPES = ['start', 'data', 'end', 'cancel'] as const;
const HEAD_LENGTH = 7;
/** Bytes of a DATA packet that are not the file's. */
export const FILE_DATA_OVERHEAD = HEAD_LENGTH + 6;
/** The most bytes of a path, as UTF-8. */
export const MAX_FILE_PATH = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** One packet, descriptor first. Errors: FPRIME_FILE, when a path is longer than 255 bytes or a number does not fit. */
export function filePacket(packet: FilePacket): Result<Uint8Array> {
  switch (packet.type) {
    case 'start': {
      const source = encoder.encode(packet.source);
      const destination = encoder.encode(packet.destination);
      if (Math.max(source.length, destination.length) > MAX_FILE_PATH)
        return wrong('a path of more than 255 bytes');
      if (!isU32(packet.size)) return wrong(`size ${packet.size} is no U32`);
      const into = head(packet, 6 + source.length + destination.length);
      const at = writePath(into, writeU32(into, HEAD_LENGTH, packet.size), source);
      writePath(into, at, destination);
      return succeed(into);
    }
    case 'data': {
      const { offset, bytes } = packet;
      if (!isU32(offset) || bytes.length > 0xffff) return wrong(`${bytes.length} bytes at offset ${offset}`);
      const into = head(packet, 6 + bytes.length);
      writeBytes(into, writeU16(into, writeU32(into, HEAD_LENGTH, offset), bytes.length), bytes);
      return succeed(into);
    }
    case 'end': {
      const into = head(packet, 4);
      writeU32(into, HEAD_LENGTH, packet.checksum);
      return succeed(into);
    }
    case 'cancel':
      return succeed(head(packet, 0));
  }
}

/**
 * Reads one packet, descriptor first; `bytes` of DATA is a view into it.
 * Errors: FPRIME_TRUNCATED, FPRIME_DESCRIPTOR, FPRIME_FILE.
 */
export function readFilePacket(packet: Uint8Array): Result<FilePacket> {
  const short = needs(packet, HEAD_LENGTH);
  if (short) return short;
  const found = readU16(packet, 0);
  if (found !== Apid.FILE) return fail('FPRIME_DESCRIPTOR', { found, expected: Apid.FILE });
  const sequence = readU32(packet, 3);
  switch (TYPES[packet[2]]) {
    case 'start':
      return readStart(packet, sequence);
    case 'data': {
      const noHead = needs(packet, FILE_DATA_OVERHEAD);
      if (noHead) return noHead;
      const end = FILE_DATA_OVERHEAD + readU16(packet, 11);
      const bytes = packet.subarray(FILE_DATA_OVERHEAD, end);
      return ending(packet, end, { type: 'data', sequence, offset: readU32(packet, HEAD_LENGTH), bytes });
    }
    case 'end':
      return ending(packet, 11, { type: 'end', sequence, checksum: readU32(packet, HEAD_LENGTH) });
    case 'cancel':
      return ending(packet, HEAD_LENGTH, { type: 'cancel', sequence });
    default:
      return wrong(`type ${packet[2]} is not 0..3`);
  }
}

function readStart(packet: Uint8Array, sequence: number): Result<FilePacket> {
  const sourceAt = HEAD_LENGTH + 4;
  const destinationAt = sourceAt + 1 + (packet[sourceAt] ?? 0);
  const end = destinationAt + 1 + (packet[destinationAt] ?? 0);
  try {
    const source = decoder.decode(packet.subarray(sourceAt + 1, destinationAt));
    const destination = decoder.decode(packet.subarray(destinationAt + 1, end));
    const size = readU32(packet, HEAD_LENGTH);
    return ending(packet, end, { type: 'start', sequence, size, source, destination });
  } catch {
    return needs(packet, end) ?? wrong('a path is not UTF-8');
  }
}

/** The packet read, if it ends just there. */
function ending(packet: Uint8Array, end: number, read: FilePacket): Result<FilePacket> {
  const short = needs(packet, end);
  if (short) return short;
  return packet.length === end ? succeed(read) : wrong(`${packet.length - end} bytes left over`);
}

function head({ type, sequence }: FilePacket, bodyLength: number): Uint8Array {
  const into = new Uint8Array(HEAD_LENGTH + bodyLength);
  const at = writeU16(into, 0, Apid.FILE);
  into[at] = TYPES.indexOf(type);
  writeU32(into, at + 1, sequence);
  return into;
}

function writePath(into: Uint8Array, at: number, path: Uint8Array): number {
  into[at] = path.length;
  return writeBytes(into, at + 1, path);
}

function needs(packet: Uint8Array, needed: number): Failed | undefined {
  const { length } = packet;
  return length < needed ? fail('FPRIME_TRUNCATED', { what: 'file packet', length, needed }) : undefined;
}

function wrong(why: string): Failed {
  return fail('FPRIME_FILE', { why });
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}
