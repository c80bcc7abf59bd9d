/** An imager that scans, for the tests of this room: bands of scale 1, 2 and 6 over counts that tell band, line and column. */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Place, Pushbroom, Scan, SpectralBand, Swath } from '../../fsw/framework';

export const testBands: readonly SpectralBand[] = [
  { name: 'red', scale: 1, gain: 1e-4, offset: 0 },
  { name: 'swir16', scale: 2, gain: 1e-4, offset: 0 },
  { name: 'coastal', scale: 6, gain: 1e-4, offset: 0 },
];

export interface FakeImager {
  width: number;
  lines: number | undefined;
  /** Lines that there are, if `lines` doesn't tell. */
  last: number;
  bands: readonly SpectralBand[];
  open: (target?: Place) => Promise<Result<void>>;
  read: (firstLine: number) => Promise<Result<Scan>>;
}

export interface Fake extends Pushbroom {
  readonly opened: (Place | undefined)[];
  readonly now: FakeImager;
  /** Swaths that are open. */
  readonly count: { open: number };
}

/** The count of a band's pixel. */
export const testCount = (band: number, row: number, column: number) => band * 10_000 + row * 100 + column;

export function fakePushbroom(given: Partial<FakeImager> = {}): Fake {
  const now: FakeImager = {
    width: 7,
    lines: 30,
    last: 30,
    bands: testBands,
    open: async () => succeed(undefined),
    read: async (firstLine) =>
      succeed({ atUs: firstLine * 1000, view: { latDeg: 37, lonDeg: -75, headingDeg: 190, gsdM: 10 } }),
    ...given,
  };
  const opened: Fake['opened'] = [];
  const count = { open: 0 };
  return {
    opened,
    now,
    count,
    async open(target) {
      opened.push(target);
      const answer = await now.open(target);
      if (!answer.ok) return answer;
      count.open++;
      let next = 0;
      const swath: Swath = {
        get bands() {
          return now.bands;
        },
        get width() {
          return now.width;
        },
        get lines() {
          return now.lines;
        },
        async read(lines, into) {
          const first = next;
          if (first + lines > (now.lines ?? now.last))
            return fail('SWATH_END', { left: (now.lines ?? now.last) - first, asked: lines });
          const scan = await now.read(first);
          if (!scan.ok) return scan;
          next += lines;
          now.bands.forEach(({ scale }, band) => {
            const columns = Math.ceil(now.width / scale);
            for (let row = 0; row < lines / scale; row++)
              for (let column = 0; column < columns; column++)
                into[band][row * columns + column] = testCount(band, first / scale + row, column);
          });
          return scan;
        },
        close: () => void count.open--,
      };
      return succeed(swath);
    },
  };
}
