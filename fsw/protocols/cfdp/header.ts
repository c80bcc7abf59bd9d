/** The fixed header of every PDU (727.0-B-5, 5.1), with entity ids and sequence numbers of 1 to 8 bytes. */
import { fail, type Result, succeed } from '../../errors';
import { readU16, writeU16 } from '../bytes';

/** Which transaction: who sends the file, and its number there. */
export interface TransactionId {
  readonly source: number;
  readonly sequence: number;
}

export interface PduHeader extends TransactionId {
  readonly towardSender: boolean;
  /** Class 2. */
  readonly acknowledged: boolean;
  /** The PDU ends with a CRC-16. */
  readonly crc: boolean;
  /** Sizes and offsets take 8 bytes, not 4. */
  readonly largeFile: boolean;
  readonly destination: number;
  /** Bytes of each entity id and of the sequence number, 1..8. */
  readonly entityIdLength: number;
  readonly sequenceLength: number;
}

export interface ReadHeader extends PduHeader {
  readonly fileData: boolean;
  readonly segmentMetadata: boolean;
  /** Where the data field begins and ends (a CRC not counted). */
  readonly dataStart: number;
  readonly dataEnd: number;
}

const FIXED_LENGTH = 4;
const VERSION = 1;

export function headerLength({ entityIdLength, sequenceLength }: PduHeader): number {
  return FIXED_LENGTH + 2 * entityIdLength + sequenceLength;
}

/** Unsigned, of 1..8 bytes; `NaN` where a number can't hold it (2^53 and more). */
export function readUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i];
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

export function writeUint(into: Uint8Array, at: number, value: number, length: number): number {
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    into[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + length;
}

/** How many bytes a number needs. */
export function uintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 256; rest = Math.floor(rest / 256)) length++;
  return length;
}

/** Writes the header of a PDU whose data field (a CRC counted) has `dataLength` bytes; returns its end. */
export function writeHeader(
  into: Uint8Array,
  header: PduHeader,
  fileData: boolean,
  dataLength: number,
): number {
  into[0] =
    (VERSION << 5) |
    (fileData ? 0x10 : 0) |
    (header.towardSender ? 0x08 : 0) |
    (header.acknowledged ? 0 : 0x04) |
    (header.crc ? 0x02 : 0) |
    (header.largeFile ? 0x01 : 0);
  writeU16(into, 1, dataLength);
  into[3] = ((header.entityIdLength - 1) << 4) | (header.sequenceLength - 1);
  let at = writeUint(into, FIXED_LENGTH, header.source, header.entityIdLength);
  at = writeUint(into, at, header.sequence, header.sequenceLength);
  return writeUint(into, at, header.destination, header.entityIdLength);
}

/** Reads the header of one whole PDU. Errors: CFDP_TRUNCATED, CFDP_VERSION, CFDP_LENGTH, CFDP_VALUE. */
export function readHeader(pdu: Uint8Array): Result<ReadHeader> {
  const { length } = pdu;
  if (length < FIXED_LENGTH) return fail('CFDP_TRUNCATED', { what: 'header', length, needed: FIXED_LENGTH });
  const [flags, , , lengths] = pdu;
  if (flags >>> 5 !== VERSION) return fail('CFDP_VERSION', { version: flags >>> 5 });
  const entityIdLength = ((lengths >>> 4) & 7) + 1;
  const sequenceLength = (lengths & 7) + 1;
  const dataStart = FIXED_LENGTH + 2 * entityIdLength + sequenceLength;
  const crc = (flags & 0x02) !== 0;
  const end = dataStart + readU16(pdu, 1);
  if (length !== end) return fail('CFDP_LENGTH', { length, stated: end });
  const dataEnd = end - (crc ? 2 : 0);
  if (dataEnd <= dataStart) return fail('CFDP_TRUNCATED', { what: 'PDU', length, needed: dataStart + 1 });
  const source = readUint(pdu, FIXED_LENGTH, entityIdLength);
  const sequence = readUint(pdu, FIXED_LENGTH + entityIdLength, sequenceLength);
  const destination = readUint(pdu, FIXED_LENGTH + entityIdLength + sequenceLength, entityIdLength);
  if (Number.isNaN(source + sequence + destination))
    return fail('CFDP_VALUE', { what: 'entity id or sequence number', value: '2^53 or more' });
  return succeed({
    towardSender: (flags & 0x08) !== 0,
    acknowledged: (flags & 0x04) === 0,
    crc,
    largeFile: (flags & 0x01) !== 0,
    source,
    sequence,
    destination,
    entityIdLength,
    sequenceLength,
    fileData: (flags & 0x10) !== 0,
    segmentMetadata: (lengths & 0x08) !== 0,
    dataStart,
    dataEnd,
  });
}
