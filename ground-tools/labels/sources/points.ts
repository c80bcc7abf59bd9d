/** Places with a class, as surveys give them: a table of comma- or semicolon-separated values. */
import { type Result, succeed } from '../../../fsw/errors';
import type { Place } from '../../../fsw/framework';
import { cornersOf, isWithin, type PlacedTile, type Ring } from '../footprint';
import { type Declared, type Legend, type Source, sourceFault, tally } from './source';

export interface PointColumns {
  readonly latitude: string;
  readonly longitude: string;
  readonly class: string;
}

interface Point {
  readonly place: Place;
  readonly word: string;
}

/** The points within a tile speak for all of it. Errors: LABELS_SOURCE, with the line. */
export function pointSource(
  declared: Declared,
  given: { readonly text: string; readonly sha256: string },
  legend: Legend,
  columns: PointColumns,
): Result<Source> {
  const points = pointsOf(declared, given.text, columns);
  if (!points.ok) return points;
  const sorted = [...points.value].sort((a, b) => a.place.latDeg - b.place.latDeg);
  return succeed({
    ...declared,
    kind: 'points',
    sha256: given.sha256,
    async says(tile: PlacedTile) {
      const corners = cornersOf(tile);
      const [south, north] = [Math.min, Math.max].map((of) => of(...corners.map(({ latDeg }) => latDeg)));
      const ring: Ring = [...corners, corners[0]].map(({ lonDeg, latDeg }) => [lonDeg, latDeg]);
      const near = sorted.slice(firstFrom(sorted, south), firstFrom(sorted, north));
      const within = near.filter(({ place }) => isWithin(place, ring));
      return succeed(
        tally(
          within.map(({ word }) => word),
          within.length,
          legend,
        ),
      );
    },
    close: async () => {},
  });
}

/** Index of the first point at this latitude or north of it. */
function firstFrom(sorted: readonly Point[], latDeg: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].place.latDeg < latDeg) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pointsOf(declared: Declared, text: string, columns: PointColumns): Result<Point[]> {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const separator = head.includes(';') ? ';' : ',';
  const names = cells(head, separator);
  const at = [columns.latitude, columns.longitude, columns.class].map((name) => names.indexOf(name));
  const missing = [columns.latitude, columns.longitude, columns.class].find((_, i) => at[i] === -1);
  if (missing !== undefined)
    return sourceFault(declared, `it has no column ${missing}; it has ${names.join(', ')}`);
  const points: Point[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const fields = cells(line, separator);
    const [latitude, longitude, word] = at.map((column) => fields[column] ?? '');
    const [latDeg, lonDeg] = [latitude, longitude].map((field) =>
      field === '' ? Number.NaN : Number(field),
    );
    if (!(Math.abs(latDeg) <= 90 && Math.abs(lonDeg) <= 180) || word === '')
      return sourceFault(
        declared,
        `line ${i + 2}: ${latitude}, ${longitude}, ${word} is no latitude, longitude and class`,
      );
    points.push({ place: { latDeg, lonDeg }, word });
  }
  return succeed(points);
}

/** Quoted cells may hold the separator, and a quote as two. */
function cells(line: string, separator: string): string[] {
  const found: string[] = [];
  let [cell, quoted] = ['', false];
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (char === '"' && quoted && line[i + 1] === '"') cell += line[i++];
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      found.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  return [...found, cell.trim()];
}
