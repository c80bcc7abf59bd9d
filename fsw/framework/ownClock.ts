import type { Clock, Timer } from './clock';

/** The clock as one component sees it: its callbacks pass the component's edge, and its timers end with its life. */
export interface OwnClock extends Clock {
  cancelAll(): void;
}

/** `within` runs a callback inside the component's edge. */
export function ownClock(
  clock: Clock,
  within: (callback: () => unknown) => Promise<void> | undefined,
): OwnClock {
  const live = new Set<Timer>();
  const track = (timer: Timer): Timer => {
    live.add(timer);
    return {
      cancel() {
        live.delete(timer);
        timer.cancel();
      },
    };
  };
  return {
    epochUs: clock.epochUs,
    nowUs: () => clock.nowUs(),
    every: (periodUs, tick) => track(clock.every(periodUs, (dueUs) => void within(() => tick(dueUs)))),
    after(delayUs, fire) {
      const timer = clock.after(delayUs, () => {
        live.delete(timer);
        return within(fire);
      });
      return track(timer);
    },
    work: (pending, costUs) => clock.work(pending, costUs),
    cancelAll() {
      for (const timer of live) timer.cancel();
      live.clear();
    },
  };
}
