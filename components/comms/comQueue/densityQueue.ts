/** A packet that waits for the link. */
export interface Waiting {
  readonly data: Uint8Array;
  readonly value: number;
  /** Which input it came through. */
  readonly input: number;
  /** What it takes on the air. */
  readonly airBytes: number;
  readonly sinceUs: number;
  /** CRC-16 of `data` when it came: it may wait for hours. */
  readonly crc: number;
}

interface Ranked extends Waiting {
  rank: number;
  /** Counts arrivals, for first in first out among equals. */
  readonly arrival: number;
}

/** Worthless packets still age, from here. */
const LEAST_VALUE = 1e-6;
const US_PER_MINUTE = 60e6;

/**
 * Packets by effective value density, the densest first, first in first out among equals:
 *
 *     density(t) = weight × value / airBytes × exp(ageingPerMinute × minutes waited)
 *
 * All packets age at one rate, so their order never changes while they wait, and the logarithm without the
 * present, `ln(weight × value / airBytes) − ageingPerMinute × sinceMinutes`, ranks them once for all. They
 * lie in a sorted array: take and drop at its ends, insert by binary search and one memory move.
 */
export class DensityQueue {
  /** On the air. */
  bytes = 0;
  /** Ascending: the last goes first, the first is the first to be given up. */
  #waiting: Ranked[] = [];
  #ageingPerMinute: number;
  #weights: readonly number[];
  #arrivals = 0;

  constructor(ageingPerMinute: number, weights: readonly number[]) {
    this.#ageingPerMinute = ageingPerMinute;
    this.#weights = weights;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The packet to send next. */
  get densest(): Waiting | undefined {
    return this.#waiting.at(-1);
  }

  add(packet: Waiting): void {
    const rank = this.#rankOf(packet);
    // Below all of its rank: those came before.
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#waiting[middle].rank < rank) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, { ...packet, rank, arrival: this.#arrivals++ });
    this.bytes += packet.airBytes;
  }

  takeDensest(): Waiting | undefined {
    return this.#gone(this.#waiting.pop());
  }

  dropLeast(): Waiting | undefined {
    return this.#gone(this.#waiting.shift());
  }

  /** Gives up the packets of one input, or all; returns how many. */
  clear(input?: number): number {
    const before = this.size;
    this.#waiting = this.#waiting.filter((packet) => input !== undefined && packet.input !== input);
    this.bytes = this.#waiting.reduce((sum, { airBytes }) => sum + airBytes, 0);
    return before - this.size;
  }

  /** Orders what waits by another rate of ageing and other weights. */
  rerank(ageingPerMinute: number, weights: readonly number[]): void {
    this.#ageingPerMinute = ageingPerMinute;
    this.#weights = weights;
    for (const packet of this.#waiting) packet.rank = this.#rankOf(packet);
    this.#waiting.sort((a, b) => a.rank - b.rank || b.arrival - a.arrival);
  }

  #rankOf({ value, input, airBytes, sinceUs }: Waiting): number {
    // The weight last: packets whose value is one power of two a byte then have one density, to the last bit,
    // and keep their order whatever their length (a file's packets need that).
    const density = this.#weights[input] * ((value > LEAST_VALUE ? value : LEAST_VALUE) / airBytes);
    return Math.log(density) - (this.#ageingPerMinute * sinceUs) / US_PER_MINUTE;
  }

  #gone(packet: Waiting | undefined): Waiting | undefined {
    if (packet !== undefined) this.bytes -= packet.airBytes;
    return packet;
  }
}
