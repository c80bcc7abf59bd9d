import { describe, expect, it } from 'vitest';
import { passTotals } from './downlink';
import { mostSevere } from './events';
import { isWrong, why } from './frameCards';
import { pageOf } from './page';
import { channels, eventAt, testFrame, testRecord, testTile } from './testRecord';
import { mergedSessions } from './upsets';

const hostile = `</td><script>alert(1)</script>"' onload='x`;

describe('the report page', () => {
  it('is the same for the same flight, byte for byte', () => {
    expect(pageOf(testRecord())).toBe(pageOf(testRecord()));
  });

  it('needs nothing from outside, and says so to the browser', () => {
    const page = pageOf(testRecord());
    expect(page).toContain('default-src &#39;none&#39;');
    expect(
      [...page.matchAll(/(?:src|href)="([^"#][^"]{0,10})/g)].map(([, start]) => start.slice(0, 5)),
    ).toEqual(expect.arrayContaining(['data:']));
    expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
    expect(page).not.toMatch(/url\(|@import/);
  });

  it('shows text of the spacecraft as text, whatever it says', () => {
    const page = pageOf(
      testRecord({
        received: [eventAt(1e6, 'warning-high', `Test.${hostile}`, hostile), channels(2e6, { [hostile]: 1 })],
        classNames: [hostile, hostile, hostile],
        stations: [{ name: hostile, latDeg: 0, lonDeg: 0, altM: 0 }],
        passes: [{ station: hostile, startUs: 0, endUs: 1, maxElevationDeg: 1, grantedBytes: 1 }],
        orbitName: hostile,
      }),
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain(`'x`);
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  it('has no upsets without radiation, and both maps with it', () => {
    expect(pageOf(testRecord())).not.toContain('id="upsets"');
    const { report } = testRecord();
    const grid = Array.from({ length: 12 }, () => new Array<number>(18).fill(0));
    grid[3][8] = 42;
    const page = pageOf(
      testRecord({
        report: {
          ...report,
          radiation: {
            factor: 100,
            perBitDay: 7.63e-5,
            targets: ['store'],
            hits: { store: { hits: 42, bits: 50 } },
            byTarget: { 'store model-slot-0': { hits: 42, bits: 50 }, 'runtime vit#9': { hits: 1, bits: 1 } },
            clusters: { 1: 42 },
            stuckCells: 0,
            healed: { storeBitsBySecded: 49, storePagesLost: 1 },
            map: { latDeg: 15, lonDeg: 20, hits: grid, healedByScrubber: grid },
          },
        },
        hits: [
          { atUs: 1e6, latDeg: 0, lonDeg: 0, kind: 'store', target: 'model-slot-0', first: 1, bits: 50 },
        ],
      }),
    );
    expect(page).toContain('id="upsets"');
    expect(page).toContain('upset (truth): from 0 to 50, highest 50');
    expect(page.match(/most \(42\) around latitude -37.5, longitude -10\./g)).toHaveLength(2);
    expect(page).toContain('runtime vit, all sessions');
    expect(page).toContain('1 pages lost');
  });

  it('tells of a flight on which nothing happened', () => {
    const page = pageOf(testRecord({ frames: [], received: [], passes: [], classNames: [] }));
    expect(page).toContain('No detection reached the ground.');
    expect(page).toContain('0 of 0 frames are shown.');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('says how many pictures it leaves out', () => {
    const frames = [testFrame(), testFrame({ id: 4, picture: undefined, tiles: [] })];
    expect(pageOf(testRecord({ frames, pictureStride: 2 }))).toContain(
      '1 of 2 frames are shown. Every 2nd frame has its picture here.',
    );
  });
});

describe('a frame on the page', () => {
  it.each([
    ['KEPT', 'kept: 0 % of its tiles are clouded, 30 % may be'],
    ['CLOUDED', 'discarded: 0 % of its tiles are clouded, 30 % may be'],
    ['DARK', 'discarded: too dark to look at'],
    ['FAILED', 'not screened: no usable answer came'],
    [undefined, 'not judged before the flight ended'],
  ] as const)('says why its verdict was %s', (verdict, text) => {
    expect(why(testFrame({ verdict }))).toBe(text);
  });

  it('marks the tiles that the referee counts as wrong', () => {
    expect(isWrong(testTile())).toBe(false);
    expect(isWrong(testTile({ truth: { cloud: 0.5, water: 0.3 } }))).toBe(true);
    expect(isWrong(testTile({ truth: { cloud: 0.2, water: 0.5 } }))).toBe(true);
    expect(isWrong(testTile({ cloud: 0.7, truth: { cloud: 0.7, water: 1 } }))).toBe(false);
    expect(isWrong(testTile({ surface: undefined, truth: { cloud: 0.2, water: 1 } }))).toBe(false);
  });
});

describe('the downlink on the page', () => {
  it('counts what was received in each pass, by kind, for the pass that began first', () => {
    const pass = { station: 'North', startUs: 0, endUs: 15e6, maxElevationDeg: 1, grantedBytes: 100 };
    const passes = [pass, { ...pass, station: 'South', startUs: 5e6, endUs: 30e6 }];
    const [north, south] = passTotals(testRecord({ passes }));
    expect(north).toMatchObject({
      packets: 3,
      sentBytes: 120,
      byKind: { event: 40, channels: 40, records: 40 },
    });
    expect(south).toMatchObject({
      packets: 1,
      sentBytes: 40,
      byKind: { event: 0, channels: 40, records: 0 },
    });
  });
});

describe('the upsets on the page', () => {
  it('are by target, most hit first, the sessions of a model together', () => {
    const hit = (hits: number) => ({ hits, bits: 2 * hits });
    expect(
      mergedSessions({ 'runtime vit#1': hit(1), 'store model-slot-0': hit(4), 'runtime vit#12': hit(2) }),
    ).toEqual([
      { name: 'store model-slot-0', hits: 4, bits: 8 },
      { name: 'runtime vit, all sessions', hits: 3, bits: 6 },
    ]);
  });
});

describe('the events on the page', () => {
  it('are the most severe ones where they are too many, in their order', () => {
    const severities = ['activity-low', 'fatal', 'activity-low', 'warning-low'] as const;
    const events = severities.map((severity, i) => ({ severity, i }));
    expect(mostSevere(events, 3).map(({ i }) => i)).toEqual([0, 1, 3]);
    expect(mostSevere(events, 9)).toBe(events);
  });
});
