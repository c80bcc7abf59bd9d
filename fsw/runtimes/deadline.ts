import type { Clock } from '../framework/clock';

/** The result of `work`, or undefined when it is not there at the deadline. */
export function beforeDeadline<T>(
  clock: Clock,
  deadlineUs: number,
  work: Promise<T>,
  costUs: number,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(deadlineUs, async () => resolve(undefined));
    clock.work(work, costUs).then((value) => {
      timer.cancel();
      resolve(value);
    }, reject);
  });
}
