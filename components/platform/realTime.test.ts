import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Tick, Ticking } from '../../fsw/framework';
import type { NativeTimer, TimerAddon, TimerOptions } from '../../native/timer';
import { realTime } from './realTime';

const HOUR = { firstNs: 1e15, periodNs: 3600e9 };

/** An addon that notes what it is asked, and refuses what it is told to. */
function fakeAddon(refuses: Partial<Record<'main' | 'code' | 'thread', string>> = {}, noThread = false) {
  const asked: unknown[] = [];
  let wake: () => void = () => undefined;
  const due: { index: number; missed: number; wakeLateNs: number }[] = [];
  const timer: NativeTimer = {
    take: () => due.shift() ?? null,
    stop: () => void asked.push('stop'),
    refused: refuses.thread ?? null,
  };
  const addon: TimerAddon = {
    startTimer(options: TimerOptions, call) {
      if (noThread) throw new Error('no more threads');
      asked.push(options);
      wake = call;
      return timer;
    },
    monotonicNs: () => Number(process.hrtime.bigint()),
    fifoRefused: () => null,
    scheduleProcess(main, helpers) {
      asked.push({ main, helpers });
      return refuses.main ?? null;
    },
    lockCode() {
      asked.push('code');
      return refuses.code ?? null;
    },
  };
  const tick = (index: number, missed: number) => {
    due.push({ index, missed, wakeLateNs: 0 });
    wake();
  };
  return { addon, asked, tick, wake: () => wake() };
}

const running: Ticking[] = [];
afterEach(() => {
  for (const ticking of running.splice(0)) ticking.stop();
  vi.useRealTimers();
});

describe('the ticks of a real computer', () => {
  it('PGE-DRV-040: come from the native clock where the kernels are, and say so', () => {
    const { addon, asked, tick, wake } = fakeAddon();
    const { ticker, notice } = realTime(false, { addon });
    const seen: Tick[] = [];
    const ticking = ticker.start(HOUR, ({ index, missed }) => void seen.push({ index, missed }));
    running.push(ticking);
    tick(0, 0);
    tick(4, 3);
    wake();
    expect(seen).toEqual([
      { index: 0, missed: 0 },
      { index: 4, missed: 3 },
    ]);
    ticking.stop();
    tick(5, 0);
    expect(seen).toHaveLength(2);
    expect(asked).toEqual([{ ...HOUR, firstNs: expect.any(Number), priority: 45 }, 'stop']);
    expect(notice()).toBe('clock: native real-time timers');
  });

  it('PGE-DRV-041: come from the timers of the host where the kernels are not, and say why', () => {
    vi.useFakeTimers();
    const { ticker, notice } = realTime(true, { reason: 'not built' });
    let ticks = 0;
    running.push(
      ticker.start({ firstNs: Number(process.hrtime.bigint()), periodNs: 1e7 }, () => void ticks++),
    );
    vi.advanceTimersByTime(25);
    expect(ticks).toBe(3);
    expect(notice()).toBe(
      "clock: the host's timers (no native kernels: not built); the main thread is not in real time",
    );
  });

  it('PGE-DRV-041: come from the timers of the host when no thread can be had, and say so', () => {
    const { ticker, notice } = realTime(false, { addon: fakeAddon({}, true).addon });
    running.push(ticker.start(HOUR, () => undefined));
    expect(notice()).toContain('the real-time timer does not start: no more threads');
  });

  it('PGE-DRV-042: put the main thread in real time only when asked, below the timer', () => {
    const { addon, asked } = fakeAddon();
    const { notice } = realTime(true, { addon });
    expect(asked).toEqual([{ main: 40, helpers: 39 }, 'code']);
    expect(notice()).toBe('clock: native real-time timers and main thread');
  });

  it('PGE-DRV-042: say what the host refused, each thing once', () => {
    const { addon } = fakeAddon({
      main: 'SCHED_FIFO: no',
      code: 'locked code: no',
      thread: 'SCHED_FIFO: no',
    });
    const { ticker, notice } = realTime(true, { addon });
    running.push(
      ticker.start(HOUR, () => undefined),
      ticker.start(HOUR, () => undefined),
    );
    expect(notice().split('; ').slice(1)).toEqual([
      'main thread: SCHED_FIFO: no',
      'locked code: no',
      'timer thread: SCHED_FIFO: no',
    ]);
  });
});
