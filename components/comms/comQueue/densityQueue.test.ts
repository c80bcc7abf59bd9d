import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DensityQueue, type Waiting } from './densityQueue';

const AGEING = 0.05;

const packets = fc.array(
  fc.record({
    value: fc.double({ min: 0.001, max: 1000, noNaN: true }),
    airBytes: fc.integer({ min: 7, max: 1022 }),
    input: fc.nat(3),
    waitUs: fc.integer({ min: 0, max: 600e6 }),
  }),
  { maxLength: 60 },
);

/** The formula of the docstring, at a present. */
const density = (packet: Waiting, nowUs: number, ageing: number, weights: readonly number[]) =>
  ((weights[packet.input] * packet.value) / packet.airBytes) *
  Math.exp((ageing * (nowUs - packet.sinceUs)) / 60e6);

function filled(arrivals: readonly (Omit<Waiting, 'data' | 'sinceUs' | 'crc'> & { waitUs: number })[]) {
  const queue = new DensityQueue(AGEING, [1, 1, 1, 1]);
  let nowUs = 0;
  for (const { waitUs, ...packet } of arrivals) {
    nowUs += waitUs;
    queue.add({ ...packet, data: new Uint8Array(0), sinceUs: nowUs, crc: 0 });
  }
  return { queue, nowUs };
}

function drained(queue: DensityQueue): Waiting[] {
  const out: Waiting[] = [];
  for (let next = queue.takeDensest(); next !== undefined; next = queue.takeDensest()) out.push(next);
  return out;
}

describe('DensityQueue', () => {
  it('hands packets over in falling order of the documented formula, at any present', () => {
    fc.assert(
      fc.property(packets, fc.nat(6000e6), (arrivals, later) => {
        const { queue, nowUs } = filled(arrivals);
        const out = drained(queue).map((one) => density(one, nowUs + later, AGEING, [1, 1, 1, 1]));
        expect(out.length).toBe(arrivals.length);
        for (let i = 1; i < out.length; i++) expect(out[i]).toBeLessThanOrEqual(out[i - 1] * (1 + 1e-9));
        expect([queue.size, queue.bytes]).toEqual([0, 0]);
      }),
    );
  });

  it('orders by other weights and another ageing once told', () => {
    fc.assert(
      fc.property(packets, (arrivals) => {
        const { queue, nowUs } = filled(arrivals);
        const weights = [1, 10, 0.1, 3];
        queue.rerank(1, weights);
        const out = drained(queue).map((one) => Math.log(density(one, nowUs, 1, weights)));
        for (let i = 1; i < out.length; i++) expect(out[i]).toBeLessThanOrEqual(out[i - 1] + 1e-6);
      }),
    );
  });

  it('is first in first out among equals, also after a new order, and gives up the youngest of them', () => {
    const { queue } = filled([1, 2, 3].map(() => ({ value: 5, airBytes: 10, input: 0, waitUs: 0 })));
    const tags = (list: (Waiting | undefined)[]) => list.map((one) => one?.data[0]);
    queue.clear();
    for (const tag of [1, 2, 3, 4])
      queue.add({
        data: Uint8Array.of(tag),
        value: tag % 2 ? 5 : 4,
        airBytes: 10,
        input: tag % 2,
        sinceUs: 0,
        crc: 0,
      });
    queue.rerank(0, [5, 4]);
    expect(tags([queue.dropLeast()])).toEqual([4]);
    expect(tags(drained(queue))).toEqual([1, 2, 3]);
  });

  it('keeps packets worth the same power of two a byte in order, whatever their length and weight', () => {
    const lengths = fc.array(fc.integer({ min: 7, max: 1022 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(lengths, fc.double({ min: 0.01, max: 100, noNaN: true }), (airBytes, weight) => {
        const queue = new DensityQueue(0.01, [weight]);
        for (const length of airBytes)
          queue.add({
            data: new Uint8Array(0),
            value: 2 ** -10 * length,
            airBytes: length,
            input: 0,
            sinceUs: 5e6,
            crc: 0,
          });
        expect(drained(queue).map((one) => one.airBytes)).toEqual(airBytes);
      }),
    );
  });

  it('takes a value of zero, below zero or not a number for the least', () => {
    const queue = new DensityQueue(0, [1]);
    for (const value of [0, -3, Number.NaN, 0.001])
      queue.add({ data: new Uint8Array(0), value, airBytes: 10, input: 0, sinceUs: 0, crc: 0 });
    expect(drained(queue).map(({ value }) => value)).toEqual([0.001, 0, -3, Number.NaN]);
  });

  it('expires by deadline alone, in its order, and loses nothing else', () => {
    const arrivals = fc.array(
      fc.record({
        value: fc.nat(1000),
        airBytes: fc.integer({ min: 7, max: 1022 }),
        life: fc.option(fc.nat(100)),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(arrivals, fc.nat(100), fc.nat(20), (list, nowUs, sentFirst) => {
        const queue = new DensityQueue(AGEING, [1]);
        list.forEach(({ life, ...packet }, i) => {
          const deadline = life === null ? {} : { deadlineUs: life };
          queue.add({ ...packet, data: new Uint8Array(0), input: 0, sinceUs: 0, crc: i, ...deadline });
        });
        const sent = Array.from({ length: sentFirst }, () => queue.takeDensest()).flatMap((one) => one ?? []);
        const expired: Waiting[] = [];
        for (let one = queue.takeExpired(nowUs); one !== undefined; one = queue.takeExpired(nowUs))
          expired.push(one);
        const due = expired.map(({ deadlineUs = Number.NaN }) => deadlineUs);
        expect(due).toEqual(due.toSorted((a, b) => a - b));
        expect(due.every((at) => at <= nowUs)).toBe(true);
        expect(queue.bytes).toBe(
          list.reduce((sum, { airBytes }) => sum + airBytes, 0) -
            [...sent, ...expired].reduce((sum, { airBytes }) => sum + airBytes, 0),
        );
        const left = drained(queue);
        expect(left.every(({ deadlineUs = Number.POSITIVE_INFINITY }) => deadlineUs > nowUs)).toBe(true);
        const all = [...sent, ...expired, ...left].map(({ crc }) => crc).sort((a, b) => a - b);
        expect(all).toEqual(list.map((_, i) => i));
      }),
      { seed: 4 },
    );
  });

  it('does not keep what was sent until its deadline', () => {
    const queue = new DensityQueue(0, [1]);
    let kept = 0;
    for (let i = 0; i < 5000; i++) {
      queue.add({
        data: new Uint8Array(0),
        value: 1,
        input: 0,
        airBytes: 10,
        sinceUs: i,
        crc: i,
        deadlineUs: 1e12,
      });
      queue.takeDensest();
      kept = Math.max(kept, queue.deadlinesHeld);
    }
    expect(kept).toBeLessThan(100);
  });

  it('goes by arrival alone when first in first out is asked for, and back', () => {
    const { queue } = filled([1, 9, 4].map((value) => ({ value, airBytes: 10, input: 0, waitUs: 60e6 })));
    queue.rerank(AGEING, [1], 'FIFO');
    queue.add({ data: new Uint8Array(0), value: 100, airBytes: 10, input: 0, sinceUs: 0, crc: 0 });
    expect(queue.densest?.value).toBe(1);
    expect(queue.dropLeast()?.value).toBe(100);
    queue.rerank(0, [1], 'DENSITY');
    expect(drained(queue).map(({ value }) => value)).toEqual([9, 4, 1]);
  });
});
