import { describe, expect, it } from 'vitest';
import { ProgressLine, progressText } from './progress';
import { summaryOf } from './summary';

const flying = { percent: 42.4, orbit: 1, orbits: 1, frames: 310, kept: 120, passes: 2, queue: 14 };

/** A screen that keeps what is written. */
function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

describe('the progress line', () => {
  it('says where the flight is', () => {
    expect(progressText({ ...flying, station: 'Svalbard' }, screen(false))).toBe(
      'orbit 1/1 ━━━━──────  42%  frames 310  kept 120  passes 2  queue 14  Svalbard',
    );
  });

  it('leaves the station out rather than wrap', () => {
    const long = { ...flying, orbit: 15, orbits: 15, frames: 123_456, kept: 23_456, queue: 9_999 };
    const line = progressText({ ...long, station: 'Svalbard' }, screen(false));
    expect(line).not.toContain('Svalbard');
    expect(line.length).toBeLessThan(80);
  });

  it('is redrawn in place on a terminal, and left standing for what comes next', () => {
    const terminal = screen(true);
    const line = new ProgressLine(terminal);
    line.show(flying);
    line.show({ ...flying, percent: 43 });
    line.end();
    line.end();
    expect(terminal.written.map((text) => text[0])).toEqual(['\r', '\r', '\n']);
  });

  it('counts time on a flight without an end, and leaves out what the mission does not have', () => {
    const live = { elapsedS: 3667.4, orbit: 1, passes: 1, queue: 0, station: 'ground' };
    expect(progressText(live, screen(false))).toBe('1:01:07 orbit 1  passes 1  queue 0  ground');
  });

  it('says a line each time that the ground of an endless flight comes or goes', () => {
    const pipe = screen(false);
    const line = new ProgressLine(pipe);
    for (const station of [undefined, undefined, 'ground', 'ground', undefined])
      line.show({ elapsedS: 1, orbit: 1, station });
    expect(pipe.written.length).toBe(3);
  });

  it('never draws more than a whole bar', () => {
    for (const percent of [-5, 0, 100, 250])
      expect(progressText({ ...flying, percent }, screen(false)).match(/[━─]/g)).toHaveLength(10);
  });
});

describe('the summary', () => {
  it('leaves out what a board cannot know', () => {
    expect(summaryOf({ seed: 1, dictionaryHash: 'ab' }, '/x/report.json', screen(false))).toBe(
      '\n  seed        1, dictionary ab\n\n  report in /x/report.json\n',
    );
  });

  it('says where the page is, where there is one', () => {
    const text = summaryOf({ seed: 1 }, '/x/report.json', screen(false), '/x/report.html');
    expect(text).toContain('\n  report in /x/report.json, look at it in /x/report.html\n');
  });

  it('names what went wrong', () => {
    const report = { faults: { camera: 2, inference: 1 }, latencyMs: { p50: null, p99: null }, passes: [] };
    const text = summaryOf(report, '/x/report.json', screen(false));
    expect(text).toContain('camera 2, inference 1');
    expect(text).toContain('none median, none p99');
    expect(text).toContain('passes      none');
  });
});
