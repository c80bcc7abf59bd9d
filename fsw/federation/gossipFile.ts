/** The state of gossip.ts in a file: CBOR, its vectors as float32, and a SHA-256 over all of it. */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import { decodeCbor, encodeCbor } from '../models';
import { list, Malformed, member, optional, record, text, whole } from '../models/fields';
import { bytesOf, checkFinite, floatsOf } from './compress';
import { anyBytes, finite, unixMs } from './fields';
import type { Aside, GossipState, Peer } from './gossip';
import { gossipMessageOf } from './gossipMessage';
import type { Mass } from './mass';
import { joined } from './sections';

const DIGEST_BYTES = 32;

export function writeGossip(state: GossipState): Uint8Array {
  const peers = Object.entries(state.peers).map(([name, { aside, ...peer }]) => [
    name,
    {
      ...peer,
      aside: aside && {
        sequence: aside.sequence,
        given: massFields(aside.given),
        answer: aside.answer,
        incoming: aside.incoming && massFields(aside.incoming),
      },
    },
  ]);
  const { own, good } = state;
  const goodFields = good && { delta: bytesOf(good.delta), accuracy: good.accuracy };
  const body = encodeCbor({ ...state, own: massFields(own), good: goodFields, peers });
  return joined([digestOf(body), body]);
}

/** Errors: FED_FORMAT, FED_NUMBER: damaged, or no state of gossip. */
export function readGossip(file: Uint8Array): Result<GossipState> {
  const what = 'state of gossip';
  const body = file.subarray(DIGEST_BYTES);
  if (file.length < DIGEST_BYTES || Buffer.compare(digestOf(body), file.subarray(0, DIGEST_BYTES)) !== 0)
    return fail('FED_FORMAT', { what, why: 'its digest is not of it' });
  try {
    const state = stateOf(decodeCbor(body));
    const numbers = checkFinite(state.own.delta, what);
    return numbers.ok ? succeed(state) : numbers;
  } catch (error) {
    return fail('FED_FORMAT', { what, why: error instanceof Malformed ? error.message : 'not CBOR' });
  }
}

function stateOf(value: unknown): GossipState {
  const at = 'state';
  const own = massOf(member(value, 'own', at), 'own');
  const good = optional(value, 'good');
  const peers = list(member(value, 'peers', at), 'peers').map((entry) => {
    const [name, peer] = list(entry, 'peers', 2);
    return [text(name, 'peer', 40), peerOf(peer, own.delta.length)] as const;
  });
  return {
    node: text(member(value, 'node', at), 'node', 40),
    topic: text(member(value, 'topic', at), 'topic', 64),
    life: unixMs(value, 'life', at),
    sequence: unixMs(value, 'sequence', at),
    own,
    trainedMs: unixMs(value, 'trainedMs', at),
    agedMs: unixMs(value, 'agedMs', at),
    ...(good !== undefined && {
      good: { delta: vectorOf(good, 'good', own.delta.length), accuracy: finite(good, 'accuracy', 'good') },
    }),
    peers: Object.fromEntries(peers),
  };
}

function peerOf(value: unknown, values: number): Peer {
  const at = 'peer';
  const aside = optional(record(value, at), 'aside');
  const count = (key: string) => whole(member(value, key, at), key, { max: Number.MAX_SAFE_INTEGER });
  return {
    life: count('life'),
    closed: count('closed'),
    seen: count('seen'),
    ...(aside !== undefined && { aside: asideOf(aside, values) }),
  };
}

function asideOf(value: unknown, values: number): Aside {
  const at = 'aside';
  const answer = optional(value, 'answer');
  const incoming = optional(value, 'incoming');
  return {
    sequence: whole(member(value, 'sequence', at), 'sequence', { max: Number.MAX_SAFE_INTEGER }),
    given: massOf(member(value, 'given', at), 'given', values),
    ...(answer !== undefined && { answer: gossipMessageOf(answer) }),
    ...(incoming !== undefined && { incoming: massOf(incoming, 'incoming', values) }),
  };
}

function massFields({ delta, weight }: Mass): object {
  return { delta: bytesOf(delta), weight };
}

function massOf(value: unknown, at: string, values?: number): Mass {
  return { delta: vectorOf(value, at, values), weight: finite(value, 'weight', at) };
}

function vectorOf(value: unknown, at: string, values?: number): Float32Array {
  const bytes = anyBytes(member(value, 'delta', at), `${at}.delta`);
  if (bytes.length % 4 !== 0 || (values !== undefined && bytes.length !== values * 4))
    throw new Malformed(`${at}.delta: ${bytes.length} bytes`);
  return floatsOf(bytes);
}

function digestOf(body: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(body).digest());
}
