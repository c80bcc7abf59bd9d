import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WallClock } from './wallClock';

describe('wall clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts flight time from its making, in microseconds since Unix time', () => {
    const clock = new WallClock();
    expect(clock.epochUs).toBe(1_700_000_000_000_000);
    vi.advanceTimersByTime(3);
    expect(clock.nowUs()).toBe(3000);
  });

  it('ticks on multiples of the period and lets the software run after each tick', () => {
    const clock = new WallClock();
    const seen: string[] = [];
    clock.attach(() => void seen.push('drain'));
    vi.advanceTimersByTime(4);
    const timer = clock.every(10_000, (dueUs) => void seen.push(`${dueUs}`));
    vi.advanceTimersByTime(21);
    timer.cancel();
    vi.advanceTimersByTime(50);
    expect(seen).toEqual(['10000', 'drain', '20000', 'drain']);
  });

  it('does not drift when a tick is late, and merges those due meanwhile into one call with the latest', () => {
    let nowMs = 0;
    const monotonic = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt(nowMs) * 1_000_000n);
    const clock = new WallClock();
    const ticks: [dueUs: number, atUs: number][] = [];
    const timer = clock.every(10_000, (dueUs) => {
      ticks.push([dueUs, clock.nowUs()]);
      // The second tick keeps the host for three and a half periods.
      if (ticks.length === 2) nowMs += 35;
    });
    for (let timersMs = 0; nowMs < 70; nowMs++)
      for (; timersMs < nowMs; timersMs++) vi.advanceTimersByTime(1);
    timer.cancel();
    monotonic.mockRestore();
    expect(ticks).toEqual([
      [10_000, 10_000],
      [20_000, 20_000],
      [50_000, 55_000],
      [60_000, 60_000],
    ]);
  });

  it('stops a timer that is cancelled in its own tick', () => {
    const clock = new WallClock();
    let ticks = 0;
    const timer = clock.every(1000, () => {
      ticks++;
      timer.cancel();
    });
    vi.advanceTimersByTime(10);
    expect(ticks).toBe(1);
  });

  it('fires once after a delay, also one longer than the host can wait at once', () => {
    const clock = new WallClock();
    const fired: number[] = [];
    const days = 30 * 24 * 3600 * 1000;
    clock.after(5000, () => void fired.push(clock.nowUs()));
    clock.after(days * 1000, () => void fired.push(clock.nowUs()));
    clock.after(7000, () => void fired.push(-1)).cancel();
    vi.advanceTimersByTime(days - 1);
    expect(fired).toEqual([5000]);
    vi.advanceTimersByTime(2);
    expect(fired).toEqual([5000, days * 1000]);
  });

  it('hands on the result of work as soon as it is there', async () => {
    const clock = new WallClock();
    expect(await clock.work(Promise.resolve(5))).toBe(5);
    await expect(clock.work(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  });
});
