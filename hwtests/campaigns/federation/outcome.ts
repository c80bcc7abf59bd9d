/** What a way of learning came to. */
import type { Energy } from './board';
import type { Direction, Hop } from './network';

export interface Point {
  /** Hours since the experiment began. */
  readonly hours: number;
  /** Rounds done; of gossip, merges of all satellites. */
  readonly round: number;
  /** On the validation tiles; of several models their mean. */
  readonly accuracy: number;
}

export interface Traffic {
  readonly bytes: { readonly [direction in Direction]: number };
  /** Passes in which something of ours went up or down, of all that there were until the last of it. */
  readonly passes: { readonly used: number; readonly offered: number };
  /** Each link by its ends, and what it carried. */
  readonly links: readonly { readonly link: string; readonly direction: Direction; readonly bytes: number }[];
}

export interface Outcome {
  readonly name: string;
  readonly points: readonly Point[];
  /** On the test tiles, once; of several models their mean, and the spread. */
  readonly test: number;
  readonly testRange?: readonly [number, number];
  readonly traffic: Traffic;
  readonly energy: Energy;
  /** Tiles that went through training on board. */
  readonly trained: number;
  /** Why it ended before its time, if it did. */
  readonly cut?: string;
  readonly note?: string;
}

export const NO_TRAFFIC: Traffic = {
  bytes: { up: 0, down: 0, crosslink: 0 },
  passes: { used: 0, offered: 0 },
  links: [],
};

/** The station of links that always stand. */
export const ALWAYS = 'always';

/** `offered`: passes in the time that was needed; `nameOf`: of satellites. */
export function trafficOf(hops: readonly Hop[], offered: number, nameOf: (node: number) => string): Traffic {
  const bytes = { up: 0, down: 0, crosslink: 0 };
  const links = new Map<string, { link: string; direction: Direction; bytes: number }>();
  const used = new Set<Hop['window']>();
  for (const hop of hops) {
    bytes[hop.direction] += hop.bytes;
    if (hop.direction !== 'crosslink' && hop.window.station !== ALWAYS) used.add(hop.window);
    const { station } = hop.window;
    const from = hop.direction === 'up' ? station : nameOf(hop.from);
    const link = `${from} → ${hop.direction === 'down' ? station : nameOf(hop.to)}`;
    const known = links.get(link) ?? { link, direction: hop.direction, bytes: 0 };
    links.set(link, { ...known, bytes: known.bytes + hop.bytes });
  }
  return {
    bytes,
    passes: { used: used.size, offered },
    links: [...links.values()].sort((x, y) => y.bytes - x.bytes || (x.link < y.link ? -1 : 1)),
  };
}

/** When `accuracy` was reached for good, hours; undefined if never. */
export function hoursTo(points: readonly Point[], accuracy: number): number | undefined {
  return points.find((point) => point.accuracy >= accuracy)?.hours;
}
