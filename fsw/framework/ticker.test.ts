import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hostTicker, type Tick } from './ticker';

const MS = 1_000_000;

describe('ticks from the host timers', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 1000;
    vi.useFakeTimers();
    vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt(Math.round(nowMs * MS)));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Lets the host's timers run for as long. */
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      nowMs++;
      vi.advanceTimersByTime(1);
    }
  };
  const started = (firstMs: number, periodMs: number, then: (tick: Tick) => void = () => undefined) => {
    const ticks: Tick[] = [];
    const ticking = hostTicker.start({ firstNs: firstMs * MS, periodNs: periodMs * MS }, (tick) => {
      ticks.push(tick);
      then(tick);
    });
    return { ticks, ticking };
  };

  it('come on schedule, each with its number', () => {
    const { ticks } = started(1003, 5);
    pass(2);
    expect(ticks).toEqual([]);
    pass(12);
    expect(ticks).toEqual([
      { index: 0, missed: 0 },
      { index: 1, missed: 0 },
      { index: 2, missed: 0 },
    ]);
  });

  it('are merged into one call while the event loop is late', () => {
    const { ticks } = started(1005, 5);
    nowMs += 23;
    vi.advanceTimersByTime(5);
    pass(2);
    expect(ticks).toEqual([
      { index: 3, missed: 3 },
      { index: 4, missed: 0 },
    ]);
  });

  it('come at once, the latest, when the first was due before the start', () => {
    const { ticks } = started(988, 5);
    pass(1);
    expect(ticks).toEqual([{ index: 2, missed: 2 }]);
  });

  it('wait again when the host fires early, unless by half a millisecond', () => {
    const { ticks } = started(1010, 10);
    nowMs += 9.4;
    vi.advanceTimersByTime(10);
    expect(ticks).toEqual([]);
    nowMs += 0.2;
    vi.advanceTimersByTime(1);
    expect(ticks).toEqual([{ index: 0, missed: 0 }]);
  });

  it('come no more once stopped, also in a tick', () => {
    const { ticks, ticking } = started(1005, 5, ({ index }) => index === 1 && ticking.stop());
    pass(40);
    expect(ticks).toHaveLength(2);
    ticking.stop();
  });
});
