import { fail, succeed } from '../../fsw/errors';
import type { Neighbours } from '../../fsw/framework/board';
import type { Clock } from '../../fsw/framework/clock';

/** A span in which two spacecraft see each other; flight microseconds. */
export interface View {
  readonly a: string;
  readonly b: string;
  readonly startUs: number;
  readonly endUs: number;
}

/** What went over a link in one direction. */
export interface LinkCount {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  readonly arrived: boolean;
}

/**
 * Links between the spacecraft of one simulated world: all share its clock. A link carries one message after the other at
 * `bytesPerS` in each direction; a message that is not through when the view ends is lost.
 */
export class NeighbourLinks {
  /** Every message whose fate is known, in order. */
  readonly counts: LinkCount[] = [];
  private readonly receivers = new Map<string, (from: string, bytes: Uint8Array) => void>();
  private readonly freeUs = new Map<string, number>();
  private readonly views: readonly View[];
  private lost: (from: string, to: string) => boolean = () => false;

  /** Views that follow on each other without a gap are one. */
  constructor(
    private readonly clock: Clock,
    views: readonly View[],
    private readonly bytesPerS: number,
  ) {
    const merged: View[] = [];
    for (const view of [...views].sort((x, y) => x.startUs - y.startUs)) {
      const open = merged.findIndex((other) => isSamePair(other, view) && other.endUs >= view.startUs);
      if (open < 0) merged.push(view);
      else merged[open] = { ...merged[open], endUs: Math.max(merged[open].endUs, view.endUs) };
    }
    this.views = merged;
  }

  /** From now on, messages for which `lost` is true don't arrive. */
  cut(lost: (from: string, to: string) => boolean): void {
    this.lost = lost;
  }

  /** What the board of spacecraft `name` has. */
  join(name: string): Neighbours {
    return {
      inView: () => this.inView(name),
      send: (to, bytes) => {
        const view = this.viewOf(name, to);
        if (view === undefined)
          return fail('NEIGHBOUR_UNSEEN', { to, known: this.inView(name).join(', ') || 'none' });
        this.carry(name, to, bytes.slice(), view);
        return succeed(undefined);
      },
      onReceive: (receiver) => void this.receivers.set(name, receiver),
    };
  }

  private carry(from: string, to: string, bytes: Uint8Array, view: View): void {
    const nowUs = this.clock.nowUs();
    const key = JSON.stringify([from, to]);
    const doneUs =
      Math.max(nowUs, this.freeUs.get(key) ?? 0) + Math.ceil((bytes.length / this.bytesPerS) * 1e6);
    this.freeUs.set(key, Math.min(doneUs, view.endUs));
    this.clock.after(doneUs - nowUs, () => {
      const arrived = doneUs <= view.endUs && !this.lost(from, to);
      this.counts.push({ from, to, bytes: bytes.length, arrived });
      if (arrived) this.receivers.get(to)?.(from, bytes);
    });
  }

  private viewOf(name: string, other: string): View | undefined {
    const nowUs = this.clock.nowUs();
    return this.views.find(
      (view) => isSamePair(view, { a: name, b: other }) && view.startUs <= nowUs && nowUs < view.endUs,
    );
  }

  private inView(name: string): string[] {
    const nowUs = this.clock.nowUs();
    return this.views
      .filter(({ a, b, startUs, endUs }) => (a === name || b === name) && startUs <= nowUs && nowUs < endUs)
      .map(({ a, b }) => (a === name ? b : a))
      .sort();
  }
}

function isSamePair(x: Pick<View, 'a' | 'b'>, y: Pick<View, 'a' | 'b'>): boolean {
  return (x.a === y.a && x.b === y.b) || (x.a === y.b && x.b === y.a);
}
