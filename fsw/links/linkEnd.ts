import type { Clock, Timer } from '../framework';

/** More than this on its way means that the far end does not keep up. */
const MAX_UNSENT_BYTES = 4 << 20;
const FIRST_RETRY_US = 1e6;
const LAST_RETRY_US = 8e6;

/** What a transport connects to the far end with. */
export interface Line {
  write(bytes: Uint8Array): void;
  readonly unsentBytes: number;
  end(): void;
}

/** What every link has: the line that is connected now, its receiver, and when to try again. */
export class LinkEnd {
  connectedSinceUs: number | undefined;
  lastFailure: string | undefined;
  /** Set by `close`: nothing is dialled any more. */
  closed = false;
  #line: Line | undefined;
  #receiver: (bytes: Uint8Array) => void = () => undefined;
  readonly #listeners: ((connected: boolean) => void)[] = [];
  #retryUs = FIRST_RETRY_US;
  #retry: Timer | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a new line in place of the one before. */
  connected(line: Line): void {
    if (this.closed) {
      line.end();
      return;
    }
    const before = this.#line;
    this.#line = line;
    before?.end();
    this.#retryUs = FIRST_RETRY_US;
    this.connectedSinceUs = this.#clock.nowUs();
    if (before === undefined) this.#tell(true);
  }

  /** Notes that `line` is gone; a line that was replaced already is not missed. */
  disconnected(line: Line): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    this.connectedSinceUs = undefined;
    this.#tell(false);
  }

  heard(line: Line, bytes: Uint8Array): void {
    if (this.#line === line) this.#receiver(bytes);
  }

  /** Dials again when the wait is over; each failure in a row doubles the wait. */
  retry(dial: () => void): void {
    if (this.closed) return;
    this.#retry = this.#clock.after(this.#retryUs, dial);
    this.#retryUs = Math.min(LAST_RETRY_US, this.#retryUs * 2);
  }

  onReceive(receiver: (bytes: Uint8Array) => void): void {
    this.#receiver = receiver;
  }

  onChange(listener: (connected: boolean) => void): void {
    this.#listeners.push(listener);
  }

  send(bytes: Uint8Array): void {
    const line = this.#line;
    if (line === undefined) {
      const why = this.lastFailure === undefined ? '' : ` (${this.lastFailure})`;
      throw new Error(`nobody is connected${why}`);
    }
    if (line.unsentBytes > MAX_UNSENT_BYTES) throw new Error('the far end does not keep up');
    // The bytes are the sender's again when this returns, and the host may write later.
    line.write(bytes.slice());
  }

  close(): void {
    this.closed = true;
    this.#retry?.cancel();
    const line = this.#line;
    if (line === undefined) return;
    this.disconnected(line);
    line.end();
  }

  #tell(connected: boolean): void {
    for (const listener of this.#listeners) listener(connected);
  }
}
