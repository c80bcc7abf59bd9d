/** A packet that waits for the link. */
export interface Waiting {
  readonly data: Uint8Array;
  readonly value: number;
  /** Which input it came through. */
  readonly input: number;
  /** What it takes on the air. */
  readonly airBytes: number;
  readonly sinceUs: number;
  /** Worth nothing from then on; absent: it never expires. */
  readonly deadlineUs?: number;
  /** CRC-16 of `data` when it came: it may wait for hours. */
  readonly crc: number;
}

/** `FIFO` is there to be compared with: value is not looked at. */
export type Order = 'DENSITY' | 'FIFO';

interface Ranked extends Waiting {
  rank: number;
  /** Counts arrivals, for first in first out among equals. */
  readonly arrival: number;
  waits: boolean;
}

/** Worthless packets still age, from here. */
const LEAST_VALUE = 1e-6;
const US_PER_MINUTE = 60e6;

/**
 * Packets by effective value density, the densest first, first in first out among equals:
 *
 *     density(t) = weight × value / airBytes × exp(ageingPerMinute × minutes waited), 0 from its deadline on
 *
 * All packets age at one rate, so their order never changes while they wait, and the logarithm without the
 * present, `ln(weight × value / airBytes) − ageingPerMinute × sinceMinutes`, ranks them once for all. They
 * lie in a sorted array: take and drop at its ends, insert and expire by binary search and one memory move.
 * Those with a deadline lie in a heap as well, the next to expire on top; one that was sent meanwhile is
 * passed over when it comes up.
 */
export class DensityQueue {
  /** On the air. */
  bytes = 0;
  /** Ascending: the last goes first, the first is the first to be given up. */
  #waiting: Ranked[] = [];
  readonly #deadlines = new DeadlineHeap();
  #ageingPerMinute: number;
  #weights: readonly number[];
  #order: Order = 'DENSITY';
  #arrivals = 0;

  constructor(ageingPerMinute: number, weights: readonly number[]) {
    this.#ageingPerMinute = ageingPerMinute;
    this.#weights = weights;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Entries that the deadlines take, of packets sent meanwhile too. */
  get deadlinesHeld(): number {
    return this.#deadlines.size;
  }

  /** The packet to send next. */
  get densest(): Waiting | undefined {
    return this.#waiting.at(-1);
  }

  add(packet: Waiting): void {
    const arrival = this.#arrivals++;
    const ranked = { ...packet, rank: this.#rankOf(packet, arrival), arrival, waits: true };
    this.#waiting.splice(this.#placeOf(ranked), 0, ranked);
    this.bytes += packet.airBytes;
    if (packet.deadlineUs === undefined) return;
    // Those that were sent lie in the heap until their deadline, or until they are the most of it.
    if (this.#deadlines.size > 2 * this.size + 64) this.#deadlines.keepWaiting();
    this.#deadlines.push(ranked);
  }

  takeDensest(): Waiting | undefined {
    return this.#gone(this.#waiting.pop());
  }

  dropLeast(): Waiting | undefined {
    return this.#gone(this.#waiting.shift());
  }

  /** Takes one packet out whose deadline has passed; undefined when there is none left. */
  takeExpired(nowUs: number): Waiting | undefined {
    for (let next = this.#deadlines.top; next !== undefined; next = this.#deadlines.top) {
      const { waits, deadlineUs = Number.POSITIVE_INFINITY } = next;
      if (waits && deadlineUs > nowUs) return undefined;
      this.#deadlines.pop();
      if (!waits) continue;
      this.#waiting.splice(this.#placeOf(next), 1);
      return this.#gone(next);
    }
    return undefined;
  }

  /** Gives up the packets of one input, or all; returns how many. */
  clear(input?: number): number {
    const before = this.size;
    const goes = (packet: Waiting) => input === undefined || packet.input === input;
    for (const packet of this.#waiting) packet.waits = !goes(packet);
    this.#waiting = this.#waiting.filter(({ waits }) => waits);
    this.bytes = this.#waiting.reduce((sum, { airBytes }) => sum + airBytes, 0);
    return before - this.size;
  }

  /** Orders what waits by another rate of ageing and other weights, or another way. */
  rerank(ageingPerMinute: number, weights: readonly number[], order = this.#order): void {
    this.#ageingPerMinute = ageingPerMinute;
    this.#weights = weights;
    this.#order = order;
    for (const packet of this.#waiting) packet.rank = this.#rankOf(packet, packet.arrival);
    this.#waiting.sort(byRank);
  }

  /** The index of a packet that waits, or where it belongs: below all of its rank that came before. */
  #placeOf(packet: Ranked): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byRank(this.#waiting[middle], packet) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rankOf({ value, input, airBytes, sinceUs }: Waiting, arrival: number): number {
    if (this.#order === 'FIFO') return -arrival;
    // The weight last: packets whose value is one power of two a byte then have one density, to the last bit,
    // and keep their order whatever their length (a file's packets need that).
    const density = this.#weights[input] * ((value > LEAST_VALUE ? value : LEAST_VALUE) / airBytes);
    return Math.log(density) - (this.#ageingPerMinute * sinceUs) / US_PER_MINUTE;
  }

  #gone(packet: Ranked | undefined): Waiting | undefined {
    if (packet === undefined) return undefined;
    packet.waits = false;
    this.bytes -= packet.airBytes;
    return packet;
  }
}

function byRank(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || b.arrival - a.arrival;
}

/** A binary heap, the earliest deadline on top. */
class DeadlineHeap {
  #heap: Ranked[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** A sorted array is a heap. */
  keepWaiting(): void {
    this.#heap = this.#heap.filter(({ waits }) => waits).sort((a, b) => dueAt(a) - dueAt(b));
  }

  get top(): Ranked | undefined {
    return this.#heap[0];
  }

  push(packet: Ranked): void {
    const heap = this.#heap;
    let at = heap.push(packet) - 1;
    for (let above = (at - 1) >> 1; at > 0 && dueAt(heap[above]) > dueAt(packet); above = (at - 1) >> 1) {
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = packet;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && dueAt(heap[child + 1]) < dueAt(heap[child])) child++;
      if (dueAt(heap[child]) >= dueAt(last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

function dueAt({ deadlineUs = Number.POSITIVE_INFINITY }: Waiting): number {
  return deadlineUs;
}
