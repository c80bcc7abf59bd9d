/**
 * One block of a recording: bytes as they came (or went), when, and which APIDs' packets ended in them.
 *
 * Big-endian: magic u32 | kind u8 (0 received, 1 sent) | reserved u8 | APID count u16 | payload length u32 |
 * Unix time f64, ms | CRC-32 u32 of everything else | APIDs u16 each | payload.
 */
import { crc32 } from 'node:zlib';

export const BLOCK_MAGIC = 0x50475242;
export const BLOCK_HEAD_LENGTH = 24;
const CRC_AT = 20;
/** More than any link hands over at once: a length above it is damage, not data. */
const MAX_PAYLOAD = 1 << 24;

export interface Block {
  readonly direction: 'received' | 'sent';
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** Those of the packets that ended in the payload, each once. */
  readonly apids: readonly number[];
  readonly payload: Uint8Array;
}

/** Writes a block in one piece, so that one `write` appends it. */
export function writeBlock({ direction, atMs, apids, payload }: Block): Buffer {
  const payloadAt = BLOCK_HEAD_LENGTH + 2 * apids.length;
  const bytes = Buffer.allocUnsafe(payloadAt + payload.length);
  bytes.writeUInt32BE(BLOCK_MAGIC, 0);
  bytes.writeUInt8(direction === 'sent' ? 1 : 0, 4);
  bytes.writeUInt8(0, 5);
  bytes.writeUInt16BE(apids.length, 6);
  bytes.writeUInt32BE(payload.length, 8);
  bytes.writeDoubleBE(atMs, 12);
  for (const [i, apid] of apids.entries()) bytes.writeUInt16BE(apid, BLOCK_HEAD_LENGTH + 2 * i);
  bytes.set(payload, payloadAt);
  bytes.writeUInt32BE(checksum(bytes), CRC_AT);
  return bytes;
}

function checksum(block: Uint8Array): number {
  return crc32(block.subarray(BLOCK_HEAD_LENGTH), crc32(block.subarray(0, CRC_AT)));
}

/** The whole length that the head at `at` states; undefined when there is no head of a block there. */
export function blockLength(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < BLOCK_HEAD_LENGTH || bytes.readUInt32BE(at) !== BLOCK_MAGIC) return undefined;
  const payload = bytes.readUInt32BE(at + 8);
  return payload > MAX_PAYLOAD ? undefined : BLOCK_HEAD_LENGTH + 2 * bytes.readUInt16BE(at + 6) + payload;
}

/** Reads the block that fills `bytes`; undefined when its checksum says that it is damaged. */
export function readBlock(bytes: Buffer): Block | undefined {
  if (blockLength(bytes, 0) !== bytes.length) return undefined;
  if (bytes.readUInt32BE(CRC_AT) !== checksum(bytes)) return undefined;
  const count = bytes.readUInt16BE(6);
  return {
    direction: bytes.readUInt8(4) === 1 ? 'sent' : 'received',
    atMs: bytes.readDoubleBE(12),
    apids: Array.from({ length: count }, (_, i) => bytes.readUInt16BE(BLOCK_HEAD_LENGTH + 2 * i)),
    payload: bytes.subarray(BLOCK_HEAD_LENGTH + 2 * count),
  };
}
