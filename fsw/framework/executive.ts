import { hostTurn } from './simulatedClock';

/** What the executive runs: an active component with work in its queue. */
export interface Runnable {
  /** Place in the order of priority, set by the executive; 0 is the highest. */
  rank: number;
  readonly priority: number;
  /** Waiting for room in this many queues (`onFull: 'block'`); not dispatched while it waits. */
  blockedOn: number;
  runnable(): boolean;
  /** Handles one message. */
  dispatch(): void;
}

/**
 * Runs active components: always the next message of the highest-priority component that has one, until
 * none has. Handlers run to completion; one that returns a promise keeps its component busy, not the others.
 */
export class Executive {
  private order: Runnable[] = [];
  /** No component of a lower rank than this is ready. */
  private readyFrom = 0;
  private settling = false;
  private running = false;
  private scheduled = false;
  /** On a wall clock: run when something is woken from outside (a driver's callback, a finished job). */
  wakeByItself = false;
  /** The component whose handler runs now: the one to stop when a queue that it fills blocks. */
  current: Runnable | undefined = undefined;

  adopt(units: readonly Runnable[]): void {
    this.order = [...units].sort((a, b) => b.priority - a.priority);
    this.order.forEach((unit, rank) => {
      unit.rank = rank;
    });
    this.readyFrom = 0;
  }

  /** Says that `unit` may have become ready. */
  wake(unit: Runnable): void {
    if (unit.rank < this.readyFrom) this.readyFrom = unit.rank;
    if (this.wakeByItself && !this.running && !this.scheduled) {
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        void this.run();
      });
    }
  }

  /** Says that a handler returned a promise: its continuation needs a turn of the host's event loop. */
  settle(): void {
    this.settling = true;
  }

  /** Runs until nothing is ready. Returns a promise only when continuations of handlers had to be waited for. */
  run(): Promise<void> | undefined {
    if (this.running) return undefined;
    this.runReady();
    return this.settling ? this.runSettling() : undefined;
  }

  private async runSettling(): Promise<void> {
    while (this.settling) {
      this.settling = false;
      await hostTurn();
      this.runReady();
    }
  }

  private runReady(): void {
    this.running = true;
    const { order } = this;
    for (;;) {
      let rank = this.readyFrom;
      while (rank < order.length && !order[rank].runnable()) rank++;
      this.readyFrom = rank;
      if (rank === order.length) break;
      this.current = order[rank];
      order[rank].dispatch();
    }
    this.current = undefined;
    this.running = false;
  }
}
