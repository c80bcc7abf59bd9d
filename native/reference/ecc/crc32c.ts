/** CRC-32C (Castagnoli, reflected 0x82F63B78; RFC 3720, appendix B.4), eight bytes a step ("slicing by 8"). */

const tables = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  tables[byte] = crc;
}
for (let at = 256; at < tables.length; at++)
  tables[at] = (tables[at - 256] >>> 8) ^ tables[tables[at - 256] & 0xff];

/** Of `bytes` from `start` to before `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8)
    crc =
      tables[1792 + ((crc & 0xff) ^ bytes[at])] ^
      tables[1536 + (((crc >>> 8) & 0xff) ^ bytes[at + 1])] ^
      tables[1280 + (((crc >>> 16) & 0xff) ^ bytes[at + 2])] ^
      tables[1024 + ((crc >>> 24) ^ bytes[at + 3])] ^
      tables[768 + bytes[at + 4]] ^
      tables[512 + bytes[at + 5]] ^
      tables[256 + bytes[at + 6]] ^
      tables[bytes[at + 7]];
  for (; at < end; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}
