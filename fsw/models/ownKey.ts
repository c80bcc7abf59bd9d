/**
 * The spacecraft's own key: it signs what was learned on board. Ed25519, made once (by the simulated board from its seed, by a
 * real one from the host's random numbers), and kept in the storage of the board, which it never leaves. Its public half
 * goes down, so that the ground can trust it.
 *
 * Two files hold the 32 secret bytes, each with their SHA-256: a flipped bit would otherwise make another good key, and nothing
 * that was signed before would fly any more.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import type { Storage } from '../framework';

export const OWN_KEY_FILES = ['spacecraft-key-a', 'spacecraft-key-b'] as const;
export const SECRET_BYTES = 32;
/** PKCS #8 of an Ed25519 key, up to the secret (RFC 8410, 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
/** SPKI of an Ed25519 key, up to the 32 raw bytes (RFC 8410, 4). */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** The private key; a copy that is damaged or gone is written anew from the other. Errors: MODEL_OWN_KEY. */
export function readOwnKey(storage: Storage): Result<KeyObject> {
  const copies = OWN_KEY_FILES.map((file) => secretIn(storage, file));
  const secret = copies.find((copy) => copy !== undefined);
  if (secret === undefined) return fail('MODEL_OWN_KEY', { files: OWN_KEY_FILES.join(' and ') });
  copies.forEach((copy, i) => {
    // What can't be healed now is tried again at the next reading.
    if (copy === undefined) storage.write(OWN_KEY_FILES[i], sealed(secret));
  });
  return succeed(ownKeyOf(secret));
}

/** Gives a spacecraft that has no key the one of `secret` (32 bytes); one that has a key keeps it. Errors: those of the storage. */
export function provideOwnKey(storage: Storage, secret: () => Uint8Array): Result<void> {
  if (readOwnKey(storage).ok) return succeed(undefined);
  const content = sealed(secret());
  const first = storage.write(OWN_KEY_FILES[0], content);
  return first.ok ? storage.write(OWN_KEY_FILES[1], content) : first;
}

export function ownKeyOf(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' });
}

/** The public half as its 32 raw bytes, in hex: what goes down. */
export function publicHex(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return spki.subarray(SPKI_HEAD.length).toString('hex');
}

/** A public key from what went down. Errors: MODEL_KEY_FILE. */
export function publicKeyOf(hex: string): Result<KeyObject> {
  if (!/^[0-9a-f]{64}$/.test(hex)) return fail('MODEL_KEY_FILE', { file: hex, why: 'not 64 hex digits' });
  const key = Buffer.concat([SPKI_HEAD, Buffer.from(hex, 'hex')]);
  return succeed(createPublicKey({ key, format: 'der', type: 'spki' }));
}

function secretIn(storage: Storage, file: string): Uint8Array | undefined {
  const stored = storage.read(file);
  if (!stored.ok) return undefined;
  const secret = stored.value.subarray(0, SECRET_BYTES);
  return Buffer.compare(sealed(secret), stored.value) === 0 ? secret : undefined;
}

function sealed(secret: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([secret, createHash('sha256').update(secret).digest()]));
}
