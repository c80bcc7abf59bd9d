import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Coding, pack } from './compress';
import {
  AGE_MS,
  estimate,
  fallenBack,
  type GossipState,
  newGossip,
  offerTo,
  receive,
  restarted,
  type Step,
  trained,
} from './gossip';
import { readGossip, writeGossip } from './gossipFile';
import { type GossipMessage, openGossip, sealGossip } from './gossipMessage';
import { type Mass, together } from './mass';
import { nodeKeys, testDelta } from './testVectors';

const VALUES = 12;
const whole: Coding = { kind: 'float32' };
const limits = { norm: 100, weight: 1000 };

function heard(state: GossipState, message: GossipMessage, coding: Coding = whole) {
  return receive(state, message, coding, 1000, limits);
}

function node(name: string, seed: number, examples: number): GossipState {
  return trained(newGossip(name, 'topic', VALUES, 1000), testDelta(VALUES, seed, 1), examples, 1000, 0.5);
}

function done(step: ReturnType<typeof receive>): Step {
  if (!step.ok) throw new Error(step.error.text);
  return step.value;
}

/** A contact of two, which ends after `messages` of its three: then each state must be what its file says, too. */
function contact(pair: [GossipState, GossipState], messages = 3, coding = whole): [GossipState, GossipState] {
  const [a, b] = pair[0].node < pair[1].node ? pair : [pair[1], pair[0]];
  const states = { [a.node]: a, [b.node]: b };
  const keep = ({ state, reply }: Step) => {
    if (messages < 3) expect(readGossip(writeGossip(state))).toEqual({ ok: true, value: plain(state) });
    states[state.node] = state;
    return reply;
  };
  let message = keep(done(offerTo(a, b.node, coding, 1000)));
  for (let i = 0; i < messages && message; i++)
    message = keep(done(heard(states[message.to], message, coding)));
  return [states[pair[0].node], states[pair[1].node]];
}

/** Without members that are there and undefined. */
function plain(state: GossipState): GossipState {
  const peers = Object.entries(state.peers).map(([name, { aside, ...peer }]) => [
    name,
    aside === undefined ? peer : { ...peer, aside },
  ]);
  return { ...state, peers: Object.fromEntries(peers) };
}

function meanOf(states: readonly GossipState[]): Mass {
  return states.map(estimate).reduce(together);
}

function distance(a: Mass, b: Mass): number {
  return a.delta.reduce((most, value, i) => Math.max(most, Math.abs(value - b.delta[i])), 0);
}

describe('gossip', () => {
  it('leaves both with the mean by weight after one contact', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const expected = together(a.own, b.own);
    for (const state of contact([a, b])) {
      expect(estimate(state).weight).toBe(20);
      expect(distance(estimate(state), expected)).toBeLessThan(1e-6);
    }
  });

  it('cut before the answer came leaves both as they were, whatever comes late or twice', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    for (const messages of [0, 1]) {
      const [left, right] = contact([a, b], messages);
      for (const [now, then] of [
        [left, a],
        [right, b],
      ] as const) {
        expect(estimate(now).weight).toBe(then.own.weight);
        expect(distance(estimate(now), then.own)).toBeLessThan(1e-6);
      }
      // A boot gives the offer up: its answer, coming later, is of nothing.
      const booted = restarted(left);
      expect(booted.own.weight).toBe(30);
      const answer = right.peers.a?.aside?.answer;
      if (answer) expect(done(heard(booted, answer))).toEqual({ state: booted, merged: false });
    }
  });

  it('cut before it was closed gives the other its part at their next contact, once', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const [left, right] = contact([a, b], 2);
    expect([estimate(left).weight, estimate(right).weight]).toEqual([20, 10]);
    // The next contact, cut after its offer, still says that the one before was closed.
    const [, later] = contact([left, right], 1);
    expect(estimate(later).weight).toBe(20);
    expect(distance(estimate(later), together(a.own, b.own))).toBeLessThan(1e-6);
    const close: GossipMessage = {
      kind: 'close',
      from: 'a',
      to: 'b',
      topic: 'topic',
      life: 1000,
      sequence: 1,
    };
    expect(done(heard(later, close))).toEqual({ state: later, merged: false });
    expect(done(heard(right, close)).state.own.weight).toBe(20);
  });

  it('hears an offer again and says the same answer', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const { reply: offer } = done(offerTo(a, 'b', whole, 1000));
    if (!offer) throw new Error('no offer');
    const once = done(heard(b, offer));
    const twice = done(heard(once.state, offer));
    expect(twice.reply).toEqual(once.reply);
    expect(twice.state).toEqual(once.state);
    // Once it is closed, the same offer is of the past.
    const close: GossipMessage = {
      kind: 'close',
      from: 'a',
      to: 'b',
      topic: 'topic',
      life: 1000,
      sequence: 1,
    };
    const { state: closed } = done(heard(once.state, close));
    expect(done(heard(closed, offer))).toEqual({ state: closed, merged: false });
  });

  it('brings all to the mean by weight, whatever was cut, while contacts keep them connected', () => {
    const contacts = fc.array(
      fc.record({ pair: fc.nat(3), messages: fc.integer({ min: 0, max: 3 }), boot: fc.boolean() }),
      { maxLength: 30 },
    );
    const weights = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(contacts, weights, (sequence, examples) => {
        const states = examples.map((count, i) => node('abcd'[i], i, count));
        const expected = meanOf(states);
        const meet = (pair: number, messages: number) => {
          const other = (pair + 1) % 4;
          [states[pair], states[other]] = contact([states[pair], states[other]], messages);
        };
        for (const { pair, messages, boot } of sequence) {
          meet(pair, messages);
          if (boot) states[pair] = restarted(states[pair]);
        }
        for (let round = 0; round < 25; round++) for (let pair = 0; pair < 4; pair++) meet(pair, 3);
        for (const state of states) expect(distance(estimate(state), expected)).toBeLessThan(2e-5);
        expect(meanOf(states).weight).toBeCloseTo(expected.weight, 6);
      }),
      { seed: 41, numRuns: 30 },
    );
  });

  it('in eight bits loses no mass: the mean stays, and all come within a step of it', () => {
    const states = [5, 50, 20, 100].map((count, i) => node('abcd'[i], i, count));
    const expected = meanOf(states);
    for (let round = 0; round < 30; round++)
      for (let i = 0; i < 4; i++) {
        const other = (i + 1) % 4;
        [states[i], states[other]] = contact([states[i], states[other]], 3, { kind: 'int8', block: 4 });
      }
    expect(distance(meanOf(states), expected)).toBeLessThan(1e-4);
    const largest = Math.max(...expected.delta.map(Math.abs));
    for (const state of states) expect(distance(estimate(state), expected)).toBeLessThan((largest / 127) * 3);
  });

  it('counts what was learned long ago for less', () => {
    const [old, fresh] = [
      node('a', 1, 40),
      trained(node('b', 2, 40), testDelta(VALUES, 2, 1), 40, 1000 + 3 * AGE_MS),
    ];
    const offer = done(offerTo(old, 'b', whole, 1000 + 3 * AGE_MS));
    expect(offer.reply).toMatchObject({ weight: 10 });
    expect(done(offerTo(fresh, 'a', whole, 1000)).reply).toMatchObject({ weight: 20 });
  });

  it('gives up what is aside with a node that lost its state', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const [, right] = contact([a, b], 2);
    const anew = { ...node('a', 5, 8), life: 2000 };
    const [, after] = contact([anew, right], 1);
    expect(estimate(after).weight).toBe(10);
  });

  it('leads back to what the node itself had learned, its weight as it is now', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const [left] = contact([a, b]);
    expect(fallenBack(left).own).toEqual({ delta: a.own.delta, weight: 20 });
    const blind = newGossip('a', 'topic', VALUES, 1000);
    expect(fallenBack(blind)).toBe(blind);
  });

  it('refuses what is for another, of another topic, or whose vector is none', () => {
    const [a, b] = [node('a', 1, 30), node('b', 2, 10)];
    const { reply: offer } = done(offerTo(a, 'b', whole, 1000));
    if (offer?.kind !== 'offer') throw new Error('no offer');
    const { delta } = offer;
    const huge = pack(testDelta(VALUES, 1, 1000), whole);
    for (const [change, code] of [
      [{ to: 'c' }, 'FED_NODE'],
      [{ from: 'b' }, 'FED_NODE'],
      [{ topic: 'other' }, 'FED_START'],
      [{ delta: Uint8Array.of(9) }, 'FED_PACKED'],
      [{ weight: 1001 }, 'FED_WEIGHT'],
      [{ delta: huge.ok ? huge.value.bytes : delta }, 'FED_NORM'],
    ] as const)
      expect(heard(b, { ...offer, ...change })).toMatchObject({ error: { code } });
  });
});

describe('a message of gossip', () => {
  const { key, publicKey, id } = nodeKeys.alpha;
  const keys = new Map([[id, publicKey]]);

  it('is read back as it was sent, and refused with any wrong bit', () => {
    const { reply: offer } = done(offerTo(node('a', 1, 30), 'b', whole, 1000));
    if (!offer) throw new Error('no offer');
    const sent = sealGossip(offer, key);
    expect(openGossip(sent, keys)).toMatchObject({ ok: true, value: { content: offer } });
    for (let bit = 0; bit < sent.length * 8; bit += 37) {
      const wrong = sent.slice();
      wrong[bit >> 3] ^= 1 << (bit & 7);
      expect(openGossip(wrong, keys).ok).toBe(false);
    }
  });

  it('a file of its state with any wrong bit, or cut, is refused', () => {
    const file = writeGossip(contact([node('a', 1, 30), node('b', 2, 10)], 1)[1]);
    for (let bit = 0; bit < file.length * 8; bit += 41) {
      const wrong = file.slice();
      wrong[bit >> 3] ^= 1 << (bit & 7);
      expect(readGossip(wrong)).toMatchObject({ error: { code: 'FED_FORMAT' } });
    }
    expect(readGossip(file.subarray(0, 20)).ok).toBe(false);
  });
});
