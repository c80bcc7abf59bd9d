/** The one source of time. Nothing else in flight code asks the host for it. */
export interface Clock {
  /** Unix time, in microseconds, at which flight time is 0. */
  readonly epochUs: number;
  /** Flight time, microseconds since the epoch. */
  nowUs(): number;
  /**
   * Calls `tick` at every multiple of `periodUs` of flight time, on an absolute schedule: a late tick
   * does not shift the next. `dueUs` is when the tick was due.
   */
  every(periodUs: number, tick: (dueUs: number) => void): Timer;
  /**
   * Calls `fire` once. When it returns a promise, simulated time stands still until that has settled: it
   * must not wait for flight time (`work`, another timer).
   */
  after(delayUs: number, fire: () => Promise<void> | void): Timer;
  /**
   * Waits for work that the host does outside the event loop (inference, a file).
   * On a simulated clock the result arrives exactly `costUs` of flight time after the call, however slow
   * the host: time stands still if the host needs longer. On a wall clock it arrives when it is there.
   */
  work<T>(pending: Promise<T>, costUs: number): Promise<T>;
}

export interface Timer {
  cancel(): void;
}

/** Runs what has become ready, until nothing is (see `Executive.run`). */
export type Drain = () => Promise<void> | undefined;
