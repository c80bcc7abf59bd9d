import { ecfToLookAngles } from 'satellite.js';
import type { Contact, Ephemeris } from '../../fsw/framework/board';
import type { Orbit } from './orbit';

const DEG = Math.PI / 180;
/** Coarse search step: a pass shorter than this may be missed, and none so short is worth a downlink. */
const STEP_MS = 10_000;
const EDGE_TOLERANCE_MS = 10;

export interface Station {
  readonly name: string;
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly altM: number;
}

/** Sites of the polar networks (KSAT, ESA, SSC, NASA's Near Space Network), to about 1 km. */
export const polarNetwork: readonly Station[] = [
  { name: 'Svalbard', latDeg: 78.23, lonDeg: 15.39, altM: 458 },
  { name: 'Inuvik', latDeg: 68.32, lonDeg: -133.55, altM: 60 },
  { name: 'Wallops', latDeg: 37.92, lonDeg: -75.48, altM: 5 },
  { name: 'Matera', latDeg: 40.65, lonDeg: 16.7, altM: 536 },
  { name: 'Kourou', latDeg: 5.25, lonDeg: -52.8, altM: -14 },
  { name: 'Punta Arenas', latDeg: -52.93, lonDeg: -70.86, altM: 35 },
  { name: 'Awarua', latDeg: -46.53, lonDeg: 168.38, altM: 5 },
  { name: 'Troll', latDeg: -72.01, lonDeg: 2.53, altM: 1298 },
];

/** A contact as the geometry gives it. */
export interface Pass extends Contact {
  readonly maxElevationDeg: number;
}

export interface PassWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Unix time at which flight time is zero. */
  readonly missionEpochMs: number;
  readonly minElevationDeg: number;
}

/** Elevation of the satellite above a station's horizon, degrees. */
export function elevationDeg(orbit: Orbit, station: Station, unixMs: number): number {
  const site = {
    latitude: station.latDeg * DEG,
    longitude: station.lonDeg * DEG,
    height: station.altM / 1000,
  };
  return ecfToLookAngles(site, orbit.stateAt(unixMs).ecfKm).elevation / DEG;
}

/**
 * All passes over `stations` inside the window, in order of rise; rise and set to 10 ms by bisection. A pass
 * under way at an edge of the window is cut there.
 */
export function passes(orbit: Orbit, stations: readonly Station[], window: PassWindow): Pass[] {
  const found = stations.flatMap((station) => passesOver(orbit, station, window));
  return found.sort((a, b) => a.startUs - b.startUs);
}

function passesOver(orbit: Orbit, station: Station, window: PassWindow): Pass[] {
  const { fromMs, toMs, missionEpochMs, minElevationDeg } = window;
  const above = (ms: number) => elevationDeg(orbit, station, ms) - minElevationDeg;
  const flightUs = (ms: number) => Math.round((ms - missionEpochMs) * 1000);
  const found: Pass[] = [];
  let riseMs = above(fromMs) >= 0 ? fromMs : undefined;
  for (let ms = fromMs; ms < toMs; ms += STEP_MS) {
    const nextMs = Math.min(ms + STEP_MS, toMs);
    const isUp = above(nextMs) >= 0;
    if (riseMs === undefined && isUp) riseMs = crossing(above, ms, nextMs);
    if (riseMs !== undefined && (!isUp || nextMs === toMs)) {
      const setMs = isUp ? toMs : crossing(above, ms, nextMs);
      const maxElevationDeg = minElevationDeg + peak(above, riseMs, setMs);
      found.push({
        station: station.name,
        startUs: flightUs(riseMs),
        endUs: flightUs(setMs),
        maxElevationDeg,
      });
      riseMs = undefined;
    }
  }
  return found;
}

/** Where `f` changes sign between `a` and `b`. */
function crossing(f: (x: number) => number, a: number, b: number): number {
  const startsUp = f(a) >= 0;
  let [low, high] = [a, b];
  while (high - low > EDGE_TOLERANCE_MS) {
    const middle = (low + high) / 2;
    if (f(middle) >= 0 === startsUp) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The highest value of `f`, which has one peak between `a` and `b`, by thirds. */
function peak(f: (x: number) => number, a: number, b: number): number {
  let [low, high] = [a, b];
  while (high - low > EDGE_TOLERANCE_MS) {
    const third = (high - low) / 3;
    if (f(low + third) < f(high - third)) low += third;
    else high -= third;
  }
  return f((low + high) / 2);
}

/** Contact knowledge from a list of contacts; where two overlap, the one that began first. */
export function ephemerisOf(
  contacts: readonly Contact[],
): Required<Pick<Ephemeris, 'contactAt' | 'nextContact'>> {
  const byRise = [...contacts].sort((a, b) => a.startUs - b.startUs);
  return {
    contactAt: (atUs) => byRise.find(({ startUs, endUs }) => startUs <= atUs && atUs < endUs),
    nextContact: (atUs) => byRise.find(({ endUs }) => atUs < endUs),
  };
}
