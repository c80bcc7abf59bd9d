/**
 * The real-time clock: ticks on absolute time from a thread of their own (`native/kernels/src/timer.rs`), under
 * SCHED_FIFO where the host permits it. Where the addon is absent the host's timers take its place
 * (`fsw/framework/ticker.ts`), under the same rule.
 *
 * **Coalescing**: at most one call waits in the event loop. Ticks that fall due meanwhile are merged into it: it
 * gets the latest, and the number of those missed.
 */
import { fail, type Result, succeed } from '../fsw/errors';

/** What the addon exports for it (`native/addon/src/timer.rs`). Reasons are the operating system's words. */
export interface TimerAddon {
  /** Throws where no thread can be had. `wake` is called on the event loop, and keeps no process alive. */
  startTimer(options: TimerOptions, wake: () => void): NativeTimer;
  /** Nanoseconds of the clock that a timer's instants are of. */
  monotonicNs(): number;
  /** Why no thread here may run under SCHED_FIFO; null where it may. */
  fifoRefused(): string | null;
  /**
   * Puts the process's main thread under SCHED_FIFO with priority `main`, 1 to 99, and with `helpers` the threads
   * that it has by now: V8's, which it waits for at each garbage collection. Threads and processes that are started
   * later are ordinary. Returns why not, null when done.
   */
  scheduleProcess(main: number, helpers: number): string | null;
  /**
   * Keeps the process's code in memory. Not all of its memory: V8 ends the process when the kernel refuses to drop
   * pages that it gives back. Returns why not, null when done.
   */
  lockCode(): string | null;
}

export interface TimerOptions {
  /** When tick 0 is due, nanoseconds of `process.hrtime`; tick k is due `k × periodNs` later. */
  readonly firstNs: number;
  readonly periodNs: number;
  /** Of the timer's thread under SCHED_FIFO, 1 to 99; ordinary scheduling unless told. */
  readonly priority?: number;
  /** The one CPU that the timer's thread runs on; any unless told. */
  readonly cpu?: number;
}

export interface TimerTick {
  readonly index: number;
  /** Ticks since the last call that are merged into this one. */
  readonly missed: number;
  /** How late the thread itself woke for it: the rest of the lateness is the event loop's. */
  readonly wakeLateNs: number;
}

/** The addon's side of one timer. */
export interface NativeTimer {
  /** What was due since the last call, as one tick. */
  take(): TimerTick | null;
  /** Returns when the thread has ended. */
  stop(): void;
  /** Why a wish of the options was refused. */
  readonly refused: string | null;
}

export interface RunningTimer {
  /** No call comes after it, and the thread has ended when it returns. */
  stop(): void;
  /** From now on the timer keeps no process from ending. */
  unref(): void;
  /** Why its thread has not the priority or the CPU that was asked for; undefined where it has. */
  readonly refused: string | undefined;
}

/** A timer of the host that never fires. */
const NEVER_MS = 2 ** 31 - 1;

/** Starts a timer. Any number run side by side, each with a thread of its own. Errors: TIMER_FAILED. */
export function startTimer(
  addon: TimerAddon,
  options: TimerOptions,
  tick: (tick: TimerTick) => void,
): Result<RunningTimer> {
  let timer: NativeTimer | undefined;
  const wake = () => {
    const due = timer?.take();
    if (due) tick(due);
  };
  try {
    timer = addon.startTimer({ ...options, firstNs: options.firstNs + skewNs(addon) }, wake);
  } catch (error) {
    return fail('TIMER_FAILED', { why: error instanceof Error ? error.message : String(error) });
  }
  const started = timer;
  // The thread's calls keep no process alive, so a timer of the host does.
  const alive = setInterval(() => undefined, NEVER_MS);
  return succeed({
    stop() {
      clearInterval(alive);
      timer = undefined;
      started.stop();
    },
    unref: () => void alive.unref(),
    refused: started.refused ?? undefined,
  });
}

/** The thread's clock less `process.hrtime`: on Linux both are CLOCK_MONOTONIC. */
function skewNs(addon: TimerAddon): number {
  return process.platform === 'linux' ? 0 : addon.monotonicNs() - Number(process.hrtime.bigint());
}
