/**
 * A second reader of CFDP PDUs, written from the standard (727.0-B-5, 5.1 to 5.4) and sharing no code with ours:
 * says whether a PDU is well formed, and what its lengths and offsets are.
 */
import { isUtf8 } from 'node:buffer';

export interface PduShape extends FieldShape {
  /** Source, sequence number, destination. */
  readonly ids: readonly bigint[];
}

interface FieldShape {
  readonly kind: string;
  /** Offsets and sizes in the order in which they stand. */
  readonly sizes: readonly bigint[];
  /** Bytes of file data; how many options, or missing ranges. */
  readonly count: number;
}

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Undefined: not well formed, or with a number of 2^53 or more. */
export function shapeOf(pdu: Uint8Array): PduShape | undefined {
  const bytes = Buffer.from(pdu.buffer, pdu.byteOffset, pdu.length);
  if (bytes.length < 4 || bytes[0] >> 5 !== 1) return undefined;
  const [isFileData, hasCrc, isLarge] = [0x10, 0x02, 0x01].map((bit) => (bytes[0] & bit) > 0);
  const idLength = ((bytes[3] & 0x70) >> 4) + 1;
  const numberLength = (bytes[3] & 0x07) + 1;
  const head = 4 + idLength + numberLength + idLength;
  if (bytes.length !== head + bytes.readUInt16BE(1)) return undefined;
  const end = bytes.length - (hasCrc ? 2 : 0);
  if (end <= head) return undefined;
  if (hasCrc && bytes.readUInt16BE(end) !== crcBitByBit(bytes.subarray(0, end))) return undefined;
  const ids = [
    bytes.subarray(4, 4 + idLength),
    bytes.subarray(4 + idLength, 4 + idLength + numberLength),
    bytes.subarray(4 + idLength + numberLength, head),
  ].map(big);
  if (ids.some((id) => id > LARGEST)) return undefined;
  const field = bytes.subarray(head, end);
  const wide = isLarge ? 8 : 4;
  const shape = isFileData ? fileData(field, wide, (bytes[3] & 0x08) > 0) : directive(field, wide);
  if (shape === undefined || shape.sizes.some((size) => size > LARGEST)) return undefined;
  return { ...shape, ids };
}

function fileData(field: Buffer, wide: number, hasMetadata: boolean): FieldShape | undefined {
  const from = hasMetadata ? 1 + (field[0] & 0x3f) : 0;
  const count = field.length - from - wide;
  if (count < 1) return undefined;
  const offset = big(field.subarray(from, from + wide));
  return offset + BigInt(count) > LARGEST ? undefined : { kind: 'file-data', sizes: [offset], count };
}

function directive(field: Buffer, wide: number): FieldShape | undefined {
  const rest = field.subarray(1);
  const sizeAt = (at: number) => big(rest.subarray(at, at + wide));
  switch (field[0]) {
    case 4: {
      const count = rest.length < 5 + wide ? undefined : options(rest.subarray(5 + wide));
      return count === undefined ? undefined : { kind: 'eof', sizes: [sizeAt(5)], count };
    }
    case 5: {
      const count = rest.length < 1 ? undefined : options(rest.subarray(1));
      return count === undefined ? undefined : { kind: 'finished', sizes: [], count };
    }
    case 6:
      if (rest.length !== 2 || (rest[0] >> 4 !== 4 && rest[0] >> 4 !== 5)) return undefined;
      return { kind: 'ack', sizes: [], count: 0 };
    case 7: {
      if (rest.length < 1 + wide) return undefined;
      let at = 1 + wide;
      for (let names = 0; names < 2; names++) {
        const after = at + 1 + rest[at];
        if (!(after <= rest.length) || !isUtf8(rest.subarray(at + 1, after))) return undefined;
        at = after;
      }
      const count = options(rest.subarray(at));
      return count === undefined ? undefined : { kind: 'metadata', sizes: [sizeAt(1)], count };
    }
    case 8: {
      const pairs = rest.length / (2 * wide);
      if (pairs < 1 || !Number.isInteger(pairs)) return undefined;
      const sizes = Array.from({ length: 2 * pairs }, (_, i) => sizeAt(i * wide));
      return { kind: 'nak', sizes, count: pairs - 1 };
    }
    case 9:
      return rest.length === 1 ? { kind: 'prompt', sizes: [], count: 0 } : undefined;
    case 12:
      return rest.length === wide ? { kind: 'keep-alive', sizes: [sizeAt(0)], count: 0 } : undefined;
    default:
      return undefined;
  }
}

/** How many options these bytes are; undefined when the last one is cut. */
function options(bytes: Buffer): number | undefined {
  let count = 0;
  let at = 0;
  for (; at < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) count++;
  return at === bytes.length ? count : undefined;
}

function big(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** CRC-16/CCITT-FALSE. */
function crcBitByBit(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (crc >> 15) ^ ((byte >> bit) & 1);
      crc = ((crc << 1) & 0xffff) ^ (carry * 0x1021);
    }
  return crc;
}
