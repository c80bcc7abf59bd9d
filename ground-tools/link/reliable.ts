import type { Result } from '../../fsw/errors';
import { succeed } from '../../fsw/errors';
import type { Downlinked } from './downlink';
import type { CommandUplink } from './uplink';

/** How a command ended, as far as the ground can know. `unknown`: it may have been done, and will not be done again. */
export interface CommandEnd {
  readonly outcome: 'completed' | 'failed' | 'unknown';
  /** What the spacecraft said (`Fw.CommandOutcome`); undefined when it was not heard. */
  readonly status: string | undefined;
  readonly reason: string;
  /** Times that it was radiated. */
  readonly attempts: number;
}

export interface ReliableOptions {
  /** 0..65535: one for each ground process that gives commands. */
  readonly sender: number;
  /**
   * Above all sequences that this sender has ever used: the last one plus one, from a file, or whole seconds of
   * Unix time where no more than one command a second is given on average.
   */
  readonly firstSequence: number;
  /** Radiates one TC frame. */
  radiate(frame: Uint8Array): void;
  /** How long an answer is waited for before the command is sent again; 2000 unless told. */
  readonly retryMs?: number;
  /** How long a command may take in all, until it is `unknown`; 60,000 unless told. */
  readonly timeoutMs?: number;
}

interface Pending {
  readonly sequence: number;
  readonly frame: () => Result<{ readonly frame: Uint8Array }>;
  readonly ended: (end: CommandEnd) => void;
  attempts: number;
  nextMs: number;
  deadlineMs: number;
}

/** Of one sender, so many commands at most are on their way at once; the dispatcher tracks and remembers more. */
const MAX_SPREAD = 32;

/**
 * Gives commands over a link that loses frames: each is repeated under one identity until its outcome is heard,
 * and the spacecraft does it once. Time comes from outside: call `tick` every `retryMs` or more often.
 */
export class ReliableCommands {
  private readonly uplink: CommandUplink;
  private readonly options: ReliableOptions;
  private readonly underWay = new Map<number, Pending>();
  private readonly waiting: Pending[] = [];
  private nextSequence: number;
  private nowMs = 0;

  constructor(uplink: CommandUplink, options: ReliableOptions) {
    this.uplink = uplink;
    this.options = options;
    this.nextSequence = options.firstSequence;
  }

  /** Commands that have not ended. */
  get open(): number {
    return this.underWay.size + this.waiting.length;
  }

  /**
   * Sends a command (now, or when earlier ones have ended) and returns its sequence; `ended` is called exactly
   * once. Errors: as `CommandUplink.command`; nothing is sent then, and no sequence is used.
   */
  send(
    name: string,
    args: Readonly<Record<string, unknown>>,
    ended: (end: CommandEnd) => void,
  ): Result<number> {
    const sequence = this.nextSequence;
    // Each transmission is a space packet of its own, with a count of its own; the identity stays.
    const frame = () => this.uplink.identified(name, args, this.options.sender, sequence);
    const first = frame();
    if (!first.ok) return first;
    this.nextSequence++;
    this.waiting.push({ sequence, frame, ended, attempts: 0, nextMs: 0, deadlineMs: 0 });
    this.tick(this.nowMs);
    return succeed(sequence);
  }

  /** Hands over what came down; only `CommandOutcome` of this sender counts. */
  heard(message: Downlinked): void {
    if (message.kind !== 'event' || !message.name.endsWith('.CommandOutcome')) return;
    const { sender, sequence, status, reason } = message.args as Record<string, unknown>;
    const pending = this.underWay.get(Number(sequence));
    if (sender !== this.options.sender || pending === undefined || status === 'UNDER_WAY') return;
    this.end(pending, outcomeOf(String(status)), String(status), String(reason));
  }

  /** Repeats what has not been answered, and gives up what took too long. `nowMs` never goes back. */
  tick(nowMs: number): void {
    this.nowMs = nowMs;
    const { retryMs = 2000 } = this.options;
    for (const pending of this.underWay.values()) {
      if (nowMs >= pending.deadlineMs) this.end(pending, 'unknown', undefined, 'no answer came');
      else if (nowMs >= pending.nextMs) this.radiate(pending, nowMs + retryMs);
    }
    this.admit();
  }

  private admit(): void {
    const { retryMs = 2000, timeoutMs = 60_000 } = this.options;
    for (let next = this.waiting[0]; next && this.fits(next.sequence); next = this.waiting[0]) {
      this.waiting.shift();
      next.deadlineMs = this.nowMs + timeoutMs;
      this.underWay.set(next.sequence, next);
      this.radiate(next, this.nowMs + retryMs);
    }
  }

  /** The oldest under way stays within what the spacecraft remembers. */
  private fits(sequence: number): boolean {
    const [oldest = sequence] = this.underWay.keys();
    return sequence - oldest < MAX_SPREAD;
  }

  private radiate(pending: Pending, nextMs: number): void {
    const made = pending.frame();
    pending.attempts++;
    pending.nextMs = nextMs;
    if (made.ok) this.options.radiate(made.value.frame);
  }

  private end(
    pending: Pending,
    outcome: CommandEnd['outcome'],
    status: string | undefined,
    reason: string,
  ): void {
    this.underWay.delete(pending.sequence);
    pending.ended({ outcome, status, reason, attempts: pending.attempts });
    this.admit();
  }
}

function outcomeOf(status: string): CommandEnd['outcome'] {
  if (status === 'OK') return 'completed';
  return status === 'UNKNOWN' || status === 'EXPIRED' ? 'unknown' : 'failed';
}
