/** Ed25519 (RFC 8032) over manifests: who may say what flies. Keys are PEM files, as openssl writes them. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { fail, type Result, succeed } from '../errors';

export const SIGNATURE_BYTES = 64;
export const KEY_ID_BYTES = 8;

/** By key id, in hex. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** The first 8 bytes of the SHA-256 of the raw public key. */
export function keyIdOf(key: KeyObject): Uint8Array {
  const { x = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  const raw = Buffer.from(x, 'base64url');
  return new Uint8Array(createHash('sha256').update(raw).digest().subarray(0, KEY_ID_BYTES));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** A new pair, as the text of two PEM files: PKCS #8 and SPKI. */
export function makeKeyPair(): {
  readonly privatePem: string;
  readonly publicPem: string;
  readonly id: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    id: hexOf(keyIdOf(publicKey)),
  };
}

/** All public keys in the text of PEM files. Errors: MODEL_KEY_FILE. */
export function readPublicKeys(pem: string, file: string): Result<TrustedKeys> {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) return fail('MODEL_KEY_FILE', { file, why: 'it holds no public key in PEM form' });
  const keys = new Map<string, KeyObject>();
  for (const block of blocks) {
    const key = edKey(() => createPublicKey(block), file);
    if (!key.ok) return key;
    keys.set(hexOf(keyIdOf(key.value)), key.value);
  }
  return succeed(keys);
}

/** Errors: MODEL_KEY_FILE. */
export function readPrivateKey(pem: string, file: string): Result<KeyObject> {
  return edKey(() => createPrivateKey(pem), file);
}

function edKey(read: () => KeyObject, file: string): Result<KeyObject> {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    return fail('MODEL_KEY_FILE', { file, why: 'it cannot be read as a PEM key' });
  }
  if (key.asymmetricKeyType === 'ed25519') return succeed(key);
  return fail('MODEL_KEY_FILE', { file, why: `${key.asymmetricKeyType} is not ed25519` });
}

export function signManifest(manifest: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign(null, manifest, key));
}

/** Errors: MODEL_KEY (nobody here trusts the key), MODEL_SIGNATURE. */
export function checkSignature(
  manifest: Uint8Array,
  { keyId, signature }: { readonly keyId: Uint8Array; readonly signature: Uint8Array },
  keys: TrustedKeys,
  file: string,
): Result<void> {
  const id = hexOf(keyId);
  const key = keys.get(id);
  if (key === undefined)
    return fail('MODEL_KEY', { file, key: id, known: [...keys.keys()].join(', ') || 'none' });
  return verify(null, manifest, key, signature)
    ? succeed(undefined)
    : fail('MODEL_SIGNATURE', { file, key: id });
}
