import { createHash } from 'node:crypto';

/** The secret of a simulated spacecraft's own key: the same seed signs the same bytes. It guards nothing. */
export function ownSecret(seed: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`spacecraft ${seed}`).digest());
}
