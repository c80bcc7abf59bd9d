import { describe, expect, it } from 'vitest';
import { type Point, plot, thinned, ticks } from './plot';

describe('a plot', () => {
  it('draws each series as one line, from its own numbers', () => {
    const points: Point[] = [
      [0, 0],
      [30, 10],
      [60, 5],
    ];
    const { text } = plot({
      title: 'T',
      endS: 60,
      series: [
        { name: 'a', points },
        { name: 'b', points, steps: true },
      ],
    });
    const drawn = [...text.matchAll(/ d="(M[^"]+)"\/>/g)]
      .map(([, d]) => d)
      .filter((d) => /[LHV].*[LHV]/.test(d));
    expect(drawn).toEqual(['M56 176L334 10L612 93', 'M56 176H334V10H612V93']);
    expect(text).toContain('a: from 0 to 5, highest 10');
  });

  it('stands without any value', () => {
    expect(plot({ title: 'T', endS: 60, series: [{ name: 'a', points: [] }] }).text).toContain(
      'a: no values',
    );
    expect(plot({ title: 'T', endS: 60, series: [{ name: 'a', points: [[0, 0]] }] }).text).not.toContain(
      'NaN',
    );
  });

  it('has round ticks up to the highest value or beyond', () => {
    expect(ticks(10, 4)).toEqual([0, 5, 10]);
    expect(ticks(23, 4)).toEqual([0, 10, 20, 30]);
    expect(ticks(0.3, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(ticks(94_000, 4)).toEqual([0, 50_000, 100_000]);
  });

  it('thins a long line out and keeps its peaks', () => {
    const points = Array.from(
      { length: 10_000 },
      (_, i): Point => [i, i === 4321 ? 99 : i === 17 ? -5 : i % 3],
    );
    const few = thinned(points);
    expect(few.length).toBeLessThanOrEqual(602);
    expect(few).toContainEqual([4321, 99]);
    expect(few).toContainEqual([17, -5]);
    const whole = Array.from({ length: 300_000 }, (_, i): Point => [i, i]);
    const long = plot({ title: 'T', endS: 300_000, series: [{ name: 'a', points: whole }] });
    expect(long.text).toContain('from 0 to 299,999, highest 299,999');
    expect(few.map(([x]) => x)).toEqual([...few.map(([x]) => x)].sort((a, b) => a - b));
  });
});
