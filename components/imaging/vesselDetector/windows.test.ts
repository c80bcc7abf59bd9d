import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowsOver } from './windows';

describe('tiles along an axis', () => {
  it('judge the middle of each, and at the edges what is left', () => {
    expect(windowsOver({ start: 0, end: 240 }, { from: 0, to: 240 }, 96, 16)).toEqual([
      { origin: 0, from: 0, to: 80 },
      { origin: 64, from: 80, to: 144 },
      { origin: 128, from: 144, to: 208 },
      { origin: 144, from: 208, to: 240 },
    ]);
  });

  it('judge each pixel once, within the tile and what is there, and with a margin but at the edges', () => {
    const lengths = fc.record({
      before: fc.nat(96),
      judged: fc.integer({ min: 1, max: 500 }),
      after: fc.nat(16),
    });
    fc.assert(
      fc.property(lengths, ({ before, judged, after }) => {
        const end = before + judged + after;
        const windows = windowsOver({ start: 0, end }, { from: before, to: before + judged }, 96, 16);
        let at = before;
        for (const { origin, from, to } of windows) {
          expect(from).toBe(at);
          expect(to).toBeGreaterThan(from);
          expect(origin).toBeGreaterThanOrEqual(0);
          expect(origin).toBeLessThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(origin + 96);
          if (end >= 96) expect(origin + 96).toBeLessThanOrEqual(end);
          if (origin > 0) expect(from - origin).toBeGreaterThanOrEqual(16);
          if (origin + 96 < end) expect(origin + 96 - to).toBeGreaterThanOrEqual(16);
          at = to;
        }
        expect(at).toBe(before + judged);
      }),
      { seed: 4 },
    );
  });
});
