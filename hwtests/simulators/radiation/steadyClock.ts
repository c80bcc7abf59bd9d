/** A clock that knows whether native work is under way: only then may nobody else write what the work writes. */
import type { Clock } from '../../../fsw/framework/clock';

export interface SteadyClock {
  readonly clock: Clock;
  /** Pieces of work that were begun and not delivered yet. */
  readonly underWay: number;
}

/**
 * Work runs on the host beside the simulation and is delivered at its flight time. Radiation that fell on memory in
 * between would meet a fast host's result and a slow host's input, and no flight could be flown twice.
 */
export function steadyClock(inner: Clock): SteadyClock {
  let underWay = 0;
  const work = <T>(pending: Promise<T>, costUs: number): Promise<T> => {
    underWay++;
    const delivered = inner.work(pending, costUs);
    const done = () => {
      underWay--;
    };
    delivered.then(done, done);
    return delivered;
  };
  return {
    clock: {
      epochUs: inner.epochUs,
      nowUs: () => inner.nowUs(),
      every: (periodUs, tick) => inner.every(periodUs, tick),
      after: (delayUs, fire) => inner.after(delayUs, fire),
      work,
    },
    get underWay() {
      return underWay;
    },
  };
}
