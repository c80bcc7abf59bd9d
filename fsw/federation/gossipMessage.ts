/** The messages of gossip.ts on the link: CBOR, signed by their sender. */
import type { KeyObject } from 'node:crypto';
import type { Result } from '../errors';
import type { TrustedKeys } from '../models';
import { Malformed, member, text, whole } from '../models/fields';
import { anyBytes, finite } from './fields';
import { type Opened, open, seal } from './sealed';

interface Addressed {
  readonly from: string;
  readonly to: string;
  readonly topic: string;
  /** Of the state of the one who offered, and which of its exchanges. */
  readonly life: number;
  readonly sequence: number;
}

interface Given {
  readonly weight: number;
  /** See compress.ts. */
  readonly delta: Uint8Array;
}

export type GossipMessage =
  | ({ readonly kind: 'offer'; readonly closed: number } & Addressed & Given)
  | ({ readonly kind: 'answer' } & Addressed & Given)
  | ({ readonly kind: 'close' } & Addressed);

export function sealGossip(message: GossipMessage, key: KeyObject): Uint8Array {
  return seal('PGEFGOSS', message, key);
}

/** Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE. */
export function openGossip(bytes: Uint8Array, keys: TrustedKeys): Result<Opened<GossipMessage>> {
  return open('PGEFGOSS', bytes, keys, gossipMessageOf);
}

/** Throws `Malformed`. */
export function gossipMessageOf(value: unknown): GossipMessage {
  const at = 'gossip';
  const kind = text(member(value, 'kind', at), 'kind');
  const count = (key: string) => whole(member(value, key, at), key, { max: Number.MAX_SAFE_INTEGER });
  const addressed: Addressed = {
    from: text(member(value, 'from', at), 'from', 40),
    to: text(member(value, 'to', at), 'to', 40),
    topic: text(member(value, 'topic', at), 'topic', 64),
    life: count('life'),
    sequence: count('sequence'),
  };
  if (kind === 'close') return { kind, ...addressed };
  const weight = finite(value, 'weight', at);
  if (weight < 0) throw new Malformed(`weight: ${weight} is below 0`);
  const given: Given = { weight, delta: anyBytes(member(value, 'delta', at), 'delta') };
  if (kind === 'answer') return { kind, ...addressed, ...given };
  if (kind !== 'offer') throw new Malformed(`kind: ${kind} is no message of gossip`);
  return { kind, ...addressed, closed: count('closed'), ...given };
}
