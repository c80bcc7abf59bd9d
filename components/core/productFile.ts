/**
 * The file of one data product, big-endian, byte for byte F´'s (Fw/Dp; `fprime-dp` of F´ GDS 4.4.1 reads it):
 *
 *     descriptor u16 = 5 | id u32 | priority u32 | time tag | processing u8 = 0 | user data 32 B = 0 | state u8 = 0 |
 *     data length u16 | CRC-32 of all before | data | CRC-32 of the data
 */
import { crc32 } from 'node:zlib';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Time } from '../../fsw/framework';
import { Apid, readTimeTag, readU16, readU32, writeTimeTag, writeU16, writeU32 } from '../../fsw/protocols';

export interface ProductHeader {
  readonly id: number;
  readonly priority: number;
  readonly time: Time;
  readonly dataLength: number;
}

export const PRODUCT_HEADER_LENGTH = 61;
const TIME_AT = 10;
const LENGTH_AT = 55;
const CRC_AT = 57;
const CRC_LENGTH = 4;

/** Bytes of the file of a product with this much data. */
export function productFileLength(dataLength: number): number {
  return PRODUCT_HEADER_LENGTH + dataLength + CRC_LENGTH;
}

export function productFile(
  { id, priority, time }: Omit<ProductHeader, 'dataLength'>,
  data: Uint8Array,
): Uint8Array {
  const file = new Uint8Array(productFileLength(data.length));
  const at = writeU32(file, writeU32(file, writeU16(file, 0, Apid.DP), id), priority);
  writeTimeTag(file, at, time);
  writeU16(file, LENGTH_AT, data.length);
  writeU32(file, CRC_AT, crc32(file.subarray(0, CRC_AT)));
  file.set(data, PRODUCT_HEADER_LENGTH);
  writeU32(file, PRODUCT_HEADER_LENGTH + data.length, crc32(data));
  return file;
}

/** Reads the first 61 bytes of a file that has `fileLength`. Errors: PRODUCT_FILE. */
export function readProductHeader(head: Uint8Array, fileLength: number): Result<ProductHeader> {
  if (head.length < PRODUCT_HEADER_LENGTH)
    return fail('PRODUCT_FILE', { why: `it has only ${head.length} bytes` });
  if (crc32(head.subarray(0, CRC_AT)) !== readU32(head, CRC_AT))
    return fail('PRODUCT_FILE', { why: 'the CRC of its header is wrong' });
  if (readU16(head, 0) !== Apid.DP)
    return fail('PRODUCT_FILE', { why: `descriptor ${readU16(head, 0)} is not 5` });
  const dataLength = readU16(head, LENGTH_AT);
  const expected = productFileLength(dataLength);
  if (fileLength !== expected)
    return fail('PRODUCT_FILE', { why: `it has ${fileLength} bytes, its header says ${expected}` });
  const time = readTimeTag(head, TIME_AT);
  return time.ok
    ? succeed({ id: readU32(head, 2), priority: readU32(head, 6), time: time.value, dataLength })
    : time;
}

/** Checks a whole file, data included. Errors: PRODUCT_FILE. */
export function checkProduct(file: Uint8Array): Result<ProductHeader> {
  const header = readProductHeader(file.subarray(0, PRODUCT_HEADER_LENGTH), file.length);
  if (!header.ok) return header;
  const end = PRODUCT_HEADER_LENGTH + header.value.dataLength;
  const right = crc32(file.subarray(PRODUCT_HEADER_LENGTH, end)) === readU32(file, end);
  return right ? header : fail('PRODUCT_FILE', { why: 'the CRC of its data is wrong' });
}
