import type { Clock, Drain, Timer } from './clock';
import { periodOf } from './simulatedClock';

/** The host's timers may fire up to a millisecond early; this early is on time. */
const EARLY_US = 500;
/** The longest delay that the host's timers take. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The host's monotonic clock. Timers are set for absolute instants, so a late tick does not push the next;
 * periods that have passed whole are skipped (the rate group reports the slip). Nothing corrects it while it
 * runs: against UTC it drifts with the host's oscillator.
 */
export class WallClock implements Clock {
  readonly epochUs: number;
  private readonly originNs: bigint;
  private drain: Drain = () => undefined;
  private readonly waiting = new Set<NodeJS.Timeout>();
  private released = false;

  constructor() {
    this.epochUs = Date.now() * 1000;
    this.originNs = process.hrtime.bigint();
  }

  /** Sets what runs after each timer (the executive). */
  attach(drain: Drain): void {
    this.drain = drain;
  }

  /** From now on no timer, set or still to be set, keeps the process from ending. */
  release(): void {
    this.released = true;
    for (const timer of this.waiting) timer.unref();
  }

  nowUs(): number {
    return Number((process.hrtime.bigint() - this.originNs) / 1000n);
  }

  every(wantedUs: number, tick: (dueUs: number) => void): Timer {
    const periodUs = periodOf(wantedUs);
    const arm = (dueUs: number): Timer =>
      this.at(dueUs, () => {
        timer = arm(Math.max(dueUs + periodUs, Math.floor(this.nowUs() / periodUs) * periodUs));
        tick(dueUs);
      });
    let timer = arm((Math.floor(this.nowUs() / periodUs) + 1) * periodUs);
    return { cancel: () => timer.cancel() };
  }

  after(delayUs: number, fire: () => void): Timer {
    return this.at(this.nowUs() + delayUs, fire);
  }

  async work<T>(pending: Promise<T>): Promise<T> {
    return pending;
  }

  /** Fires once when `dueUs` has come, and lets the software run. */
  private at(dueUs: number, fire: () => void): Timer {
    let timer: NodeJS.Timeout;
    const wait = () => {
      timer = setTimeout(check, Math.min(LONGEST_MS, Math.max(0, (dueUs - this.nowUs()) / 1000)));
      this.waiting.add(timer);
      if (this.released) timer.unref();
    };
    const check = () => {
      this.waiting.delete(timer);
      if (this.nowUs() < dueUs - EARLY_US) return wait();
      fire();
      void this.drain();
    };
    wait();
    return {
      cancel: () => {
        clearTimeout(timer);
        this.waiting.delete(timer);
      },
    };
  }
}
