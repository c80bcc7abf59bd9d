/** When ticks are due, of the host's monotonic clock (`process.hrtime`), in nanoseconds. */
export interface TickSchedule {
  /** When tick 0 is due. */
  readonly firstNs: number;
  readonly periodNs: number;
}

export interface Tick {
  /** This tick was due at `firstNs + index × periodNs`. */
  readonly index: number;
  /** Ticks since the last call that are merged into this one. */
  readonly missed: number;
}

export interface Ticking {
  /** No call comes after it. */
  stop(): void;
  /** From now on it keeps no process from ending. */
  unref(): void;
}

/**
 * What the periodic ticks of a wall clock come from: the host's timers, or a real-time clock that a board has.
 *
 * The schedule is absolute: a late tick shifts no other. **Coalescing**: where the event loop is late, at most one
 * call waits in it. Ticks that fall due meanwhile are merged into that call, which gets the latest of them and
 * the number of those missed.
 */
export interface Ticker {
  start(schedule: TickSchedule, tick: (tick: Tick) => void): Ticking;
}

/** The host's timers may fire up to a millisecond early; this early is on time. */
export const EARLY_US = 500;
/** The longest delay that the host's timers take. */
export const LONGEST_MS = 2 ** 31 - 1;

/** Ticks from the host's timers: to a millisecond, on a host that is idle. */
export const hostTicker: Ticker = {
  start({ firstNs, periodNs }, tick) {
    const earlyNs = Math.min(EARLY_US * 1000, periodNs / 2);
    let next = 0;
    let timer: NodeJS.Timeout;
    let released = false;
    const wait = () => {
      const leftMs = (firstNs + next * periodNs - monotonicNs()) / 1e6;
      timer = setTimeout(check, Math.min(LONGEST_MS, Math.max(0, leftMs)));
      if (released) timer.unref();
    };
    const check = () => {
      const index = Math.floor((monotonicNs() + earlyNs - firstNs) / periodNs);
      if (index < next) return wait();
      const missed = index - next;
      next = index + 1;
      wait();
      tick({ index, missed });
    };
    wait();
    return {
      stop: () => clearTimeout(timer),
      unref() {
        released = true;
        timer.unref();
      },
    };
  },
};

function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
