/** Bytes `start..end`, `end` not included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Which bytes of a file are there: disjoint ranges in rising order, joined where they touch. `add` costs a binary
 * search and, out of order, one move of the ranges behind.
 */
export class ByteRanges {
  /** Bytes that are there. */
  covered = 0;
  #ranges: ByteRange[] = [];

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const { start, end } of ranges) this.add(start, end);
  }

  get ranges(): readonly ByteRange[] {
    return this.#ranges;
  }

  /** How many ranges there would be after `add`. */
  countAfter(start: number, end: number): number {
    const [first, last] = this.#touching(start, end);
    return this.#ranges.length - (last - first) + (end > start ? 1 : 0);
  }

  /** Bytes `start..end` are there now; returns how many were not before. An empty range adds nothing. */
  add(start: number, end: number): number {
    if (!(end > start)) return 0;
    const [first, last] = this.#touching(start, end);
    const joined = { start, end };
    let before = 0;
    for (let i = first; i < last; i++) {
      const range = this.#ranges[i];
      before += range.end - range.start;
      joined.start = Math.min(joined.start, range.start);
      joined.end = Math.max(joined.end, range.end);
    }
    const added = joined.end - joined.start - before;
    this.#ranges.splice(first, last - first, joined);
    this.covered += added;
    return added;
  }

  /** Whether all of `0..size` is there. */
  hasAll(size: number): boolean {
    return (
      size === 0 || (this.#ranges.length === 1 && this.#ranges[0].start === 0 && this.#ranges[0].end >= size)
    );
  }

  /** The gaps within `from..size`, in rising order. */
  *missing(size: number, from = 0): Generator<ByteRange> {
    let at = from;
    for (let i = this.#touching(from, from)[0]; i < this.#ranges.length; i++) {
      const { start, end } = this.#ranges[i];
      if (start >= size) break;
      if (start > at) yield { start: at, end: start };
      at = Math.max(at, end);
    }
    if (at < size) yield { start: at, end: size };
  }

  /** Takes away and returns up to `maxBytes` of the first range. */
  takeFirst(maxBytes: number): ByteRange | undefined {
    const [first] = this.#ranges;
    if (first === undefined) return undefined;
    const { start } = first;
    const end = Math.min(first.end, start + maxBytes);
    if (end === first.end) this.#ranges.shift();
    else this.#ranges[0] = { start: end, end: first.end };
    this.covered -= end - start;
    return { start, end };
  }

  /** Indices of the ranges that overlap or touch `start..end`: from the first up to, without, the second. */
  #touching(start: number, end: number): [first: number, last: number] {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle].end < start) low = middle + 1;
      else high = middle;
    }
    let last = low;
    while (last < this.#ranges.length && this.#ranges[last].start <= end) last++;
    return [low, last];
  }
}

/**
 * Ranges as text of at most `maxLength` characters, `offset+length` joined by commas: as many, from the first
 * on, as there is room for. Returns the text and how many ranges it has.
 */
export function showRanges(ranges: Iterable<ByteRange>, maxLength: number): { text: string; count: number } {
  let text = '';
  let count = 0;
  for (const { start, end } of ranges) {
    const one = `${count > 0 ? ',' : ''}${start}+${end - start}`;
    if (text.length + one.length > maxLength) break;
    text += one;
    count++;
  }
  return { text, count };
}

/** Reads what `showRanges` wrote; anything else in the text is passed over. */
export function readRanges(text: string): ByteRange[] {
  return text.split(',').flatMap((one) => {
    const [, offset, length] = /^(\d{1,15})\+(\d{1,15})$/.exec(one) ?? [];
    const start = Number(offset);
    return offset === undefined ? [] : [{ start, end: start + Number(length) }];
  });
}
