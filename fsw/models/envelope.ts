/**
 * A signed manifest, and the bundle that it heads: one file for one upload.
 *
 *     0   8  "PGEMODEL"
 *     8   4  format, 1                       numbers big-endian
 *    12   4  length of the manifest
 *    16   8  key id
 *    24  64  Ed25519 signature over the manifest
 *    88      manifest                        up to here: the envelope
 *            graph, weights                  in a bundle, with the lengths that the manifest says, to the last byte
 *
 * An envelope alone, beside a graph and weights in a folder, is how models stand in a mission's sources.
 */
import type { KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import { encodeManifest, MAX_MANIFEST_BYTES, type ManifestModel, readManifest } from './manifest';
import {
  checkSignature,
  KEY_ID_BYTES,
  keyIdOf,
  SIGNATURE_BYTES,
  signManifest,
  type TrustedKeys,
} from './signature';

const MAGIC = 'PGEMODEL';
const MAGIC_BYTES = 8;
const FORMAT = 1;
const KEY_AT = 16;
const SIGNATURE_AT = KEY_AT + KEY_ID_BYTES;
/** Bytes before the manifest. */
export const ENVELOPE_HEAD_BYTES = SIGNATURE_AT + SIGNATURE_BYTES;

/** File names: of a bundle, and of an envelope beside its files. */
export const BUNDLE_EXTENSION = '.model';
export const ENVELOPE_EXTENSION = '.manifest';

export interface Envelope {
  readonly manifest: ManifestModel;
  readonly keyId: Uint8Array;
  /** The whole envelope. */
  readonly bytes: Uint8Array;
}

/** Encodes and signs. */
export function sealEnvelope(manifest: ManifestModel, key: KeyObject): Uint8Array {
  const encoded = encodeManifest(manifest);
  return envelopeOf(encoded, { keyId: keyIdOf(key), signature: signManifest(encoded, key) });
}

/** An envelope of a manifest that was signed already. */
export function envelopeOf(
  encoded: Uint8Array,
  { keyId, signature }: { readonly keyId: Uint8Array; readonly signature: Uint8Array },
  magic = MAGIC,
): Uint8Array {
  const bytes = new Uint8Array(ENVELOPE_HEAD_BYTES + encoded.length);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(magic, 'latin1'));
  view.setUint32(8, FORMAT);
  view.setUint32(12, encoded.length);
  bytes.set(keyId, KEY_AT);
  bytes.set(signature, SIGNATURE_AT);
  bytes.set(encoded, ENVELOPE_HEAD_BYTES);
  return bytes;
}

/**
 * The length of the envelope that begins with `head` (88 bytes). Errors: MODEL_TRUNCATED, MODEL_MAGIC, MODEL_FORMAT,
 * MODEL_MANIFEST_SIZE.
 */
export function envelopeLength(head: Uint8Array, file: string, expected = MAGIC): Result<number> {
  if (head.length < ENVELOPE_HEAD_BYTES)
    return fail('MODEL_TRUNCATED', { file, length: head.length, needed: ENVELOPE_HEAD_BYTES });
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const magic = Buffer.from(head.subarray(0, MAGIC_BYTES));
  if (magic.toString('latin1') !== expected)
    return fail('MODEL_MAGIC', { file, found: magic.toString('hex') });
  const format = view.getUint32(8);
  if (format !== FORMAT) return fail('MODEL_FORMAT', { file, found: format, expected: FORMAT });
  const length = view.getUint32(12);
  if (length === 0 || length > MAX_MANIFEST_BYTES)
    return fail('MODEL_MANIFEST_SIZE', { file, length, max: MAX_MANIFEST_BYTES });
  return succeed(ENVELOPE_HEAD_BYTES + length);
}

/**
 * Opens an envelope, which `bytes` begins with: the signature is checked before anything in the manifest is looked at.
 * Errors: those of `envelopeLength`, of `checkSignature` and of `readManifest`.
 */
export function openEnvelope(bytes: Uint8Array, keys: TrustedKeys, file: string): Result<Envelope> {
  const opened = openSigned(bytes, keys, file);
  if (!opened.ok) return opened;
  const { encoded, keyId, bytes: own } = opened.value;
  const manifest = readManifest(encoded, file);
  return manifest.ok ? succeed({ manifest: manifest.value, keyId, bytes: own }) : manifest;
}

/** What an envelope holds, once its signature was found good; not yet looked at. */
export interface Signed {
  readonly encoded: Uint8Array;
  readonly keyId: Uint8Array;
  /** The whole envelope. */
  readonly bytes: Uint8Array;
}

/** Errors: those of `envelopeLength` and of `checkSignature`. */
export function openSigned(
  bytes: Uint8Array,
  keys: TrustedKeys,
  file: string,
  magic = MAGIC,
): Result<Signed> {
  const length = envelopeLength(bytes, file, magic);
  if (!length.ok) return length;
  if (bytes.length < length.value)
    return fail('MODEL_TRUNCATED', { file, length: bytes.length, needed: length.value });
  // A copy: what was checked must be what is read, also when the bytes lie in shared memory.
  const own = new Uint8Array(bytes.subarray(0, length.value));
  const keyId = own.subarray(KEY_AT, SIGNATURE_AT);
  const signature = own.subarray(SIGNATURE_AT, ENVELOPE_HEAD_BYTES);
  const encoded = own.subarray(ENVELOPE_HEAD_BYTES);
  const signed = checkSignature(encoded, { keyId, signature }, keys, file);
  return signed.ok ? succeed({ encoded, keyId, bytes: own }) : signed;
}

/** Whether a bundle of `length` bytes is exactly what its manifest says. Errors: MODEL_TRUNCATED, MODEL_TRAILING. */
export function checkBundleLength({ bytes, manifest }: Envelope, length: number, file: string): Result<void> {
  const needed = bytes.length + manifest.graph.bytes + manifest.weights.bytes;
  if (length < needed) return fail('MODEL_TRUNCATED', { file, length, needed });
  if (length > needed) return fail('MODEL_TRAILING', { file, extra: length - needed });
  return succeed(undefined);
}
