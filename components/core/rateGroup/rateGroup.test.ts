import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { rateGroup } from './rateGroup';

const PERIOD_US = 100_000;

const cycle = async (b: Awaited<ReturnType<typeof onBench>>, number: number) => {
  await b.advance(number * PERIOD_US - b.clock.nowUs());
  b.in.cycleIn({ dueUs: BigInt(number * PERIOD_US) });
  await b.settle();
};
const onBench = (config: Record<string, unknown> = {}, queueDepth = 16) =>
  bench(rateGroup, { config, queueDepth });

describe('rateGroup', () => {
  it('PGE-RGP-001: calls every member in order, once a cycle, each with its own context', async () => {
    const b = await onBench({ contexts: [7, 8] });
    await cycle(b, 1);
    expect(b.sent.map(({ index }) => index)).toEqual([...Array(16).keys()]);
    expect(b.sent.slice(0, 3).map(({ args }) => args.context)).toEqual([7, 8, 0]);
    await cycle(b, 2);
    expect(b.sent).toHaveLength(32);
    expect(b.telemetry.Cycles).toBe(2);
  });

  it('PGE-RGP-002: reports nothing while cycles run on time', async () => {
    const b = await onBench();
    for (let i = 1; i <= 20; i++) await cycle(b, i);
    expect(b.events.map(({ name }) => name)).toEqual(['RateGroupStarted']);
    expect(b.telemetry.CycleSlips).toBe(0);
  });

  it('PGE-RGP-003: reports a slip when a cycle waited for a period behind another', async () => {
    const b = await onBench();
    await cycle(b, 1);
    await cycle(b, 2);
    await b.advance(2 * PERIOD_US);
    b.in.cycleIn({ dueUs: BigInt(3 * PERIOD_US) });
    b.in.cycleIn({ dueUs: BigInt(4 * PERIOD_US) });
    await b.settle();
    expect(b.telemetry).toMatchObject({ Cycles: 4, CycleSlips: 1 });
    const slips = b.events.filter(({ name }) => name === 'RateGroupCycleSlip');
    expect(slips.map(({ args }) => args)).toEqual([{ cycle: 3, lateUs: PERIOD_US, lost: 0 }]);
  });

  it('PGE-RGP-004: counts cycles that a full queue lost', async () => {
    const b = await onBench({}, 2);
    await cycle(b, 1);
    await cycle(b, 2);
    for (const number of [3, 4, 5, 6]) b.in.cycleIn({ dueUs: BigInt(number * PERIOD_US) });
    await b.settle();
    await cycle(b, 7);
    expect(b.telemetry).toMatchObject({ Cycles: 5, CycleSlips: 2, QueueDrops: 2 });
    expect(b.events.at(-1)?.args).toEqual({ cycle: 5, lateUs: 0, lost: 2 });
  });

  it('PGE-RGP-005: sends ten slip events at most, and goes on counting', async () => {
    const b = await onBench();
    await cycle(b, 1);
    await cycle(b, 2);
    for (let number = 4; number <= 40; number += 2) await cycle(b, number);
    expect(b.telemetry.CycleSlips).toBe(19);
    expect(b.events.filter(({ name }) => name === 'RateGroupCycleSlip')).toHaveLength(10);
  });

  it('PGE-RGP-006: measures the longest cycle and the longest call of each member in flight time', async () => {
    let nowUs = 0;
    const clock = { epochUs: 0, nowUs: () => nowUs, every: () => ({ cancel() {} }) };
    const costs = [3, 40, 5];
    const b = await bench(rateGroup, {
      board: { clock: clock as never },
      answers: {
        member(_: never, index: number) {
          nowUs += costs[index] ?? 0;
        },
      },
    });
    b.in.cycleIn({ dueUs: 0n });
    await b.settle();
    costs[0] = 9;
    b.in.cycleIn({ dueUs: 1000n });
    await b.settle();
    expect(b.telemetry.MaxCycleTime).toBe(54);
    expect((b.telemetry.MemberMaxTime as number[]).slice(0, 4)).toEqual([9, 40, 5, 0]);
  });
});
