/** For tests and benchmarks of kernels: data that is the same on every run, shared and aligned as in flight. */
import { createHash } from 'node:crypto';
import { PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages } from './ecc/contract';

/** Fills with xorshift32 from `seed` (not 0). */
export function fillRandom(bytes: Uint8Array, seed: number): Uint8Array {
  let x = seed | 0;
  for (let at = 0; at < bytes.length; at++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[at] = x >>> 11;
  }
  return bytes;
}

/** Shared memory that starts on a page of the host. */
export function shared(bytes: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(bytes));
}

export function randomBytes(length: number, seed: number): Uint8Array {
  return fillRandom(shared(length), seed);
}

/** A region of random pages; nothing protects it yet. */
export function randomRegion(pages: number, seed: number): ProtectedPages {
  return {
    pages: randomBytes(pages * PAGE_BYTES, seed),
    check: shared(pages * PAGE_CHECK_BYTES),
    crcs: new Uint32Array(new SharedArrayBuffer(pages * 12)),
  };
}

/** Flips bit `bit` of a buffer, counted from its first byte's lowest. */
export function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] ^= 1 << (bit & 7);
}

/** Equal where all bytes are: comparing megabytes one by one is slow in a test. */
export function fingerprint(...views: readonly (Uint8Array | Uint32Array)[]): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of views)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}
