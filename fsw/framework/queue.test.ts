import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue, type QueueFullPolicy } from './queue';

describe('bounded queue', () => {
  it('behaves like a plain list in order of priority, for any sequence of offers and takes', () => {
    const step = fc.oneof(
      fc.record({
        level: fc.nat({ max: 2 }),
        policy: fc.constantFrom<QueueFullPolicy>('drop-oldest', 'drop-new', 'block', 'fault'),
      }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (depth, steps) => {
        const queue = new BoundedQueue<string, number>(depth, 3);
        const model: { level: number; n: number }[] = [];
        for (const [n, what] of steps.entries()) {
          if (what === 'take') {
            const next = model.length > 0 ? Math.min(...model.map(({ level }) => level)) : -1;
            const at = model.findIndex(({ level }) => level === next);
            expect(queue.take()).toBe(at >= 0);
            if (at >= 0) expect(queue.body).toBe(model.splice(at, 1)[0].n);
          } else {
            const { level, policy } = what;
            const oldest = model.findIndex((entry) => entry.level === level);
            const full = model.length === depth;
            const offer = queue.offer('h', n, level, policy);
            if (!full) expect(offer).toBe('queued');
            else if (policy === 'drop-oldest' && oldest >= 0) {
              expect(offer).toBe('dropped-oldest');
              expect(queue.body).toBe(model.splice(oldest, 1)[0].n);
            } else expect(offer).toBe('full');
            if (offer !== 'full') model.push({ level, n });
          }
          expect(queue.size).toBe(model.length);
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('remembers how full it ever was', () => {
    const queue = new BoundedQueue<string, number>(5, 1);
    for (let n = 0; n < 3; n++) queue.offer('h', n, 0, 'drop-new');
    while (queue.take()) queue.take();
    expect([queue.highWater, queue.size]).toEqual([3, 0]);
  });
});
