/**
 * What all messages of a federation begin with: who signed them, before anything in them is looked at.
 *
 *     0   8  magic: which message this is
 *     8   8  key id (see fsw/models/signature.ts)
 *    16  64  Ed25519 signature over magic and body
 *    80      body, CBOR in its one form (fsw/models/cbor.ts)
 */
import { type KeyObject, sign, verify } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import {
  decodeCbor,
  encodeCbor,
  hexOf,
  KEY_ID_BYTES,
  keyIdOf,
  SIGNATURE_BYTES,
  type TrustedKeys,
} from '../models';
import { Malformed } from '../models/fields';
import { type Id, idOf } from './ids';
import { joined } from './sections';

const MAGIC_BYTES = 8;
const SIGNATURE_AT = MAGIC_BYTES + KEY_ID_BYTES;
const BODY_AT = SIGNATURE_AT + SIGNATURE_BYTES;
/** Longest message: all parameters of the largest model that is trained, whole. */
export const MAX_MESSAGE_BYTES = 2 ** 28;

const MAGICS = ['PGEFTASK', 'PGEFUPDT', 'PGEFGOSS', 'PGEFHELO'] as const;
export type Magic = (typeof MAGICS)[number];

/** Which message bytes begin as; undefined: none of ours. */
export function magicOf(bytes: Uint8Array): Magic | undefined {
  const named = Buffer.from(bytes.subarray(0, MAGIC_BYTES)).toString('latin1');
  return MAGICS.find((magic) => magic === named);
}

export interface Opened<T> {
  readonly content: T;
  /** Of the whole message. */
  readonly id: Id;
  /** In hex. */
  readonly keyId: string;
}

export function seal(magic: Magic, body: unknown, key: KeyObject): Uint8Array {
  const named = new Uint8Array(Buffer.from(magic, 'latin1'));
  const encoded = encodeCbor(body);
  const signature = new Uint8Array(sign(null, joined([named, encoded]), key));
  return joined([named, keyIdOf(key), signature, encoded]);
}

/**
 * `read` makes the content of the decoded body, and may throw `Malformed`. Errors: FED_FORMAT, FED_KEY (nobody here trusts
 * it), FED_SIGNATURE.
 */
export function open<T>(
  magic: Magic,
  bytes: Uint8Array,
  keys: TrustedKeys,
  read: (body: unknown) => T,
): Result<Opened<T>> {
  if (bytes.length <= BODY_AT || bytes.length > MAX_MESSAGE_BYTES)
    return fail('FED_FORMAT', { what: magic, why: `${bytes.length} bytes` });
  const named = bytes.subarray(0, MAGIC_BYTES);
  if (Buffer.from(named).toString('latin1') !== magic)
    return fail('FED_FORMAT', { what: magic, why: `it begins with ${hexOf(named)}` });
  const keyId = hexOf(bytes.subarray(MAGIC_BYTES, SIGNATURE_AT));
  const key = keys.get(keyId);
  if (key === undefined)
    return fail('FED_KEY', { what: magic, key: keyId, known: [...keys.keys()].join(', ') || 'none' });
  const body = bytes.subarray(BODY_AT);
  if (!verify(null, joined([named, body]), key, bytes.subarray(SIGNATURE_AT, BODY_AT)))
    return fail('FED_SIGNATURE', { what: magic, key: keyId });
  const content = contentOf(magic, body, read);
  return content.ok ? succeed({ content: content.value, id: idOf(bytes), keyId }) : content;
}

function contentOf<T>(magic: Magic, body: Uint8Array, read: (body: unknown) => T): Result<T> {
  let decoded: unknown;
  try {
    decoded = decodeCbor(body);
  } catch {
    return fail('FED_FORMAT', { what: magic, why: 'not CBOR' });
  }
  try {
    return succeed(read(decoded));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return fail('FED_FORMAT', { what: magic, why: error.message });
  }
}
