/**
 * Messages over links that come and go: each takes the way by which it arrives first, and books its time and bytes on every link
 * of it (S. Burleigh, "Contact Graph Routing", 2010). Windows are known beforehand, as an orbit is.
 */
import type { Window } from './windows';

/** What a link gives to learning. */
export interface LinkRate {
  readonly bytesPerS: number;
  /** The most in one window. */
  readonly budgetBytes: number;
}

export interface Rates {
  readonly up: LinkRate;
  readonly down: LinkRate;
  readonly crosslink: LinkRate;
}

export type Direction = keyof Rates;

export interface Hop {
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly window: Window;
}

interface Lane {
  readonly window: Window;
  readonly direction: Direction;
  readonly from: number;
  readonly to: number;
  freeUs: number;
  left: number;
}

export class Network {
  readonly hops: Hop[] = [];
  private readonly lanes: readonly Lane[][];
  private readonly rates: Rates;

  /** `satellites` nodes and the ground, which has the number after the last of them. */
  constructor(satellites: number, windows: readonly Window[], rates: Rates) {
    this.rates = rates;
    const lanes: Lane[][] = Array.from({ length: satellites + 1 }, () => []);
    const lay = (window: Window, direction: Direction, from: number, to: number) =>
      lanes[from].push({
        window,
        direction,
        from,
        to,
        freeUs: window.startUs,
        left: rates[direction].budgetBytes,
      });
    for (const window of windows) {
      const crossing = window.kind === 'crosslink';
      lay(window, crossing ? 'crosslink' : 'down', window.a, window.b);
      lay(window, crossing ? 'crosslink' : 'up', window.b, window.a);
    }
    for (const from of lanes) from.sort((x, y) => x.window.endUs - y.window.endUs);
    this.lanes = lanes;
  }

  /**
   * Sends `bytes` at `atUs`; returns when they arrive, or undefined when they can't within the windows there are. `relay` false:
   * only straight from one to the other.
   */
  send(from: number, to: number, bytes: number, atUs: number, relay: boolean): number | undefined {
    const way = this.quickest(from, to, bytes, atUs, relay);
    if (way === undefined) return undefined;
    for (const { lane, startUs, endUs } of way) {
      lane.freeUs = endUs;
      lane.left -= bytes;
      const { direction, window } = lane;
      this.hops.push({ direction, window, from: lane.from, to: lane.to, bytes, startUs, endUs });
    }
    return way.length === 0 ? atUs : way[way.length - 1].endUs;
  }

  /** Dijkstra over arrival times. */
  private quickest(from: number, to: number, bytes: number, atUs: number, relay: boolean) {
    const arrival = this.lanes.map(() => Number.POSITIVE_INFINITY);
    const via = new Map<number, { lane: Lane; startUs: number; endUs: number }>();
    const open = new Set([from]);
    arrival[from] = atUs;
    while (open.size > 0) {
      const node = [...open].reduce((x, y) => (arrival[y] < arrival[x] ? y : x));
      open.delete(node);
      if (node === to) break;
      if (node !== from && !relay) continue;
      for (const lane of this.lanes[node]) {
        const slot = this.slotOn(lane, bytes, arrival[node]);
        if (slot === undefined || slot.endUs >= arrival[lane.to]) continue;
        arrival[lane.to] = slot.endUs;
        via.set(lane.to, { lane, ...slot });
        open.add(lane.to);
      }
    }
    if (arrival[to] === Number.POSITIVE_INFINITY) return undefined;
    const way = [];
    for (let step = via.get(to); step !== undefined && to !== from; step = via.get(to)) {
      way.unshift(step);
      to = step.lane.from;
    }
    return way;
  }

  private slotOn(lane: Lane, bytes: number, atUs: number) {
    const startUs = Math.max(atUs, lane.freeUs);
    const endUs = startUs + Math.ceil((bytes / this.rates[lane.direction].bytesPerS) * 1e6);
    return endUs <= lane.window.endUs && bytes <= lane.left ? { startUs, endUs } : undefined;
  }
}
