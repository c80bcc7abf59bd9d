import type { Clock, Drain, Timer } from './clock';
import { periodOf } from './simulatedClock';
import { EARLY_US, hostTicker, LONGEST_MS, type Ticker, type Ticking } from './ticker';

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
  private readonly ticking = new Set<Ticking>();
  private released = false;

  /** Periodic ticks come from `ticker`, what is to fire once from the host's timers. */
  constructor(private readonly ticker: Ticker = hostTicker) {
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
    for (const timer of [...this.waiting, ...this.ticking]) timer.unref();
  }

  nowUs(): number {
    return Number((process.hrtime.bigint() - this.originNs) / 1000n);
  }

  every(wantedUs: number, tick: (dueUs: number) => void): Timer {
    const periodUs = periodOf(wantedUs);
    const firstUs = (Math.floor(this.nowUs() / periodUs) + 1) * periodUs;
    const schedule = { firstNs: Number(this.originNs) + firstUs * 1000, periodNs: periodUs * 1000 };
    const ticking = this.ticker.start(schedule, ({ index }) => {
      tick(firstUs + index * periodUs);
      void this.drain();
    });
    this.ticking.add(ticking);
    if (this.released) ticking.unref();
    return {
      cancel: () => {
        ticking.stop();
        this.ticking.delete(ticking);
      },
    };
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
