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

  describe('on a clock that is late', () => {
    /** A driver of 100 Hz on a clock that stands where `at` puts it. */
    const late = async () => {
      let nowUs = 0;
      const clock = { epochUs: 0, nowUs: () => nowUs, every: () => ({ cancel() {} }) };
      const config = { periodUs: 10_000, divisors: [1] };
      const b = await bench(rateGroupDriver, { config, board: { clock: clock as never } });
      const at = (startUs: number, dueUs: number) => {
        nowUs = startUs;
        b.in.cycleIn({ dueUs: BigInt(dueUs) });
      };
      return { b, at };
    };
    const octaves = (counts: Record<number, number>) => Array.from({ length: 20 }, (_, i) => counts[i] ?? 0);

    it('PGE-RGD-005: counts each tick by how far from its due time it starts, early or late', async () => {
      const { b, at } = await late();
      at(10_001, 10_000);
      at(20_003, 20_000);
      at(29_600, 30_000);
      at(40_000, 40_000);
      at(1_700_000, 1_000_000 - 10_000);
      at(1_010_004, 1_010_000);
      expect(b.telemetry.JitterMaxUs).toBe(1_700_000 - 50_000);
      const histogram = b.telemetry.JitterHistogram as number[];
      expect(histogram.slice(0, 10)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 0]);
      expect(histogram.reduce((sum, count) => sum + count)).toBe(100);
    });

    it('PGE-RGD-005: counts ticks that the clock merged into one, each by its own due time', async () => {
      const { b, at } = await late();
      at(10_000, 10_000);
      at(1_000_005, 1_000_000 - 30_000);
      at(1_000_005, 1_000_000);
      // 98 ticks were due before the one at 1 s: the nearest by 10 ms, the farthest by 980.
      expect(b.telemetry.JitterHistogram).toEqual(
        octaves({ 2: 1, 13: 1, 14: 2, 15: 3, 16: 7, 17: 13, 18: 26, 19: 46 }),
      );
      expect(b.telemetry.JitterMaxUs).toBe(980_005);
    });

    it('PGE-RGD-005: tells it once a second', async () => {
      const { b, at } = await late();
      at(990_002, 990_000);
      const first = b.telemetry.JitterMaxUs;
      at(1_000_002, 1_000_000);
      at(1_010_900, 1_010_000);
      const second = b.telemetry.JitterMaxUs;
      at(2_000_000, 2_000_000);
      expect([first, second, b.telemetry.JitterMaxUs]).toEqual([undefined, 2, 980_000]);
    });
  });

  it('PGE-RGD-006: says nothing of jitter on a simulated clock, which is never late', async () => {
    const b = await onBench([1], 100_000);
    await b.advance(10_000_000);
    expect(b.telemetry).not.toHaveProperty('JitterHistogram');
    expect(b.telemetry).not.toHaveProperty('JitterMaxUs');
  });
});
