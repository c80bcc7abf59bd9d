/** CBOR (RFC 8949) in one form only: the same value gives the same bytes, so that they can be signed. */
import { Encoder } from 'cbor-x';

const codec = new Encoder({
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
  structuredClone: false,
});

/**
 * Definite lengths, shortest heads, keys in order: the core deterministic encoding of RFC 8949, 4.2.1, but that a number
 * with a fraction always takes 64 bits.
 */
export function encodeCbor(value: unknown): Uint8Array {
  return new Uint8Array(codec.encode(inOrder(value)));
}

/** Throws what the bytes are not. Byte strings come as plain `Uint8Array`s of their own. */
export function decodeCbor(bytes: Uint8Array): unknown {
  // A copy: cbor-x gives views of what it reads, and those of shared memory would change under radiation.
  return codec.decode(new Uint8Array(bytes));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.sort(byEncodedKey).map(([key, member]) => [key, inOrder(member)]));
}

/** The order of the keys' encodings: the head begins with the length. */
function byEncodedKey([a]: [string, unknown], [b]: [string, unknown]): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length - right.length || Buffer.compare(left, right);
}
