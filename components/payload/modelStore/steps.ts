/** Long work in steps: at boot in one go, in flight with room for others between two steps. */
import type { Clock } from '../../../fsw/framework';

/** Yields between steps of about a millisecond; returns its result. */
export type Steps<T> = Generator<void, T, void>;

/** What a step costs, in flight time. */
const STEP_US = 2000;

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export async function inTurns<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await clock.work(Promise.resolve(), STEP_US);
  }
}

/** As work of the host, which takes no flight time of its own: whoever waits for it says what it costs. */
export async function asHostWork<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise(setImmediate);
  }
}
