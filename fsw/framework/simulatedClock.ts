import type { Clock, Drain, Timer } from './clock';

interface Alarm {
  dueUs: number;
  /** Ties at one instant fire in the order of their making. */
  readonly order: number;
  readonly fire: () => Promise<void> | void;
  live: boolean;
}

/**
 * Time that moves only from alarm to alarm, as fast as the host allows, and the same way each time.
 * Between two alarms everything that is ready has run.
 */
export class SimulatedClock implements Clock {
  readonly epochUs: number;
  private now = 0;
  private made = 0;
  /** A binary heap, earliest alarm at the root. */
  private readonly heap: Alarm[] = [];

  constructor(epochUs = 0) {
    this.epochUs = epochUs;
  }

  nowUs(): number {
    return this.now;
  }

  every(wantedUs: number, tick: (dueUs: number) => void): Timer {
    const periodUs = periodOf(wantedUs);
    const alarm: Alarm = this.arm((Math.floor(this.now / periodUs) + 1) * periodUs, () => {
      const dueUs = alarm.dueUs;
      alarm.dueUs += periodUs;
      this.push(alarm);
      tick(dueUs);
    });
    return canceller(alarm);
  }

  after(delayUs: number, fire: () => void): Timer {
    return canceller(this.arm(this.now + delayUs, fire));
  }

  work<T>(pending: Promise<T>, costUs: number): Promise<T> {
    // Work that fails before its time has come is not an unhandled rejection: it is heard at its time.
    pending.catch(() => undefined);
    return new Promise<T>((resolve, reject) => {
      this.arm(this.now + costUs, () => pending.then(resolve, reject));
    });
  }

  /** Lets time run to `untilUs`; `drain` runs the software between alarms. Resolves when it is there. */
  async run(untilUs: number, drain: Drain): Promise<void> {
    await drain();
    for (;;) {
      const alarm = this.heap[0];
      if (alarm === undefined || alarm.dueUs > untilUs) break;
      this.pop();
      if (!alarm.live) continue;
      this.now = alarm.dueUs;
      const waiting = alarm.fire();
      if (waiting) {
        await waiting;
        await hostTurn();
      }
      const draining = drain();
      if (draining) await draining;
    }
    this.now = Math.max(this.now, untilUs);
  }

  /** An instant that is past, or not a number, is now. */
  private arm(wantedUs: number, fire: Alarm['fire']): Alarm {
    const dueUs = Math.max(this.now, wantedUs || 0);
    const alarm: Alarm = { dueUs, order: this.made++, fire, live: true };
    this.push(alarm);
    return alarm;
  }

  private push(alarm: Alarm): void {
    const { heap } = this;
    let i = heap.push(alarm) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(alarm, heap[parent])) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = alarm;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1], heap[child])) child++;
      if (!earlier(heap[child], last)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
  }
}

/** A microsecond at least: a period of 0 would hold time still for ever. */
export function periodOf(wantedUs: number): number {
  return Math.max(1, wantedUs || 1);
}

function earlier(a: Alarm, b: Alarm): boolean {
  return a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.order < b.order);
}

function canceller(alarm: Alarm): Timer {
  return {
    cancel() {
      alarm.live = false;
    },
  };
}

/** One turn of the host's event loop: every continuation that is ready has run when it resolves. */
export function hostTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
