/** The ticks of a real computer: from the native real-time clock where the addon is, else from the host's timers. */
import { setFlagsFromString } from 'node:v8';
import type { Ticker } from '../../fsw/framework';
import { hostTicker } from '../../fsw/framework/ticker';
import { native } from '../../native/addon';
import { startTimer, type TimerAddon } from '../../native/timer';

/** Of the timer's thread: it runs for some microseconds a tick. Below the kernel's own threads on a real-time kernel (50). */
const TIMER_PRIORITY = 45;
/** Of the main thread, in real time: below the timer, so that a tick is noted while the main thread is at work. */
const MAIN_PRIORITY = 40;
/** Of the garbage collector's helpers, for which the main thread waits. */
const HELPER_PRIORITY = 39;

export interface RealTime {
  readonly ticker: Ticker;
  /** What an operator must know of it, one line; whole once the mission's timers run. */
  notice(): string;
}

type Loaded =
  | { readonly addon: TimerAddon; readonly reason?: undefined }
  | { readonly addon?: undefined; readonly reason: string };

/**
 * With `mainThread`, the thread that flies is under SCHED_FIFO too, ahead of every ordinary process of the computer,
 * and the process's code stays in memory. It must never run for long: Linux leaves 5 % of each second to the others.
 * What is refused is said in the notice.
 */
export function realTime(mainThread = false, { addon, reason }: Loaded = native): RealTime {
  if (addon === undefined) {
    const also = mainThread ? '; the main thread is not in real time' : '';
    return {
      ticker: hostTicker,
      notice: () => `clock: the host's timers (no native kernels: ${reason})${also}`,
    };
  }
  const troubles = new Set<string>();
  const trouble = (why: string | null | undefined) => void (why && troubles.add(why));
  if (mainThread) {
    trouble(withName('main thread', addon.scheduleProcess(MAIN_PRIORITY, HELPER_PRIORITY)));
    trouble(addon.lockCode());
    // The young generation is small: to wake helpers for it takes longer than to collect it alone.
    setFlagsFromString('--no-parallel-scavenge');
  }
  return {
    ticker: {
      start(schedule, tick) {
        const timer = startTimer(addon, { ...schedule, priority: TIMER_PRIORITY }, tick);
        if (!timer.ok) {
          trouble(timer.error.text);
          return hostTicker.start(schedule, tick);
        }
        trouble(withName('timer thread', timer.value.refused));
        return timer.value;
      },
    },
    notice() {
      const what = mainThread ? 'native real-time timers and main thread' : 'native real-time timers';
      return `clock: ${[what, ...troubles].join('; ')}`;
    },
  };
}

function withName(who: string, why: string | null | undefined): string | undefined {
  return why ? `${who}: ${why}` : undefined;
}
