/**
 * Two nodes in view of each other average what they learned, with no ground in sight. Each gives the other half of its mass:
 *
 *     initiator   offer: half of mine; and the last exchange with you that I closed
 *     other       answer: half of mine, the same moment put aside on board
 *     initiator   takes the answer in, in one write; from then on the exchange is closed
 *     other       takes the offer in on `close`, or when the next offer says that it was closed
 *
 * A cut before the answer came leaves both as they were: what was put aside goes back at their next contact (the initiator's at
 * once). A cut after it leaves the other's part to that contact. So no mass is lost or counted twice, and all nodes that meet
 * often enough come to the mean of all by weight. Of two nodes the one whose name comes first offers.
 *
 * Weights are the examples that a node learned from, and get less with the age of its last training (see aggregate.ts).
 */
import { fail, type Result, succeed } from '../errors';
import { staleness } from './aggregate';
import { type Coding, unpack } from './compress';
import type { GossipMessage } from './gossipMessage';
import { halved, type Mass, together } from './mass';
import { normOf } from './refusal';

/** Mass that is with another node, or will come back. */
export interface Aside {
  readonly sequence: number;
  readonly given: Mass;
  /** The answer as it went, to say it again. Absent: we made the offer. */
  readonly answer?: GossipMessage;
  /** What the offer brought, not ours yet. */
  readonly incoming?: Mass;
}

export interface Peer {
  /** Which life of its state: it starts anew when a node lost its state. */
  readonly life: number;
  /** The last exchange that we began and closed. */
  readonly closed: number;
  /** The last that it began and we saw. */
  readonly seen: number;
  readonly aside?: Aside;
}

export interface GossipState {
  readonly node: string;
  /** What is averaged: only nodes with the same one do. */
  readonly topic: string;
  readonly life: number;
  readonly sequence: number;
  /** Without what is aside. */
  readonly own: Mass;
  /** Unix milliseconds of the last training, and to when the weight is aged. */
  readonly trainedMs: number;
  readonly agedMs: number;
  /** What our own last training came to, and its accuracy on our reference tiles: where an average that is worse leads back to. */
  readonly good?: { readonly delta: Float32Array; readonly accuracy: number };
  readonly peers: Readonly<Record<string, Peer>>;
}

/** What a neighbour may bring: more is an error, or an attack. */
export interface GossipLimits {
  /** L2 norm of its vector. */
  readonly norm: number;
  /** Its half of the weight, in examples. */
  readonly weight: number;
}

export const gossipLimits: GossipLimits = { norm: 100, weight: 100_000 };

/** Age 1 of `staleness`, in milliseconds. */
export const AGE_MS = 86_400_000;

export function newGossip(node: string, topic: string, values: number, nowMs: number): GossipState {
  const own = { delta: new Float32Array(values), weight: 0 };
  return { node, topic, life: nowMs, sequence: 0, own, trainedMs: nowMs, agedMs: nowMs, peers: {} };
}

/** What the node takes for the mean now: nothing of it is away. */
export function estimate({ own, peers }: GossipState): Mass {
  return Object.values(peers).reduce((sum, { aside }) => (aside ? together(sum, aside.given) : sum), own);
}

/**
 * After a training that began with the estimate: its result counts for the examples that it learned from; our offers are void.
 * `accuracy`: of the result, where there are reference tiles.
 */
export function trained(
  state: GossipState,
  delta: Float32Array,
  examples: number,
  nowMs: number,
  accuracy = Number.NaN,
): GossipState {
  const own = { delta, weight: examples };
  const next = { ...restarted(state), own, trainedMs: nowMs, agedMs: nowMs };
  return Number.isNaN(accuracy) ? next : { ...next, good: { delta, accuracy } };
}

/** Back to what our own last training came to, when the average since is no good. */
export function fallenBack(state: GossipState): GossipState {
  const { good, own } = state;
  return good === undefined ? state : { ...restarted(state), own: { ...own, delta: good.delta } };
}

export interface Step {
  readonly state: GossipState;
  /** To send once `state` is on the medium. */
  readonly reply?: GossipMessage;
  /** Whether another's mass was taken in. */
  readonly merged: boolean;
}

/** Begins an exchange; one with the same peer that was not closed is given up. Errors: those of `pack`. */
export function offerTo(before: GossipState, peer: string, coding: Coding, nowMs: number): Result<Step> {
  const state = aged(settledAside(before, peer, 'back'), nowMs);
  const halves = halved(state.own, coding);
  if (!halves.ok) return halves;
  const { kept, given, packed } = halves.value;
  const sequence = state.sequence + 1;
  const known = peerOf(state, peer);
  const next = { ...state, sequence, own: kept };
  const reply: GossipMessage = {
    kind: 'offer',
    ...{ from: state.node, to: peer, topic: state.topic, life: state.life, sequence, closed: known.closed },
    ...{ weight: given.weight, delta: packed },
  };
  return succeed({ state: put(next, peer, { ...known, aside: { sequence, given } }), reply, merged: false });
}

/**
 * A message of another. One that was heard before, or is of an exchange given up, changes nothing. Errors: FED_NODE (for
 * another, or from ourselves), FED_START (another topic), FED_PACKED, FED_NUMBER, FED_NORM, FED_WEIGHT.
 */
export function receive(
  state: GossipState,
  message: GossipMessage,
  coding: Coding,
  nowMs: number,
  limits = gossipLimits,
): Result<Step> {
  const { from, to, topic, kind } = message;
  if (to !== state.node || from === state.node)
    return fail('FED_NODE', { what: kind, node: from, why: `it is for ${to}` });
  if (topic !== state.topic) return fail('FED_START', { what: kind, found: topic, expected: state.topic });
  if (kind !== 'close') {
    const brought = broughtBy(message, state.own.delta.length, limits);
    if (!brought.ok) return brought;
    return kind === 'offer'
      ? onOffer(state, message, brought.value, coding, nowMs)
      : succeed(onAnswer(state, message, brought.value));
  }
  const { aside, life } = peerOf(state, from);
  const isOurs =
    aside?.incoming !== undefined && aside.sequence === message.sequence && life === message.life;
  return succeed({ state: isOurs ? settledAside(state, from, 'take') : state, merged: isOurs });
}

type Offer = Extract<GossipMessage, { kind: 'offer' }>;
type Answer = Extract<GossipMessage, { kind: 'answer' }>;

function broughtBy(
  { from, weight, delta }: Offer | Answer,
  values: number,
  limits: GossipLimits,
): Result<Mass> {
  if (weight > limits.weight) return fail('FED_WEIGHT', { node: from, weight, max: limits.weight });
  const read = unpack(delta, values);
  if (!read.ok) return read;
  const norm = normOf(read.value);
  return norm > limits.norm
    ? fail('FED_NORM', { node: from, norm, max: limits.norm, why: 'for any neighbour' })
    : succeed({ delta: read.value, weight });
}

function onOffer(
  before: GossipState,
  offer: Offer,
  incoming: Mass,
  coding: Coding,
  nowMs: number,
): Result<Step> {
  const { from, sequence, life } = offer;
  const settled = settle(before, offer);
  const known = peerOf(settled.state, from);
  if (known.aside?.answer !== undefined && known.aside.sequence === sequence)
    return succeed({ ...settled, reply: known.aside.answer });
  if (sequence <= known.seen) return succeed(settled);
  const state = aged(settled.state, nowMs);
  const halves = halved(state.own, coding);
  if (!halves.ok) return halves;
  const { kept, given, packed } = halves.value;
  const reply: GossipMessage = {
    kind: 'answer',
    ...{ from: state.node, to: from, topic: state.topic, life, sequence },
    ...{ weight: given.weight, delta: packed },
  };
  const peer = { ...known, life, seen: sequence, aside: { sequence, given, answer: reply, incoming } };
  return succeed({ state: put({ ...state, own: kept }, from, peer), reply, merged: settled.merged });
}

/** What an offer says of the exchange before it: closed, so that its mass is ours; or not, so that ours comes back. */
function settle(
  state: GossipState,
  { from, life, closed, sequence }: Offer,
): { state: GossipState; merged: boolean } {
  const known = peerOf(state, from);
  const { aside } = known;
  const isNewLife = known.life !== life;
  const anew = isNewLife ? { ...known, life, seen: 0 } : known;
  const isSame = !isNewLife && aside?.answer !== undefined && aside.sequence === sequence;
  if (aside === undefined || isSame) return { state: put(state, from, anew), merged: false };
  const merged = !isNewLife && aside.incoming !== undefined && closed >= aside.sequence;
  const next = settledAside(state, from, merged ? 'take' : 'back');
  return { state: put(next, from, { ...anew, aside: undefined }), merged };
}

function onAnswer(state: GossipState, { from, sequence, life }: Answer, incoming: Mass): Step {
  const known = peerOf(state, from);
  const { aside } = known;
  const isOurs = aside !== undefined && aside.answer === undefined && aside.sequence === sequence;
  if (!isOurs || life !== state.life) return { state, merged: false };
  const own = together(state.own, incoming);
  const next = put({ ...state, own }, from, { ...known, closed: sequence, aside: undefined });
  const { topic } = state;
  return {
    state: next,
    reply: { kind: 'close', from: state.node, to: from, topic, life, sequence },
    merged: true,
  };
}

/** What we offered and did not close is ours again: after a boot, or when we no longer want an answer. Nobody else counts it. */
export function restarted(state: GossipState): GossipState {
  return Object.entries(state.peers)
    .filter(([, { aside }]) => aside !== undefined && aside.answer === undefined)
    .reduce((next, [peer]) => settledAside(next, peer, 'back'), state);
}

function peerOf(state: GossipState, name: string): Peer {
  return Object.hasOwn(state.peers, name) ? state.peers[name] : { life: 0, closed: 0, seen: 0 };
}

function put(state: GossipState, name: string, peer: Peer): GossipState {
  return { ...state, peers: { ...state.peers, [name]: peer } };
}

/** Ends what is aside with a peer: the other's mass is ours, or our own is back. */
function settledAside(state: GossipState, name: string, then: 'take' | 'back'): GossipState {
  const peer = peerOf(state, name);
  if (peer.aside === undefined) return state;
  const { given, incoming } = peer.aside;
  const own = then === 'take' && incoming ? together(state.own, incoming) : together(state.own, given);
  return put({ ...state, own }, name, { ...peer, aside: undefined });
}

/** The weight as it is at `nowMs`; a clock that was set back changes nothing. */
function aged(state: GossipState, nowMs: number): GossipState {
  const { own, trainedMs, agedMs } = state;
  if (nowMs <= agedMs) return state;
  const factor = staleness((nowMs - trainedMs) / AGE_MS) / staleness((agedMs - trainedMs) / AGE_MS);
  return { ...state, agedMs: nowMs, own: { ...own, weight: own.weight * factor } };
}
