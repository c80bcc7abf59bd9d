/** What is missing, asked for in as many NAKs as it takes, and again after a time. */
import { missingRangesThatFit, type Nak, type PduHeader, type Range } from '../protocols/cfdp';
import type { Remote } from './options';
import type { RangeSet } from './ranges';
import { Timer } from './timer';

export class NakRound {
  readonly timer = new Timer();
  /** Where the round under way goes on. */
  #at: number | undefined;
  #left = 0;
  #bytesBefore = -1;

  constructor(
    readonly remote: Remote,
    readonly header: PduHeader,
    readonly maxNaks: number,
  ) {}

  /** A first sign of a gap: it is asked for after `nakDelayUs`, unless that is under way. */
  gapSeen(nowUs: number): void {
    if (!this.header.acknowledged || this.timer.running || this.#at !== undefined) return;
    if (this.remote.nakDelayUs > 0) this.timer.start(nowUs, this.remote.nakDelayUs);
    else this.timer.ring(nowUs);
  }

  /** Counts the rounds that brought nothing; true when they were too many. */
  isLimitReached(bytes: number, counts: boolean): boolean {
    if (bytes !== this.#bytesBefore || !counts) this.timer.count = 0;
    this.#bytesBefore = bytes;
    return this.timer.count >= this.remote.nakLimit;
  }

  begin(): void {
    this.#at = 0;
    this.#left = this.maxNaks;
  }

  /** The next NAK of the round; it ends where there is nothing left to ask for, or after `maxNaks`. */
  next(nowUs: number, ranges: RangeSet, scopeEnd: number, hasMetadata: boolean): Nak | undefined {
    const from = this.#at;
    if (from === undefined) return undefined;
    const room = Math.max(2, missingRangesThatFit(this.header, this.remote.maxPduLength));
    const first: Range[] = from === 0 && !hasMetadata ? [{ start: 0, end: 0 }] : [];
    const missing = [...first, ...ranges.missing(from, scopeEnd, room - first.length)];
    const full = missing.length >= room;
    const end = full ? (missing.at(-1)?.end ?? scopeEnd) : scopeEnd;
    this.#left--;
    const more = full && end < scopeEnd && this.#left > 0;
    this.#at = more ? end : undefined;
    if (!more && missing.length > 0) this.timer.start(nowUs, this.remote.nakTimeoutUs);
    return missing.length === 0 ? undefined : { kind: 'nak', scope: { start: from, end }, missing };
  }
}
