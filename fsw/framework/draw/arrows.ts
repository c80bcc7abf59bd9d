/** The arrows of the SVG: smooth between columns, square round the end of a band. */
import { type EndRef, showEnd } from '../topology';
import { escaped } from './markup';
import { BOX_WIDTH, type Box, type Grid, HEADER, passId, ROW, type Wire } from './plan';
import { portName } from './style';

export interface Places {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly grid: Grid;
  readonly passing: ReadonlyMap<string, { x: number; y: number }>;
  readonly bandBottoms: readonly number[];
}

type Point = readonly [x: number, y: number];

export function arrow(wire: Wire, index: number, places: Places): string {
  const { connection, queued, left, right } = wire;
  const start = anchor(places.boxes.get(left.instance), left, 'right');
  const end = anchor(places.boxes.get(right.instance), right, 'left');
  const [a, b] = [places.grid.at(left.instance), places.grid.at(right.instance)];
  let path: string;
  if (a.band !== b.band) path = detour(start, end, places.bandBottoms[a.band], index);
  else if (left.instance === right.instance) path = detour(start, end, places.bandBottoms[a.band], index);
  else {
    const points: Point[] = [start];
    for (let column = a.column + 1; column < b.column; column++) {
      const { x, y } = places.passing.get(passId(index, column)) ?? { x: 0, y: 0 };
      points.push([x, y + 2], [x + BOX_WIDTH, y + 2]);
    }
    path = curve([...points, end]);
  }
  const tip = connection.to === right ? 'marker-end' : 'marker-start';
  const title = `${showEnd(connection.from)} → ${showEnd(connection.to)} (${connection.from.type})`;
  return `<path d="${path}"${queued ? ' class="queued"' : ''} ${tip}="url(#tip)"><title>${escaped(title)}</title></path>`;
}

/** Where on its box a port's arrow begins or ends. */
function anchor(box: Box | undefined, ref: EndRef, side: 'left' | 'right'): Point {
  if (box === undefined) return [0, 0];
  const row = box[side].indexOf(portName(ref));
  return [side === 'left' ? box.x : box.x + BOX_WIDTH, box.y + HEADER + ROW * row + ROW / 2];
}

/** Smooth from point to point, level at each. */
function curve(points: readonly Point[]): string {
  const [[x, y], ...rest] = points;
  let path = `M${x} ${y}`;
  let last: Point = [x, y];
  for (const [nextX, nextY] of rest) {
    const middle = Math.round((last[0] + nextX) / 2);
    path += ` C${middle} ${last[1]} ${middle} ${nextY} ${nextX} ${nextY}`;
    last = [nextX, nextY];
  }
  return path;
}

/** Round the end of a band: out, down into the gap below it, across, and down again to where it goes. */
function detour([x1, y1]: Point, [x2, y2]: Point, bottom: number, index: number): string {
  const track = index % 6;
  const outX = x1 + 12 + 5 * track;
  const inX = x2 - 12 - 5 * track;
  const gapY = bottom + 14 + 7 * track;
  return rounded([
    [x1, y1],
    [outX, y1],
    [outX, gapY],
    [inX, gapY],
    [inX, y2],
    [x2, y2],
  ]);
}

/** Straight from point to point, with rounded corners. */
function rounded(points: readonly Point[]): string {
  const towards = ([x, y]: Point, [toX, toY]: Point): Point => {
    const length = Math.hypot(toX - x, toY - y);
    const part = length === 0 ? 0 : Math.min(8, length / 2) / length;
    return [x + (toX - x) * part, y + (toY - y) * part];
  };
  const corners = points.slice(1, -1).map((corner, i) => {
    const [before, after] = [towards(corner, points[i]), towards(corner, points[i + 2])];
    return `L${before.join(' ')} Q${corner.join(' ')} ${after.join(' ')}`;
  });
  return `M${points[0].join(' ')} ${corners.join(' ')} L${points[points.length - 1].join(' ')}`;
}
