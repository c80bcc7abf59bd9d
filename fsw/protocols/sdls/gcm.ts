/** AES-256-GCM of the security layer, from Node's OpenSSL: 96-bit vector, whole 128-bit tag. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readU32, writeU32 } from '../bytes';
import { type Association, SECURITY_TRAILER_LENGTH } from './association';

const ALGORITHM = 'aes-256-gcm';
const TAG = { authTagLength: SECURITY_TRAILER_LENGTH };
const IV_LENGTH = 12;

/** The 96-bit number at `at`, big-endian. */
export function readIv(bytes: Uint8Array, at: number): bigint {
  const high = (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4));
  return (high << 32n) | BigInt(readU32(bytes, at + 8));
}

/** Writes a number as 96 bits, big-endian; returns the offset after it. */
export function writeIv(into: Uint8Array, at: number, iv: bigint): number {
  writeU32(into, at, Number((iv >> 64n) & 0xffff_ffffn));
  writeU32(into, at + 4, Number((iv >> 32n) & 0xffff_ffffn));
  return writeU32(into, at + 8, Number(iv & 0xffff_ffffn));
}

/**
 * Seals `frame[from..to)` in place and writes the tag at `to`; the vector lies in the 12 bytes before `from`.
 * `header` is what the MAC covers besides the data.
 */
export function sealInPlace(
  { key, service }: Association,
  header: Uint8Array,
  frame: Uint8Array,
  from: number,
  to: number,
): void {
  const cipher = createCipheriv(ALGORITHM, key, frame.subarray(from - IV_LENGTH, from), TAG);
  cipher.setAAD(header);
  const data = frame.subarray(from, to);
  if (service === 'authentication') cipher.setAAD(data);
  else frame.set(cipher.update(data), from);
  cipher.final();
  frame.set(cipher.getAuthTag(), to);
}

/** The plain bytes of `frame[from..to)`, whose tag lies at `to`; undefined when the tag is not of this key and text. */
export function openSealed(
  { key, service }: Association,
  header: Uint8Array,
  frame: Uint8Array,
  from: number,
  to: number,
): Uint8Array | undefined {
  const decipher = createDecipheriv(ALGORITHM, key, frame.subarray(from - IV_LENGTH, from), TAG);
  decipher.setAuthTag(frame.subarray(to, to + SECURITY_TRAILER_LENGTH));
  decipher.setAAD(header);
  const data = frame.subarray(from, to);
  try {
    if (service === 'authentication') {
      decipher.setAAD(data);
      decipher.final();
      return data;
    }
    const plain = decipher.update(data);
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}
