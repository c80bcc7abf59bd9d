/** What becomes of a message that finds its queue full. */
export type QueueFullPolicy = 'drop-oldest' | 'drop-new' | 'block' | 'fault';

/** What became of a message that was offered to a queue. */
export type Offer = 'queued' | 'dropped-oldest' | 'full';

/** First in, first out, over arrays made once. */
class Ring<A, B> {
  private readonly heads: (A | undefined)[];
  private readonly bodies: (B | undefined)[];
  private readonly mask: number;
  private first = 0;
  size = 0;

  constructor(depth: number) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(2, depth)));
    this.heads = new Array(length).fill(undefined);
    this.bodies = new Array(length).fill(undefined);
    this.mask = length - 1;
  }

  push(head: A, body: B): void {
    const slot = (this.first + this.size++) & this.mask;
    this.heads[slot] = head;
    this.bodies[slot] = body;
  }

  /** Removes the oldest, handing both halves to `into`. */
  shift(into: { head: A | undefined; body: B | undefined }): void {
    const slot = this.first;
    into.head = this.heads[slot];
    into.body = this.bodies[slot];
    this.heads[slot] = undefined;
    this.bodies[slot] = undefined;
    this.first = (slot + 1) & this.mask;
    this.size--;
  }
}

/**
 * A bounded queue of (head, body) pairs in priority order, first in first out within a priority.
 * The pair is kept in two arrays, so that queueing allocates nothing.
 */
export class BoundedQueue<A, B> {
  readonly depth: number;
  /** The pair taken by the last `take`. */
  head: A | undefined = undefined;
  body: B | undefined = undefined;
  size = 0;
  highWater = 0;
  private readonly levels: Ring<A, B>[];

  /** `levels` priorities, 0 the highest; all share `depth` places. */
  constructor(depth: number, levels: number) {
    this.depth = depth;
    this.levels = Array.from({ length: levels }, () => new Ring(depth));
  }

  /**
   * Queues the pair, or says that it is full. `drop-oldest` makes room by taking the oldest pair of the same
   * level out: after `dropped-oldest` it stands in `head` and `body`.
   */
  offer(head: A, body: B, level: number, policy: QueueFullPolicy): Offer {
    const ring = this.levels[level];
    if (this.size === this.depth) {
      if (policy !== 'drop-oldest' || ring.size === 0) return 'full';
      ring.shift(this);
      ring.push(head, body);
      return 'dropped-oldest';
    }
    ring.push(head, body);
    if (++this.size > this.highWater) this.highWater = this.size;
    return 'queued';
  }

  /** Moves the next pair to `head` and `body`; false when there is none. */
  take(): boolean {
    if (this.size === 0) return false;
    const { levels } = this;
    let level = 0;
    while (levels[level].size === 0) level++;
    levels[level].shift(this);
    this.size--;
    return true;
  }
}
