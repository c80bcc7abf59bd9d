/**
 * A run of bytes in a packed vector: its length on the link (doubled, one more if deflated, as a varint), then the bytes,
 * deflated (RFC 1951) where that is shorter.
 *
 * The strategy is run lengths and Huffman codes only: those don't hang on a hash of the processor's, so that x86 and ARM write
 * the same bytes and the same content address; and there is nothing else to find in quantised values.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { pushVarint, type VarintReader } from './varint';

const options = { level: 9, memLevel: 8, windowBits: 15, strategy: constants.Z_RLE } as const;

export function section(bytes: Uint8Array): Uint8Array {
  const deflated = bytes.length === 0 ? bytes : new Uint8Array(deflateRawSync(bytes, options));
  const pays = deflated.length < bytes.length;
  const body = pays ? deflated : bytes;
  const head: number[] = [];
  pushVarint(head, body.length * 2 + (pays ? 1 : 0));
  return joined([Uint8Array.from(head), body]);
}

/** The next section, of `min` to `max` bytes when opened, or `undefined`: cut short, longer, or no deflated bytes. */
export function readSection(
  from: VarintReader,
  { min, max }: { readonly min: number; readonly max: number },
): Uint8Array | undefined {
  const head = from.next();
  const body = head === undefined ? undefined : from.take(Math.floor(head / 2));
  if (head === undefined || body === undefined) return undefined;
  const bytes = head % 2 === 1 ? inflated(body, max) : body;
  return bytes !== undefined && bytes.length >= min && bytes.length <= max ? bytes : undefined;
}

function inflated(body: Uint8Array, max: number): Uint8Array | undefined {
  try {
    return new Uint8Array(inflateRawSync(body, { maxOutputLength: Math.max(1, max) }));
  } catch {
    return undefined;
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
