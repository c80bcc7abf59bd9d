import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { rateGroupDriver } from './rateGroupDriver';

const onBench = (divisors: number[], periodUs = 1000) =>
  bench(rateGroupDriver, { config: { periodUs, divisors } });

const cyclesOf = (b: Awaited<ReturnType<typeof onBench>>, index: number) =>
  b.sent.filter((call) => call.index === index).map(({ args }) => Number(args.dueUs));

describe('rateGroupDriver', () => {
  it('PGE-RGD-001: sends a cycle on each output once every divisor base ticks', async () => {
    const b = await onBench([1, 2, 5]);
    await b.advance(10_000);
    expect(cyclesOf(b, 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tick) => tick * 1000));
    expect(cyclesOf(b, 1)).toEqual([2000, 4000, 6000, 8000, 10_000]);
    expect(cyclesOf(b, 2)).toEqual([5000, 10_000]);
    expect(cyclesOf(b, 3)).toEqual([]);
  });

  it('PGE-RGD-002: calls the outputs of one tick in order', async () => {
    const b = await onBench([1, 1, 1]);
    await b.advance(1000);
    expect(b.sent.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('PGE-RGD-003: keeps the phase of slower groups when the clock skips ticks', async () => {
    const b = await onBench([1, 4], 1_000_000);
    for (const tick of [1, 2, 3, 6, 7, 8]) b.in.cycleIn({ dueUs: BigInt(tick * 1_000_000) });
    expect(cyclesOf(b, 0)).toHaveLength(6);
    expect(cyclesOf(b, 1)).toEqual([6_000_000, 8_000_000]);
  });

  it('PGE-RGD-004: refuses a divisor that is no whole number from 1, and drives the others', async () => {
    const b = await onBench([0, 1.5, -1, 1, 7]);
    expect(b.events.map(({ args }) => args.output)).toEqual([0, 1, 2, 4]);
    await b.advance(1000);
    expect(b.sent.map(({ index }) => index)).toEqual([3]);
  });
});
