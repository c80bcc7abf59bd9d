/** A topology draws itself: as Mermaid text, and as one self-contained SVG. */
import { layersOf, type Slot, stack } from './layers';
import { type Connection, type EndRef, type Instance, showEnd, type Topology } from './topology';

/** A Mermaid flowchart: solid arrows are synchronous calls, dotted ones go through a queue. */
export function mermaidOf(topology: Topology): string {
  const lines = topology.instances.map(
    ({ name, component }) => `  ${name}["${name}"]:::${component.model.kind}`,
  );
  for (const { from, to } of topology.connections) {
    const arrow = isQueued(topology, to) ? '-.->' : '-->';
    lines.push(`  ${from.instance} ${arrow}|"${portName(from)} → ${portName(to)}"| ${to.instance}`);
  }
  const styles = Object.entries(palette).map(
    ([kind, { fill, line }]) => `  classDef ${kind} fill:${fill},stroke:${line},color:#0f172a`,
  );
  const notes = patternNotes(topology).map((note) => `  %% ${note}`);
  return `${['flowchart LR', ...lines, ...styles, ...notes].join('\n')}\n`;
}

const palette = {
  active: { fill: '#dbeafe', line: '#2563eb', says: 'active: own queue, run by the executive' },
  queued: { fill: '#fef3c7', line: '#d97706', says: 'queued: own queue, drained by a caller' },
  passive: { fill: '#f1f5f9', line: '#64748b', says: 'passive: runs in its caller' },
} as const;

const WIDTH = 1400;
const MARGIN = 28;
const MAX_COLUMNS = 6;
const BOX_WIDTH = 168;
const HEADER = 28;
const ROW = 15;
const GAP = 22;
/** Room between two bands, where arrows run from the end of one to the beginning of the next. */
const BAND_GAP = 64;
/** An output array that leads to more ends than this is told in words (rate groups). */
const MAX_DRAWN = 2;

interface Wire {
  readonly connection: Connection;
  readonly queued: boolean;
  /** The ends by place, not by direction: `left` is in an earlier layer. */
  readonly left: EndRef;
  readonly right: EndRef;
}

interface Box {
  readonly instance: Instance;
  readonly left: string[];
  readonly right: string[];
  readonly words: string[];
  x: number;
  y: number;
}

/** An SVG of the whole topology, 1400 wide: data flows from left to right, in bands where it is long. */
export function svgOf(topology: Topology): string {
  const { drawn, told } = sortConnections(topology.connections);
  const names = topology.instances.map(({ name }) => name);
  const layers = layersOf(
    names,
    drawn.map(({ from, to }) => [from.instance, to.instance]),
  );
  const layer = (ref: EndRef) => layers.get(ref.instance) ?? 0;
  const wires = drawn.map((connection): Wire => {
    const { from, to } = connection;
    const [left, right] = layer(from) <= layer(to) ? [from, to] : [to, from];
    return { connection, queued: isQueued(topology, to), left, right };
  });
  const boxes = new Map(topology.instances.map((instance) => [instance.name, boxOf(instance, wires, told)]));
  const lone = new Set(names.filter((name) => !wires.some((wire) => touches(wire, name))));
  const grid = gridOf(layers, lone);
  let y = MARGIN + 44;
  const bandBottoms: number[] = [];
  const passing = new Map<string, { x: number; y: number }>();
  for (let band = 0; band < grid.bands; band++) {
    const columns = slotsOf(band, grid, boxes, wires, lone);
    const tops = stack(columns, GAP);
    let bottom = y;
    for (const [i, column] of columns.entries())
      for (const { id, height } of column) {
        const place = { x: grid.x(i), y: y + (tops.get(id) ?? 0) };
        const box = boxes.get(id);
        if (box) Object.assign(box, place);
        else passing.set(id, place);
        bottom = Math.max(bottom, place.y + height);
      }
    bandBottoms.push(bottom);
    y = bottom + BAND_GAP;
  }
  y = placeLone(
    [...lone].flatMap((name) => boxes.get(name) ?? []),
    y,
  );
  const arrows = wires.map((wire, i) => arrow(wire, i, { boxes, grid, passing, bandBottoms }));
  const parts = [
    text(MARGIN, MARGIN + 12, topology.name, 'title'),
    ...arrows,
    ...[...boxes.values()].map(boxSvg),
    legend(topology, y),
  ];
  const height = y + 40 + 18 * patternNotes(topology).length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
<style>
text { font: 10.5px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #334155 }
.title { font-size: 20px; font-weight: 600; fill: #0f172a }
.name { font-size: 12px; font-weight: 600; fill: #0f172a; text-anchor: middle }
.end { text-anchor: end }
.words { fill: #64748b; font-style: italic }
.note { font-size: 12px }
path { fill: none; stroke: #475569; stroke-width: 1.3 }
.queued { stroke-dasharray: 5 3 }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" style="fill:#475569;stroke:none"/></marker></defs>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

function sortConnections(connections: readonly Connection[]): { drawn: Connection[]; told: Connection[] } {
  const many = (ref: EndRef) =>
    connections.filter(({ from }) => from.instance === ref.instance && from.end === ref.end).length >
    MAX_DRAWN;
  return {
    drawn: connections.filter(({ from }) => !many(from)),
    told: connections.filter(({ from }) => many(from)),
  };
}

function boxOf(instance: Instance, wires: readonly Wire[], told: readonly Connection[]): Box {
  const { name } = instance;
  const unique = (refs: readonly EndRef[]) =>
    [...new Set(refs.filter((ref) => ref.instance === name).map(portName))].sort();
  const calls = told.filter(({ from }) => from.instance === name).map(({ to }) => to.instance);
  const callers = told.filter(({ to }) => to.instance === name);
  return {
    instance,
    left: unique(wires.map(({ right }) => right)),
    right: unique(wires.map(({ left }) => left)),
    words: [
      ...callers.map(({ from, to }) => `${to.end} from ${from.instance}`),
      ...(calls.length > 0 ? [`calls ${new Set(calls).size} components`] : []),
    ],
    x: 0,
    y: 0,
  };
}

function heightOf({ left, right, words }: Box): number {
  return HEADER + ROW * (Math.max(left.length, right.length) + words.length) + 6;
}

interface Grid {
  readonly columns: number;
  readonly bands: number;
  x(column: number): number;
  at(name: string): { band: number; column: number };
}

/** Cuts the row of layers into bands of equal length that fit the width. */
function gridOf(layers: ReadonlyMap<string, number>, lone: ReadonlySet<string>): Grid {
  const used = [...layers].filter(([name]) => !lone.has(name)).map(([, layer]) => layer);
  const count = used.length > 0 ? Math.max(...used) + 1 : 0;
  const bands = Math.ceil(count / MAX_COLUMNS);
  const columns = Math.max(2, Math.ceil(count / Math.max(1, bands)));
  const step = (WIDTH - 2 * MARGIN - BOX_WIDTH - 40) / (columns - 1);
  return {
    columns,
    bands,
    x: (column) => Math.round(MARGIN + 20 + column * step),
    at(name) {
      const layer = layers.get(name) ?? 0;
      return { band: Math.floor(layer / columns), column: layer % columns };
    },
  };
}

function passId(wire: number, column: number): string {
  return `wire ${wire} in column ${column}`;
}

/** What stands in the columns of one band: its boxes, and a gap where an arrow passes a column. */
function slotsOf(
  band: number,
  grid: Grid,
  boxes: ReadonlyMap<string, Box>,
  wires: readonly Wire[],
  lone: ReadonlySet<string>,
): Slot[][] {
  const columns = Array.from({ length: grid.columns }, (): Slot[] => []);
  const slots = new Map<string, Slot>();
  const add = (id: string, column: number, height: number) => {
    const slot: Slot = { id, height, before: [], after: [] };
    slots.set(id, slot);
    columns[column].push(slot);
  };
  for (const [name, box] of boxes)
    if (!lone.has(name) && grid.at(name).band === band) add(name, grid.at(name).column, heightOf(box));
  for (const [i, { left, right }] of wires.entries()) {
    const [a, b] = [grid.at(left.instance), grid.at(right.instance)];
    if (a.band !== band || b.band !== band) continue;
    let last = left.instance;
    for (let column = a.column + 1; column <= b.column; column++) {
      const id = column === b.column ? right.instance : passId(i, column);
      if (column < b.column) add(id, column, 4);
      slots.get(last)?.after.push(id);
      slots.get(id)?.before.push(last);
      last = id;
    }
  }
  return columns;
}

/** Boxes without an arrow stand in rows of their own. Returns the free place below. */
function placeLone(boxes: readonly Box[], top: number): number {
  const perRow = Math.floor((WIDTH - 2 * MARGIN) / (BOX_WIDTH + GAP));
  let y = top;
  for (let i = 0; i < boxes.length; i += perRow) {
    const row = boxes.slice(i, i + perRow);
    for (const [column, box] of row.entries())
      Object.assign(box, { x: MARGIN + 20 + column * (BOX_WIDTH + GAP), y });
    y += Math.max(...row.map(heightOf)) + GAP;
  }
  return y;
}

interface Places {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly grid: Grid;
  readonly passing: ReadonlyMap<string, { x: number; y: number }>;
  readonly bandBottoms: readonly number[];
}

type Point = readonly [x: number, y: number];

function arrow(wire: Wire, index: number, places: Places): string {
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

function boxSvg(box: Box): string {
  const { x, y, instance, left, right, words } = box;
  const { fill, line } = palette[instance.component.model.kind];
  const height = heightOf(box);
  const rowY = (i: number) => y + HEADER + ROW * i + 11;
  const below = Math.max(left.length, right.length);
  const doc = `<title>${escaped(instance.component.model.doc)}</title>`;
  return [
    `<g><rect x="${x}" y="${y}" width="${BOX_WIDTH}" height="${height}" rx="6" fill="${fill}" stroke="${line}" stroke-width="1.4">${doc}</rect>`,
    text(x + BOX_WIDTH / 2, y + 18, instance.name, 'name'),
    ...left.map((name, i) => text(x + 8, rowY(i), name)),
    ...right.map((name, i) => text(x + BOX_WIDTH - 8, rowY(i), name, 'end')),
    ...words.map((line, i) => text(x + 8, rowY(below + i), line, 'words')),
    '</g>',
  ].join('');
}

function legend(topology: Topology, y: number): string {
  const parts: string[] = [];
  let x = MARGIN + 20;
  for (const { fill, line, says } of Object.values(palette)) {
    parts.push(`<rect x="${x}" y="${y}" width="18" height="13" rx="3" fill="${fill}" stroke="${line}"/>`);
    parts.push(text(x + 26, y + 11, says, 'note'));
    x += 290;
  }
  for (const [style, says] of [
    ['', 'call at once'] as const,
    [' class="queued"', 'through a queue'] as const,
  ]) {
    parts.push(`<path d="M${x} ${y + 7} h34"${style} marker-end="url(#tip)"/>`);
    parts.push(text(x + 42, y + 11, says, 'note'));
    x += 140;
  }
  const notes = patternNotes(topology).map((note, i) => text(MARGIN + 20, y + 36 + 18 * i, note, 'note'));
  return [...parts, ...notes].join('\n');
}

/** What the patterns wire, in words. */
function patternNotes({ patterns }: Topology): string[] {
  const { commands, events, telemetry, params, health } = patterns;
  const served: [string, EndRef | undefined][] = [
    ['commands', commands?.respond],
    ['events', events],
    ['telemetry', telemetry],
    ['parameters', params?.get],
    ['health', health?.pong[0]],
  ];
  const words = served.flatMap(([what, ref]) => (ref ? [`${what} by ${ref.instance}`] : []));
  return words.length > 0 ? [`Every component is also served, by patterns: ${words.join(', ')}.`] : [];
}

function touches({ left, right }: Wire, name: string): boolean {
  return left.instance === name || right.instance === name;
}

function isQueued({ instances }: Topology, to: EndRef): boolean {
  const end = instances.find(({ name }) => name === to.instance)?.component.model.ports[to.end];
  return end?.direction === 'in' && end.dispatch === 'async';
}

function portName(ref: EndRef): string {
  return ref.index > 0 ? `${ref.end}[${ref.index}]` : ref.end;
}

function text(x: number, y: number, words: string, kind?: string): string {
  return `<text x="${x}" y="${y}"${kind ? ` class="${kind}"` : ''}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
