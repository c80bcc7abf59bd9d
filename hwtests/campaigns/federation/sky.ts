/** The experiment's sky: satellites, windows over its days, and fresh networks on them. */
import { type Result, succeed } from '../../../fsw/errors';
import { RATES } from './board';
import { constellation, type Satellite } from './constellation';
import { type Hop, Network } from './network';
import { ALWAYS, type Traffic, trafficOf } from './outcome';
import { crosslinkWindows, groundWindows, type Window } from './windows';

/** When the experiment begins: the elements' epoch. */
export const EPOCH_MS = Date.UTC(2026, 10, 24);
const DAY_US = 86_400e6;

export interface Skies {
  readonly satellites: readonly Satellite[];
  readonly ground: readonly Window[];
  readonly crosslinks: readonly Window[];
  readonly endUs: number;
  /** Links through passes and between satellites, with nothing booked. */
  network(): Network;
  /** A ground that each satellite always sees, at the same rates. */
  permanent(): Network;
  traffic(network: Network): Traffic;
}

/** Errors: ORBIT_BAD_TLE. */
export function openSky(count: number, days: number): Result<Skies> {
  const made = constellation(count, EPOCH_MS);
  if (!made.ok) return made;
  const satellites = made.value;
  const span = { epochMs: EPOCH_MS, spanMs: days * 86_400_000 };
  const ground = groundWindows(satellites, span);
  const crosslinks = crosslinkWindows(satellites, span);
  const endUs = days * DAY_US;
  const always = satellites.map(
    (_, a): Window => ({ kind: 'ground', a, b: count, station: ALWAYS, startUs: 0, endUs }),
  );
  const unlimited = Number.MAX_SAFE_INTEGER;
  return succeed({
    satellites,
    ground,
    crosslinks,
    endUs,
    network: () => new Network(count, [...ground, ...crosslinks], RATES),
    permanent: () =>
      new Network(count, always, {
        ...RATES,
        up: { ...RATES.up, budgetBytes: unlimited },
        down: { ...RATES.down, budgetBytes: unlimited },
      }),
    traffic: ({ hops }) => {
      const lastUs = hops.reduce((last: number, { endUs: end }: Hop) => Math.max(last, end), 0);
      const offered = ground.filter(({ startUs }) => startUs < lastUs).length;
      return trafficOf(hops, offered, (node) => satellites[node].name);
    },
  });
}
