/**
 * File checksums, computed piece by piece so that a file never lies in memory (727.0-B-5, 4.2.2 and annex F):
 * `start`, then `update` over consecutive pieces, then `value`. The state is one number, fit for a journal.
 */
import { ChecksumType } from './constants';

export interface Checksum {
  readonly start: number;
  /** Goes on over `bytes`, which lie at `offset` of the file. */
  update(state: number, bytes: Uint8Array, offset: number): number;
  value(state: number): number;
}

/**
 * The modular checksum (727.0-B-5, 4.2.2; F´ file packets have it, too) with `bytes`, which lie at `offset` of the file, added to
 * `sum`: big-endian words aligned to the file's start, zero padded, summed modulo 2^32. Parts may be added in any
 * order, each byte once.
 */
export function addModularChecksum(sum: number, offset: number, bytes: Uint8Array): number {
  const { length } = bytes;
  let total = sum | 0;
  let at = 0;
  for (; at < length && ((offset + at) & 3) !== 0; at++)
    total = (total + (bytes[at] << shiftAt(offset + at))) | 0;
  for (; at + 3 < length; at += 4)
    total = (total + ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3])) | 0;
  for (; at < length; at++) total = (total + (bytes[at] << shiftAt(offset + at))) | 0;
  return total >>> 0;
}

/** Where a byte stands in its word. Offsets may be past 2^31: `&` works modulo 2^32, of which 4 is a divisor. */
function shiftAt(offset: number): number {
  return 24 - 8 * (offset & 3);
}

const modular: Checksum = {
  start: 0,
  update: (state, bytes, offset) => addModularChecksum(state, offset, bytes),
  value: (state) => state,
};

/** A reflected CRC-32, preset and inverted with ones; four bytes a step. */
function crc32(polynomial: number): Checksum {
  const tables = Array.from({ length: 4 }, () => new Uint32Array(256));
  const [t0, t1, t2, t3] = tables;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    t0[byte] = crc;
  }
  for (let k = 1; k < 4; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[k - 1][byte];
      tables[k][byte] = (before >>> 8) ^ t0[before & 0xff];
    }
  }
  return {
    start: 0xffffffff,
    update(state, bytes) {
      const { length } = bytes;
      let crc = state | 0;
      let at = 0;
      for (; at + 4 <= length; at += 4) {
        crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
        crc = t3[crc & 0xff] ^ t2[(crc >>> 8) & 0xff] ^ t1[(crc >>> 16) & 0xff] ^ t0[crc >>> 24];
      }
      for (; at < length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]) & 0xff];
      return crc >>> 0;
    },
    value: (state) => ~state >>> 0,
  };
}

const none: Checksum = { start: 0, update: () => 0, value: () => 0 };

const checksums = new Map<number, Checksum>([
  [ChecksumType.MODULAR, modular],
  [ChecksumType.CRC32C, crc32(0x82f63b78)],
  [ChecksumType.CRC32, crc32(0xedb88320)],
  [ChecksumType.NULL, none],
]);

/** The checksum of a type of the SANA registry, or undefined where we do not have it. */
export function checksumOf(type: number): Checksum | undefined {
  return checksums.get(type);
}
