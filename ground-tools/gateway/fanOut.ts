/**
 * Serves one stream of packets to any number of clients. What clients have subscribed to alike is encoded
 * once and sent to each as the same buffer. Nobody waits for a client that does not read: past a bound it is
 * passed over, is told how much it missed once it reads again, and is let go when it never does.
 */
import { ENTRY_HEAD_LENGTH, type FormatName, type KindName } from './messages';

/** The part of a WebSocket that is needed here. */
export interface Outlet {
  readonly bufferedAmount: number;
  send(data: Buffer | string, options: { binary: boolean }): void;
  /** Ends the connection and says why. */
  drop(why: string): void;
}

export interface FanOutLimits {
  /** Unsent bytes above which a client is passed over. */
  readonly maxBuffered: number;
  /** How long a client may stay passed over before it is let go, ms. */
  readonly maxStalledMs: number;
}

/** Generous, because clients of one stream wait for the same buffers: those of ten take little more than those of one. */
export const defaultLimits: FanOutLimits = { maxBuffered: 64 << 20, maxStalledMs: 60_000 };
/** A batch is sent when it has this many bytes, or when the packets on hand are done. */
const BATCH_BYTES = 64 << 10;

export interface Subscription {
  readonly format: FormatName;
  readonly kinds: readonly KindName[];
}

interface Member {
  readonly outlet: Outlet;
  /** Packets passed over, and the numbers of the first and last. */
  lost: number;
  from: number;
  to: number;
  stalledSinceMs: number | undefined;
}

/** Clients that have subscribed to the same. */
class Stream {
  readonly members = new Map<Outlet, Member>();
  readonly kinds: ReadonlySet<KindName>;
  readonly format: FormatName;
  #lines = '';
  #entries: Buffer[] = [];
  #bytes = 0;
  /** Of the batch under way. */
  #count = 0;
  #first = 0;
  #last = 0;

  constructor(
    { format, kinds }: Subscription,
    private readonly limits: FanOutLimits,
    private readonly now: () => number,
  ) {
    this.format = format;
    this.kinds = new Set(kinds);
  }

  add(n: number, entry: Buffer | string): void {
    if (typeof entry === 'string') this.#lines += `${entry}\n`;
    else this.#entries.push(entry);
    if (this.#count++ === 0) this.#first = n;
    this.#last = n;
    this.#bytes += entry.length;
    if (this.#bytes >= BATCH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#count === 0) return;
    const binary = this.format !== 'json';
    const batch = binary ? Buffer.concat(this.#entries) : Buffer.from(this.#lines);
    for (const member of this.members.values()) this.#give(member, batch, binary);
    this.#lines = '';
    this.#entries = [];
    this.#bytes = 0;
    this.#count = 0;
  }

  #give(member: Member, batch: Buffer, binary: boolean): void {
    const { outlet } = member;
    const { maxBuffered, maxStalledMs } = this.limits;
    const buffered = outlet.bufferedAmount;
    // Having stalled, it must have read most of it before it is given more.
    const bound = member.lost > 0 ? maxBuffered / 4 : maxBuffered;
    if (buffered > bound) {
      if (member.lost === 0) member.from = this.#first;
      member.lost += this.#count;
      member.to = this.#last;
      member.stalledSinceMs ??= this.now();
      if (this.now() - member.stalledSinceMs < maxStalledMs) return;
      this.members.delete(outlet);
      outlet.drop(
        `it has not read for ${Math.round(maxStalledMs / 1000)} s; ${member.lost} packets were not sent`,
      );
      return;
    }
    if (member.lost > 0) {
      const { lost, from, to } = member;
      outlet.send(`${JSON.stringify({ type: 'gap', lost, from, to })}\n`, { binary: false });
    }
    member.lost = 0;
    member.stalledSinceMs = undefined;
    outlet.send(batch, { binary });
  }
}

/** A packet to be served: its line is made when the first stream wants it. */
export interface Served {
  readonly n: number;
  readonly at: number;
  readonly kind: KindName;
  readonly line: () => string;
  readonly packet: Uint8Array;
}

export class FanOut {
  readonly #streams = new Map<string, Stream>();

  constructor(
    private readonly limits: FanOutLimits = defaultLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Adds a client, or changes what it gets. */
  subscribe(outlet: Outlet, subscription: Subscription): void {
    this.flush();
    this.remove(outlet);
    const { format, kinds } = subscription;
    const key = format === 'json' ? `json ${[...new Set(kinds)].sort().join(' ')}` : format;
    const stream = this.#streams.get(key) ?? new Stream(subscription, this.limits, this.now);
    this.#streams.set(key, stream);
    stream.members.set(outlet, { outlet, lost: 0, from: 0, to: 0, stalledSinceMs: undefined });
  }

  remove(outlet: Outlet): void {
    for (const [key, { members }] of this.#streams)
      if (members.delete(outlet) && members.size === 0) this.#streams.delete(key);
  }

  packet(served: Served): void {
    let line: string | undefined;
    let entry: Buffer | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.format === 'json') {
        if (!stream.kinds.has(served.kind)) continue;
        line ??= served.line();
        stream.add(served.n, line);
      } else if (stream.format === 'packets' && served.kind !== 'link-fault') {
        entry ??= entryOf(served.n, served.at, served.packet);
        stream.add(served.n, entry);
      }
    }
  }

  /** Bytes as they came from the link; `n` counts such chunks. */
  bytes(n: number, at: number, bytes: Uint8Array): void {
    for (const stream of this.#streams.values())
      if (stream.format === 'bytes') stream.add(n, entryOf(n, at, bytes));
  }

  /** Sends what is waiting in batches. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
  }
}

function entryOf(n: number, at: number, bytes: Uint8Array): Buffer {
  const entry = Buffer.allocUnsafe(ENTRY_HEAD_LENGTH + bytes.length);
  entry.writeUInt32BE(n >>> 0, 0);
  entry.writeUInt32BE(bytes.length, 4);
  entry.writeDoubleBE(at, 8);
  entry.set(bytes, ENTRY_HEAD_LENGTH);
  return entry;
}
