import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { comQueue } from './comQueue';

const [EVENTS, TELEMETRY, PRODUCTS, FILES] = [0, 1, 2, 3];
/** A packet that takes 100 bytes on the air. */
const packet = (tag: number, length = 94) => new Uint8Array(length).fill(tag);

async function queueBench(config = {}) {
  const b = await bench(comQueue, { config, queueDepth: 64 });
  return {
    ...b,
    async put(input: number, tag: number, value: number, length?: number) {
      b.in.comIn[input]({ data: packet(tag, length), value });
      await b.settle();
    },
    async grant(bytes: number, inContact = true) {
      b.in.grant({ bytes, inContact });
      await b.settle();
    },
    tags: () => b.calls('packetOut').map(({ data }) => (data as Uint8Array)[0]),
  };
}

describe('comQueue', () => {
  it('PGE-COMQ-001: sends in order of value per byte on the air, not of arrival or input', async () => {
    const b = await queueBench();
    await b.put(EVENTS, 1, 10);
    await b.put(FILES, 2, 30);
    await b.put(TELEMETRY, 3, 20);
    // Worth 25 on its own, but five times as long.
    await b.put(PRODUCTS, 4, 25, 494);
    await b.grant(10_000);
    expect(b.tags()).toEqual([2, 3, 1, 4]);
  });

  it('PGE-COMQ-002: a packet that waits overtakes a denser newcomer at the rate of the parameter', async () => {
    const b = await queueBench();
    b.command('AgeingPerMinute_PRM_SET', { val: 0.1 });
    await b.settle();
    await b.put(EVENTS, 1, 10);
    await b.advance(10 * 60e6);
    // After ten minutes the first is worth 10 × e = 27.2.
    await b.put(EVENTS, 2, 27);
    await b.put(EVENTS, 3, 28);
    await b.grant(10_000);
    expect(b.tags()).toEqual([3, 1, 2]);
  });

  it('PGE-COMQ-002: a change of the ageing orders anew what waits already', async () => {
    const b = await queueBench();
    await b.put(EVENTS, 1, 10);
    await b.advance(10 * 60e6);
    await b.put(EVENTS, 2, 27);
    b.command('AgeingPerMinute_PRM_SET', { val: 0.1 });
    await b.settle();
    await b.grant(10_000);
    expect(b.tags()).toEqual([1, 2]);
  });

  it('PGE-COMQ-003: spends no more than the grant, space packet headers counted, and keeps the rest', async () => {
    const b = await queueBench();
    for (let tag = 1; tag <= 4; tag++) await b.put(EVENTS, tag, 1);
    await b.grant(199);
    expect(b.tags()).toEqual([1]);
    // 99 left + 101 = two packets of 100.
    await b.grant(101);
    expect(b.tags()).toEqual([1, 2, 3]);
    expect(b.telemetry).toMatchObject({ Depth: 1, DepthBytes: 100, Sent: 3, SentBytes: 300 });
  });

  it('PGE-COMQ-003: an empty store saves no credit for later', async () => {
    const b = await queueBench();
    await b.grant(1000);
    for (let tag = 1; tag <= 3; tag++) await b.put(EVENTS, tag, 1);
    await b.grant(100);
    expect(b.tags()).toEqual([1]);
  });

  it('PGE-COMQ-004: sends nothing out of contact, and the end of a contact takes the credit', async () => {
    const b = await queueBench();
    await b.put(EVENTS, 1, 1);
    await b.put(EVENTS, 2, 1);
    expect(b.sent).toEqual([]);
    await b.grant(150);
    await b.grant(1000, false);
    await b.grant(99);
    expect(b.tags()).toEqual([1]);
    await b.grant(1);
    expect(b.tags()).toEqual([1, 2]);
  });

  it('PGE-COMQ-005: flushes the frame once after what a grant sent, and not when it sent nothing', async () => {
    const b = await queueBench();
    await b.grant(1000);
    expect(b.sent).toEqual([]);
    await b.put(EVENTS, 1, 1);
    await b.put(EVENTS, 2, 1);
    await b.grant(1000);
    expect(b.sent.map(({ end }) => end)).toEqual(['packetOut', 'packetOut', 'flush']);
  });

  it('PGE-COMQ-006: a full store gives up the least dense, counts it by input, and says so', async () => {
    const b = await queueBench({ maxPackets: 2 });
    await b.put(EVENTS, 1, 5);
    await b.put(PRODUCTS, 2, 1);
    await b.put(TELEMETRY, 3, 3);
    await b.put(FILES, 4, 2);
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(b.events.map(({ text }) => text)).toEqual([
      'the downlink store is full: gave up a packet of PRODUCTS, 1 so far',
      'the downlink store is full: gave up a packet of FILES, 1 so far',
    ]);
    expect(b.telemetry).toMatchObject({ Dropped: 2, DroppedByInput: [0, 0, 1, 1], Depth: 2 });
    await b.grant(1000);
    expect(b.tags()).toEqual([1, 3]);
  });

  it('PGE-COMQ-006: the bound in bytes holds as well', async () => {
    const b = await queueBench({ maxBytes: 1022 });
    for (let tag = 1; tag <= 11; tag++) await b.put(EVENTS, tag, tag);
    await b.grant(10_000);
    expect(b.tags()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  });

  it('PGE-COMQ-009: tells those who fill it how many bytes wait, at once', async () => {
    const b = await queueBench();
    expect(b.in.backlog({})).toBe(0);
    await b.put(FILES, 1, 1);
    await b.put(EVENTS, 2, 1);
    expect(b.in.backlog({})).toBe(200);
    await b.grant(100);
    expect(b.in.backlog({})).toBe(100);
  });

  it('PGE-COMQ-006: a flood is reported five times, and again once the store has been empty', async () => {
    const b = await queueBench({ maxPackets: 1 });
    for (let tag = 0; tag < 20; tag++) await b.put(EVENTS, tag, 1);
    expect(b.events.length).toBe(5);
    await b.grant(1000);
    for (let tag = 0; tag < 2; tag++) await b.put(EVENTS, tag, 1);
    expect(b.events.at(-1)?.args).toEqual({ input: 'EVENTS', dropped: 20 });
  });

  it('PGE-COMQ-007: an operator gives up one input or all, and weighs an input', async () => {
    const b = await queueBench();
    await b.put(FILES, 1, 1);
    await b.put(EVENTS, 2, 5);
    await b.put(FILES, 3, 1);
    await b.put(TELEMETRY, 4, 1);
    b.command('FLUSH_QUEUE', { input: 'FILES' });
    await b.settle();
    b.command('SET_QUEUE_WEIGHT', { input: 'TELEMETRY', weight: 10 });
    await b.settle();
    await b.grant(100);
    b.command('FLUSH_ALL_QUEUES');
    await b.settle();
    await b.grant(1000);
    expect(b.tags()).toEqual([4]);
    expect(b.events.map(({ args }) => args)).toEqual([{ packets: 2 }, { packets: 1 }]);
    expect(b.responses.every(({ status }) => status === 'OK')).toBe(true);
  });

  it('PGE-COMQ-008: survives a value that is no number and refuses a weight that orders nothing', async () => {
    const b = await queueBench();
    await b.put(EVENTS, 1, Number.NaN);
    await b.put(EVENTS, 2, -1);
    await b.put(EVENTS, 3, 0.5);
    for (const weight of [0, -1, Number.NaN]) b.command('SET_QUEUE_WEIGHT', { input: 'EVENTS', weight });
    await b.grant(10_000);
    expect(b.tags()).toEqual([3, 1, 2]);
    expect(b.responses.map(({ status }) => status)).toEqual(Array(3).fill('VALIDATION_ERROR'));
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-COMQ-010: a packet that was damaged while it waited is not sent, but counted and reported', async () => {
    const b = await queueBench();
    const waiting = packet(1);
    b.in.comIn[PRODUCTS]({ data: waiting, value: 9 });
    await b.put(EVENTS, 2, 1);
    await b.settle();
    for (const bit of [0, 3, 93 * 8 + 7]) {
      waiting[bit >>> 3] ^= 1 << (bit & 7);
      await b.settle();
    }
    await b.grant(100);
    // It spends no credit either: the next goes instead.
    expect(b.tags()).toEqual([2]);
    expect(b.events.map(({ args }) => args)).toEqual([{ input: 'PRODUCTS', damaged: 1 }]);
    expect(b.telemetry).toMatchObject({ Damaged: 1, Sent: 1, Depth: 0 });
  });

  it('PGE-COMQ-011: gives up a packet whose deadline passed and counts it, also where it makes room', async () => {
    const b = await queueBench({ maxPackets: 2 });
    b.in.timedIn({ data: packet(1), value: 100, lifeS: 60 });
    await b.put(EVENTS, 2, 1);
    await b.advance(60e6);
    // The store is full: what has expired makes room, not what is worth least.
    await b.put(EVENTS, 3, 2);
    b.in.timedIn({ data: packet(4), value: 5, lifeS: 0 });
    await b.settle();
    b.in.schedIn({ context: 0 });
    await b.settle();
    expect(b.telemetry).toMatchObject({ Expired: 1, ExpiredByInput: [0, 0, 1, 0], Dropped: 1, Depth: 2 });
    await b.grant(10_000);
    expect(b.tags()).toEqual([4, 3]);
  });

  it('PGE-COMQ-012: goes by arrival while its parameter says so, and a full store gives up the last', async () => {
    const b = await queueBench({ maxPackets: 3 });
    b.command('Order_PRM_SET', { val: 'FIFO' });
    await b.settle();
    for (const [tag, value] of [
      [1, 1],
      [2, 50],
      [3, 2],
      [4, 99],
    ])
      await b.put(EVENTS, tag, value);
    await b.grant(100);
    expect(b.tags()).toEqual([1]);
    b.command('Order_PRM_SET', { val: 'DENSITY' });
    await b.settle();
    await b.put(EVENTS, 5, 10);
    await b.grant(1000);
    expect(b.tags()).toEqual([1, 2, 5, 3]);
  });
});
