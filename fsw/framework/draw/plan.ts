/** Where everything stands in the SVG: boxes in columns by data flow, columns in bands. */
import type { Connection, EndRef, Instance } from '../topology';
import type { Slot } from './layers';
import { portName } from './style';

export const WIDTH = 1400;
export const MARGIN = 28;
export const MAX_COLUMNS = 6;
export const BOX_WIDTH = 168;
export const HEADER = 28;
export const ROW = 15;
export const GAP = 22;
/** Room between two bands, where arrows run from the end of one to the beginning of the next. */
export const BAND_GAP = 64;
/** An output array that leads to more ends than this is told in words (rate groups). */
export const MAX_DRAWN = 2;

export interface Wire {
  readonly connection: Connection;
  readonly queued: boolean;
  /** The ends by place, not by direction: `left` is in an earlier layer. */
  readonly left: EndRef;
  readonly right: EndRef;
}

export interface Box {
  readonly instance: Instance;
  readonly left: string[];
  readonly right: string[];
  readonly words: string[];
  x: number;
  y: number;
}

export function sortConnections(connections: readonly Connection[]): {
  drawn: Connection[];
  told: Connection[];
} {
  const many = (ref: EndRef) =>
    connections.filter(({ from }) => from.instance === ref.instance && from.end === ref.end).length >
    MAX_DRAWN;
  return {
    drawn: connections.filter(({ from }) => !many(from)),
    told: connections.filter(({ from }) => many(from)),
  };
}

export function boxOf(instance: Instance, wires: readonly Wire[], told: readonly Connection[]): Box {
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

export function heightOf({ left, right, words }: Box): number {
  return HEADER + ROW * (Math.max(left.length, right.length) + words.length) + 6;
}

export interface Grid {
  readonly columns: number;
  readonly bands: number;
  x(column: number): number;
  at(name: string): { band: number; column: number };
}

/** Cuts the row of layers into bands of equal length that fit the width. */
export function gridOf(layers: ReadonlyMap<string, number>, lone: ReadonlySet<string>): Grid {
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

export function passId(wire: number, column: number): string {
  return `wire ${wire} in column ${column}`;
}

/** What stands in the columns of one band: its boxes, and a gap where an arrow passes a column. */
export function slotsOf(
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
export function placeLone(boxes: readonly Box[], top: number): number {
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

export function touches({ left, right }: Wire, name: string): boolean {
  return left.instance === name || right.instance === name;
}
