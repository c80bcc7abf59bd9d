import { describe, expect, it } from 'vitest';
import { Executive, type Runnable } from './executive';

const turn = () => new Promise((resolve) => setImmediate(resolve));

class Worker implements Runnable {
  rank = 0;
  blockedOn = 0;
  constructor(
    readonly name: string,
    readonly priority: number,
    readonly log: string[],
    public work: number,
    readonly also: () => void = () => {},
  ) {}
  runnable() {
    return this.work > 0;
  }
  dispatch() {
    this.log.push(`${this.name}${this.work--}`);
    this.also();
  }
}

describe('executive', () => {
  it('runs the highest priority that is ready, message by message, equal ones in order of the mission', () => {
    const executive = new Executive();
    const log: string[] = [];
    const high = new Worker('h', 9, log, 0);
    const low = new Worker('l', 1, log, 2, () => {
      if (low.work === 1) {
        high.work = 1;
        executive.wake(high);
      }
    });
    executive.adopt([low, new Worker('a', 5, log, 1), high, new Worker('b', 5, log, 1)]);
    expect(executive.run()).toBeUndefined();
    expect(log).toEqual(['a1', 'b1', 'l2', 'h1', 'l1']);
    expect(executive.current).toBeUndefined();
  });

  it('does nothing when it is run from within a handler', () => {
    const executive = new Executive();
    const log: string[] = [];
    let inner: unknown = 'not run';
    const worker: Worker = new Worker('w', 1, log, 2, () => {
      expect(executive.current).toBe(worker);
      inner = executive.run();
    });
    executive.adopt([worker]);
    executive.run();
    expect([inner, ...log]).toEqual([undefined, 'w2', 'w1']);
  });

  it('waits for continuations of handlers before it says that nothing is ready', async () => {
    const executive = new Executive();
    const log: string[] = [];
    const worker = new Worker('w', 1, log, 1, () => {
      executive.settle();
      void Promise.resolve().then(() => {
        if (log.length < 3) worker.work = 1;
        executive.wake(worker);
      });
    });
    executive.adopt([worker]);
    const settled = executive.run();
    expect(log).toEqual(['w1']);
    await settled;
    expect(log).toEqual(['w1', 'w1', 'w1']);
  });

  it('runs by itself on a wall clock, once for all that was woken', async () => {
    const executive = new Executive();
    const log: string[] = [];
    const worker = new Worker('w', 1, log, 0);
    executive.adopt([worker]);
    worker.work = 2;
    executive.wake(worker);
    await turn();
    expect(log).toEqual([]);
    executive.wakeByItself = true;
    executive.wake(worker);
    executive.wake(worker);
    expect(log).toEqual([]);
    await turn();
    expect(log).toEqual(['w2', 'w1']);
  });
});
