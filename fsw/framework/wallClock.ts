import type { Clock, Drain, Timer } from './clock';

/**
 * The host's monotonic clock. Timers are set for absolute instants, so a late tick does not push the next;
 * a timer that slipped whole periods fires once and skips to the next multiple (the rate group reports the slip).
 */
export class WallClock implements Clock {
  readonly epochUs: number;
  private readonly originNs: bigint;
  private drain: Drain = () => undefined;

  constructor() {
    this.epochUs = Date.now() * 1000;
    this.originNs = process.hrtime.bigint();
  }

  /** Sets what runs after each timer (the executive). */
  attach(drain: Drain): void {
    this.drain = drain;
  }

  nowUs(): number {
    return Number((process.hrtime.bigint() - this.originNs) / 1000n);
  }

  every(periodUs: number, tick: (dueUs: number) => void): Timer {
    let timer: NodeJS.Timeout;
    let dueUs = (Math.floor(this.nowUs() / periodUs) + 1) * periodUs;
    const arm = () => {
      timer = setTimeout(fire, Math.max(0, (dueUs - this.nowUs()) / 1000));
    };
    const fire = () => {
      const early = this.nowUs() < dueUs - 500;
      if (!early) {
        const due = dueUs;
        dueUs = Math.max(dueUs + periodUs, Math.floor(this.nowUs() / periodUs) * periodUs);
        tick(due);
        void this.drain();
      }
      arm();
    };
    arm();
    return { cancel: () => clearTimeout(timer) };
  }

  after(delayUs: number, fire: () => void): Timer {
    const timer = setTimeout(
      () => {
        fire();
        void this.drain();
      },
      Math.max(0, delayUs / 1000),
    );
    return { cancel: () => clearTimeout(timer) };
  }

  async work<T>(pending: Promise<T>): Promise<T> {
    return pending;
  }
}
