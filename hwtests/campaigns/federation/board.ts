/** What the experiment declares of satellites and their links: nothing of it is measured. */
import type { Hop, Rates } from './network';

/** The share of each link that learning gets; the rest is the mission's. S band down, a slow uplink, S band across. */
export const RATES: Rates = {
  up: { bytesPerS: 1000, budgetBytes: 200_000 },
  down: { bytesPerS: 4000, budgetBytes: 1_000_000 },
  crosslink: { bytesPerS: 2000, budgetBytes: 1_000_000 },
};

/** The payload computer while it trains. */
export const COMPUTER = { tilesPerS: 20, watts: 12 } as const;

/** Radios while they send and while they hear, watts. */
const RADIO = {
  down: { sends: 10, hears: 0 },
  up: { sends: 0, hears: 2 },
  crosslink: { sends: 6, hears: 2 },
} as const;

export function trainingUs(tiles: number): number {
  return Math.ceil((tiles / COMPUTER.tilesPerS) * 1e6);
}

export interface Energy {
  /** Joules, of all satellites. */
  readonly training: number;
  readonly radio: number;
}

export function energyOf(tiles: number, hops: readonly Hop[]): Energy {
  const radio = hops.reduce((sum, { direction, startUs, endUs }) => {
    const { sends, hears } = RADIO[direction];
    return sum + ((endUs - startUs) / 1e6) * (sends + hears);
  }, 0);
  return { training: (tiles / COMPUTER.tilesPerS) * COMPUTER.watts, radio };
}
