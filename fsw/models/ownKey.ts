/**
 * The spacecraft's own key: signs what was learned on board. It is Ed25519 in a PEM file in the storage of the board, which
 * makes it at its first start; it never leaves. Its public half goes down, so that the ground can trust it.
 */
import type { KeyObject } from 'node:crypto';
import type { Result } from '../errors';
import type { Storage } from '../framework';
import { readPrivateKey } from './signature';

export const OWN_KEY_FILE = 'spacecraft-key.pem';

/** Errors: those of the storage (STORAGE_MISSING: it has no key), MODEL_KEY_FILE. */
export function readOwnKey(storage: Storage): Result<KeyObject> {
  const stored = storage.read(OWN_KEY_FILE);
  return stored.ok ? readPrivateKey(Buffer.from(stored.value).toString('utf8'), OWN_KEY_FILE) : stored;
}
