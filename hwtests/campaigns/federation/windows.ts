/** When who can talk to whom: passes over ground stations, one satellite at a time an antenna, and satellites in sight. */
import { passes, polarNetwork, type Station } from '../../simulators/stations';
import { grazingKm, rangeKm, type Satellite } from './constellation';

/** A span of time in which a link stands. */
export interface Window {
  readonly kind: 'ground' | 'crosslink';
  /** Indices of satellites; of a pass, `b` is the ground: as many as there are satellites. */
  readonly a: number;
  readonly b: number;
  /** Of a pass. */
  readonly station?: string;
  /** Microseconds since the experiment began. */
  readonly startUs: number;
  readonly endUs: number;
}

export interface Sky {
  readonly epochMs: number;
  readonly spanMs: number;
}

/** A small operator's three: a polar one that sees every orbit, and two in the south. */
export const STATIONS: readonly Station[] = polarNetwork.filter(({ name }) =>
  ['Svalbard', 'Punta Arenas', 'Awarua'].includes(name),
);
const MIN_ELEVATION_DEG = 10;
/** What is left of a pass beside another satellite's must be worth turning the antenna. */
const MIN_PASS_US = 120e6;
const TURN_US = 30e6;

/** Crosslinks: lasers and S band reach this far; the line must stay clear of the thick air. */
const MAX_RANGE_KM = 4500;
const MIN_GRAZING_KM = 80;
const CROSSLINK_STEP_MS = 30_000;
/** A link that always stands is budgeted in spans of this length. */
const CROSSLINK_SPAN_US = 1800e6;

/** Passes as the antennas serve them: one at a time; of those in sight, whom no station has heard for longest. */
export function groundWindows(satellites: readonly Satellite[], sky: Sky, stations = STATIONS): Window[] {
  const { epochMs, spanMs } = sky;
  const span = { fromMs: epochMs, toMs: epochMs + spanMs, missionEpochMs: epochMs };
  let waiting = satellites.flatMap(({ orbit }, a) =>
    passes(orbit, stations, { ...span, minElevationDeg: MIN_ELEVATION_DEG }).map((pass) => ({ ...pass, a })),
  );
  const served: Window[] = [];
  const heardUs = satellites.map(() => Number.NEGATIVE_INFINITY);
  const freeUs = new Map<string, number>();
  for (;;) {
    const ready = waiting
      .map((pass) => ({ pass, startUs: Math.max(pass.startUs, freeUs.get(pass.station) ?? 0) }))
      .filter(({ pass, startUs }) => pass.endUs - startUs >= MIN_PASS_US)
      .sort((x, y) => x.startUs - y.startUs || heardUs[x.pass.a] - heardUs[y.pass.a]);
    if (ready.length === 0) return served;
    const [{ pass, startUs }] = ready;
    const { a, station, endUs } = pass;
    served.push({ kind: 'ground', a, b: satellites.length, station, startUs, endUs });
    freeUs.set(station, endUs + TURN_US);
    heardUs[a] = endUs;
    waiting = ready.slice(1).map((other) => other.pass);
  }
}

/** Spans in which two satellites are in range and in sight, to half a minute. */
export function crosslinkWindows(satellites: readonly Satellite[], { epochMs, spanMs }: Sky): Window[] {
  const found: Window[] = [];
  const openUs = new Map<string, number>();
  for (let ms = 0; ; ms = Math.min(ms + CROSSLINK_STEP_MS, spanMs)) {
    const places = satellites.map(({ orbit }) => orbit.stateAt(epochMs + ms).ecfKm);
    for (let a = 0; a < satellites.length; a++)
      for (let b = a + 1; b < satellites.length; b++) {
        const sees =
          rangeKm(places[a], places[b]) <= MAX_RANGE_KM && grazingKm(places[a], places[b]) >= MIN_GRAZING_KM;
        const key = `${a} ${b}`;
        const startUs = openUs.get(key);
        if (sees && startUs === undefined) openUs.set(key, ms * 1000);
        else if (
          startUs !== undefined &&
          (!sees || ms === spanMs || ms * 1000 - startUs >= CROSSLINK_SPAN_US)
        ) {
          if (ms * 1000 > startUs) found.push({ kind: 'crosslink', a, b, startUs, endUs: ms * 1000 });
          if (sees) openUs.set(key, ms * 1000);
          else openUs.delete(key);
        }
      }
    if (ms === spanMs) return found.sort((x, y) => x.startUs - y.startUs || x.a - y.a || x.b - y.b);
  }
}
