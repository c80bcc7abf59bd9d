import { describe, expect, it } from 'vitest';
import { ownClock } from './ownClock';
import { SimulatedClock } from './simulatedClock';

function onBench() {
  const clock = new SimulatedClock(500);
  const caught: unknown[] = [];
  const own = ownClock(clock, (callback) => {
    try {
      callback();
    } catch (error) {
      caught.push(error);
    }
    return undefined;
  });
  return { clock, own, caught, run: (untilUs: number) => clock.run(untilUs, () => undefined) };
}

describe("a component's own clock", () => {
  it('tells the same time and waits for the same work', async () => {
    const { own, clock, run } = onBench();
    await run(40);
    expect([own.nowUs(), own.epochUs]).toEqual([40, 500]);
    let got = '';
    void own.work(Promise.resolve('done'), 10).then((what) => {
      got = `${what}@${clock.nowUs()}`;
    });
    await run(100);
    expect(got).toBe('done@50');
  });

  it('runs its callbacks inside the edge that it was given', async () => {
    const { own, caught, run } = onBench();
    own.after(10, () => {
      throw 'after';
    });
    own.every(20, (dueUs) => {
      throw dueUs;
    });
    await run(40);
    expect(caught).toEqual(['after', 20, 40]);
  });

  it('cancels one timer, or all that are left', async () => {
    const { own, run } = onBench();
    const seen: string[] = [];
    own.after(10, () => void seen.push('gone')).cancel();
    own.after(10, () => void seen.push('fired'));
    own.every(10, () => void seen.push('tick'));
    await run(10);
    own.after(5, () => void seen.push('late'));
    own.cancelAll();
    await run(100);
    expect(seen).toEqual(['fired', 'tick']);
  });
});
