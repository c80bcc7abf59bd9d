import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRanges, readRanges, showRanges } from './byteRanges';

const pieces = fc.array(fc.tuple(fc.nat(60), fc.nat(12)), { maxLength: 30 });

describe('ByteRanges', () => {
  it('knows which bytes are there, as a table of bytes would', () => {
    fc.assert(
      fc.property(pieces, fc.nat(80), fc.nat(80), (list, size, from) => {
        const there = new Set<number>();
        const ranges = new ByteRanges();
        for (const [start, length] of list) {
          const before = there.size;
          const expected = ranges.countAfter(start, start + length);
          for (let i = start; i < start + length; i++) there.add(i);
          expect(ranges.add(start, start + length)).toBe(there.size - before);
          expect(ranges.ranges.length).toBe(length === 0 ? ranges.ranges.length : expected);
        }
        expect(ranges.covered).toBe(there.size);
        const bytes = [...ranges.ranges].flatMap(({ start, end }) => span(start, end));
        expect(bytes).toEqual([...there].sort((a, b) => a - b));
        const missing = [...ranges.missing(size, from)].flatMap(({ start, end }) => span(start, end));
        expect(missing).toEqual(span(from, size).filter((i) => !there.has(i)));
        const only = new ByteRanges(ranges.ranges);
        expect(only.ranges).toEqual(ranges.ranges);
        if (bytes.every((at) => at < size)) expect(ranges.hasAll(size)).toBe(there.size === size);
      }),
    );
  });

  it('go into a text as far as there is room, and come back', () => {
    fc.assert(
      fc.property(pieces, fc.nat(60), (list, room) => {
        const { ranges } = new ByteRanges(list.map(([start, length]) => ({ start, end: start + length })));
        const { text, count } = showRanges(ranges, room);
        expect(text.length).toBeLessThanOrEqual(room);
        expect(readRanges(text)).toEqual(ranges.slice(0, count));
        expect(showRanges(ranges, 1000).count).toBe(ranges.length);
      }),
    );
    expect(readRanges('0+1,,x,-1+2,3+,9+1')).toEqual([
      { start: 0, end: 1 },
      { start: 9, end: 10 },
    ]);
  });
});

function span(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
