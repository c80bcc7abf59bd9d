/** A set of byte ranges: sorted, disjoint, never more than a set number, so its memory is bounded. */
import type { Range } from '../protocols/cfdp';

export class RangeSet {
  /** start, end, start, end, … strictly rising: ranges that touch are one. */
  #edges: number[];
  #bytes = 0;

  constructor(
    readonly maxRanges: number,
    edges: readonly number[] = [],
  ) {
    this.#edges = [...edges];
    for (let i = 0; i < edges.length; i += 2) this.#bytes += edges[i + 1] - edges[i];
  }

  get edges(): readonly number[] {
    return this.#edges;
  }
  get count(): number {
    return this.#edges.length / 2;
  }
  /** Bytes in all ranges. */
  get bytes(): number {
    return this.#bytes;
  }
  /** The end of the last range. */
  get end(): number {
    return this.#edges.at(-1) ?? 0;
  }
  /** How many bytes from 0 on are there without a gap. */
  get prefix(): number {
    return this.#edges[0] === 0 ? this.#edges[1] : 0;
  }

  /** Adds `start..end`; false, and nothing changed, when it would be one range too many. */
  add(start: number, end: number): boolean {
    if (start >= end) return true;
    const edges = this.#edges;
    // From the first range that ends at or after `start` to the last that starts at or before `end`.
    const from = this.#firstEndingFrom(start);
    let to = from;
    let [low, high] = [start, end];
    while (to < edges.length && edges[to] <= end) {
      low = Math.min(low, edges[to]);
      high = Math.max(high, edges[to + 1]);
      this.#bytes -= edges[to + 1] - edges[to];
      to += 2;
    }
    if (from === to && this.count >= this.maxRanges) return false;
    this.#bytes += high - low;
    if (from === edges.length) edges.push(low, high);
    else if (to - from === 2) {
      edges[from] = low;
      edges[from + 1] = high;
    } else edges.splice(from, to - from, low, high);
    return true;
  }

  /** Takes away and returns up to `maxBytes` of the first range. */
  takeFirst(maxBytes: number): Range | undefined {
    const edges = this.#edges;
    if (edges.length === 0) return undefined;
    const [start, stop] = edges;
    const end = Math.min(stop, start + maxBytes);
    if (end === stop) edges.splice(0, 2);
    else edges[0] = end;
    this.#bytes -= end - start;
    return { start, end };
  }

  /** What of `from..to` is not in the set, in order, `limit` ranges at most. */
  missing(from: number, to: number, limit = Number.POSITIVE_INFINITY): Range[] {
    const gaps: Range[] = [];
    let at = from;
    for (let i = this.#firstEndingFrom(from); at < to && gaps.length < limit; i += 2) {
      const next = i < this.#edges.length ? Math.min(this.#edges[i], to) : to;
      if (at < next) gaps.push({ start: at, end: next });
      at = i < this.#edges.length ? Math.max(at, this.#edges[i + 1]) : to;
    }
    return gaps;
  }

  covers(from: number, to: number): boolean {
    return this.missing(from, to, 1).length === 0;
  }

  clear(): void {
    this.#edges = [];
    this.#bytes = 0;
  }

  /** Index of the first range whose end is at or after `at`. */
  #firstEndingFrom(at: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#edges[2 * middle + 1] < at) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }
}
