import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { RangeSet } from './ranges';

const SIZE = 64;
const ranges = fc.array(fc.tuple(fc.nat({ max: SIZE }), fc.nat({ max: SIZE })), { maxLength: 30 });

it('holds what a set of bytes would', () => {
  fc.assert(
    fc.property(ranges, (adds) => {
      const set = new RangeSet(100);
      const bytes = new Set<number>();
      for (const [start, end] of adds) {
        set.add(start, end);
        for (let at = start; at < end; at++) bytes.add(at);
      }
      expect(set.bytes).toBe(bytes.size);
      const missing = set
        .missing(0, SIZE)
        .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
      expect(missing).toEqual(Array.from({ length: SIZE }, (_, i) => i).filter((at) => !bytes.has(at)));
      expect(set.covers(0, SIZE)).toBe(missing.length === 0);
      expect(new RangeSet(100, set.edges).bytes).toBe(bytes.size);
      let taken = 0;
      for (let one = set.takeFirst(3); one !== undefined; one = set.takeFirst(3))
        taken += one.end - one.start;
      expect([taken, set.count, set.bytes]).toEqual([bytes.size, 0, 0]);
    }),
  );
});

it('refuses one range too many, and takes what joins others', () => {
  const set = new RangeSet(2);
  expect([set.add(0, 1), set.add(4, 5), set.add(8, 9), set.add(1, 4), set.add(8, 9)]).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
  expect(set.edges).toEqual([0, 5, 8, 9]);
  expect([set.prefix, set.end, set.bytes]).toEqual([5, 9, 6]);
});
