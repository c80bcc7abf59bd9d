/**
 * The Frame Error Control Field of TC and TM transfer frames: CRC-16 with polynomial 0x1021, preset to
 * 0xFFFF, not reflected, no final XOR (CCSDS 132.0-B 4.1.6, 232.0-B 4.1.4; also "CRC-16/CCITT-FALSE").
 */

/** Table k holds the CRC of each byte followed by k zero bytes ("slicing": eight bytes a step). */
const tables = Array.from({ length: 8 }, () => new Uint16Array(256));
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;

for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  t0[byte] = crc;
}
for (let k = 1; k < 8; k++) {
  for (let byte = 0; byte < 256; byte++) {
    const before = tables[k - 1][byte];
    tables[k][byte] = (before << 8) ^ t0[before >>> 8];
  }
}

/** The CRC of `bytes[start..end)`; `end` must not exceed `bytes.length`. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc =
      t7[bytes[at] ^ (crc >>> 8)] ^
      t6[bytes[at + 1] ^ (crc & 0xff)] ^
      t5[bytes[at + 2]] ^
      t4[bytes[at + 3]] ^
      t3[bytes[at + 4]] ^
      t2[bytes[at + 5]] ^
      t1[bytes[at + 6]] ^
      t0[bytes[at + 7]];
  }
  for (; at < end; at++) crc = ((crc << 8) & 0xffff) ^ t0[(crc >>> 8) ^ bytes[at]];
  return crc;
}
