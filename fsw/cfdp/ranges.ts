/** A set of byte ranges, never more than a set number of them, so its memory is bounded. */
import { type ByteRange, ByteRanges } from '../protocols';

export class RangeSet {
  #set = new ByteRanges();

  /** `edges` as the journal has them: start, end, start, end, … */
  constructor(
    readonly maxRanges: number,
    edges: readonly number[] = [],
  ) {
    for (let i = 0; i < edges.length; i += 2) this.#set.add(edges[i], edges[i + 1]);
  }

  /** start, end, start, end, … strictly rising: ranges that touch are one. */
  get edges(): readonly number[] {
    return this.#set.ranges.flatMap(({ start, end }) => [start, end]);
  }
  get count(): number {
    return this.#set.ranges.length;
  }
  /** Bytes in all ranges. */
  get bytes(): number {
    return this.#set.covered;
  }
  /** The end of the last range. */
  get end(): number {
    return this.#set.ranges.at(-1)?.end ?? 0;
  }
  /** How many bytes from 0 on are there without a gap. */
  get prefix(): number {
    const first = this.#set.ranges.at(0);
    return first?.start === 0 ? first.end : 0;
  }

  /** Adds `start..end`; false, and nothing changed, when it would be one range too many. */
  add(start: number, end: number): boolean {
    if (this.count >= this.maxRanges && this.#set.countAfter(start, end) > this.maxRanges) return false;
    this.#set.add(start, end);
    return true;
  }

  /** Takes away and returns up to `maxBytes` of the first range. */
  takeFirst(maxBytes: number): ByteRange | undefined {
    return this.#set.takeFirst(maxBytes);
  }

  /** What of `from..to` is not in the set, in order, `limit` ranges at most. */
  missing(from: number, to: number, limit = Number.POSITIVE_INFINITY): ByteRange[] {
    const gaps: ByteRange[] = [];
    if (limit <= 0) return gaps;
    for (const gap of this.#set.missing(to, from)) if (gaps.push(gap) >= limit) break;
    return gaps;
  }

  covers(from: number, to: number): boolean {
    return this.missing(from, to, 1).length === 0;
  }

  clear(): void {
    this.#set = new ByteRanges();
  }
}
