import { describe, expect, it } from 'vitest';
import { SimulatedClock } from './simulatedClock';

const idle = () => undefined;

describe('simulated clock', () => {
  it('fires alarms in order of time, ties in order of their making', async () => {
    const clock = new SimulatedClock(1_000);
    const seen: string[] = [];
    for (const [name, delay] of [
      ['c', 30],
      ['a', 10],
      ['b', 10],
      ['d', 40],
      ['e', 35],
      ['f', 5],
    ] as const)
      clock.after(delay, () => void seen.push(`${name}@${clock.nowUs()}`));
    await clock.run(35, idle);
    expect(seen).toEqual(['f@5', 'a@10', 'b@10', 'c@30', 'e@35']);
    expect([clock.nowUs(), clock.epochUs]).toEqual([35, 1_000]);
    await clock.run(100, idle);
    expect(seen.at(-1)).toBe('d@40');
  });

  it('keeps many alarms sorted', async () => {
    const clock = new SimulatedClock();
    const seen: number[] = [];
    for (let i = 0; i < 500; i++) clock.after((i * 7919) % 503, () => void seen.push(clock.nowUs()));
    await clock.run(1000, idle);
    expect(seen).toHaveLength(500);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('ticks on multiples of the period, whenever it was asked', async () => {
    const clock = new SimulatedClock();
    await clock.run(25, idle);
    const due: number[] = [];
    const timer = clock.every(10, (dueUs) => void due.push(dueUs));
    await clock.run(60, idle);
    timer.cancel();
    await clock.run(100, idle);
    expect(due).toEqual([30, 40, 50, 60]);
  });

  it('stops a timer that is cancelled in its own tick, or before it is due', async () => {
    const clock = new SimulatedClock();
    let ticks = 0;
    const timer = clock.every(10, () => {
      ticks++;
      timer.cancel();
    });
    clock.after(5, () => ticks++).cancel();
    await clock.run(100, idle);
    expect(ticks).toBe(1);
  });

  it('lets everything that is ready run between two alarms', async () => {
    const clock = new SimulatedClock();
    const seen: string[] = [];
    clock.after(10, () => void seen.push('alarm'));
    clock.after(20, () => void seen.push('alarm'));
    await clock.run(20, async () => void seen.push(`drain@${clock.nowUs()}`));
    expect(seen).toEqual(['drain@0', 'alarm', 'drain@10', 'alarm', 'drain@20']);
  });

  it('lets work arrive exactly at its cost, though the host has it at once', async () => {
    const clock = new SimulatedClock();
    let arrivedUs = -1;
    void clock.work(Promise.resolve('now'), 500).then(() => {
      arrivedUs = clock.nowUs();
    });
    await clock.run(499, idle);
    expect(arrivedUs).toBe(-1);
    await clock.run(1000, idle);
    expect(arrivedUs).toBe(500);
  });

  it('stands still while the host is slow', async () => {
    const clock = new SimulatedClock();
    const seen: string[] = [];
    let finish = (_: string) => {};
    const slow = new Promise<string>((resolve) => {
      finish = resolve;
    });
    void clock.work(slow, 100).then((what) => seen.push(`${what}@${clock.nowUs()}`));
    clock.after(101, () => void seen.push('later'));
    const flight = clock.run(200, idle);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([clock.nowUs(), ...seen]).toEqual([100]);
    finish('done');
    await flight;
    expect(seen).toEqual(['done@100', 'later']);
  });

  it('brings a failure at its time, too, and never as an unhandled rejection', async () => {
    const clock = new SimulatedClock();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const result = clock
      .work(Promise.reject(new Error('engine lost')), 50)
      .catch((error: Error) => error.message);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    await clock.run(100, idle);
    expect(await result).toBe('engine lost');
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('takes a time that is past or not a number as now, and a period of 0 as the shortest', async () => {
    const clock = new SimulatedClock();
    await clock.run(10, idle);
    const seen: number[] = [];
    clock.after(-5, () => void seen.push(clock.nowUs()));
    clock.after(Number.NaN, () => void seen.push(clock.nowUs()));
    await clock.run(12, idle);
    const timer = clock.every(0, (dueUs) => void seen.push(dueUs));
    await clock.run(14, idle);
    timer.cancel();
    expect(seen).toEqual([10, 10, 13, 14]);
  });
});
