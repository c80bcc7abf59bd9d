/**
 * FOP-1, the ground's side of COP-1 (CCSDS 232.1-B, section 5): sends type-AD frames within a window, again
 * until the CLCW says that they were accepted, and each once and in order as the spacecraft sees it.
 *
 * The standard's suspend and resume are left out: a service that runs out of transmissions ends with an alert and keeps
 * what was not acknowledged, for whoever initiates it again.
 */
import { type ErrorCode, type Fault, fail, type Result, succeed } from '../errors';
import type { Clock, Timer } from '../framework/clock';
import type { Clcw } from './clcw';
import { setVrCommand, type TcFrame, unlockCommand } from './farm';

export interface Fop1Options {
  readonly clock: Pick<Clock, 'after'>;
  /** Radiates one frame. */
  readonly send: (frame: TcFrame) => void;
  /** Frames on their way at once, 1..127: no more than half of FARM's window; 32 unless told. */
  readonly window?: number;
  /** How long a CLCW that acknowledges may take, microseconds. */
  readonly timeoutUs: number;
  /** Times that a frame is sent in all; 10 unless told. */
  readonly transmissionLimit?: number;
  /** The service began: the spacecraft expects what we send next. */
  readonly onActive?: () => void;
  /** The spacecraft has accepted this many more of the submitted frames, in order. */
  readonly onAccepted?: (count: number) => void;
  /** The service ended by itself: COP1_LIMIT, COP1_LOCKOUT, COP1_REPORT. */
  readonly onAlert?: (fault: Fault) => void;
}

/** How to agree with the spacecraft where to begin: its V(R) as the next CLCW tells it, lockout undone, or set. */
export type Initiation =
  | { readonly with: 'clcw' }
  | { readonly with: 'unlock' }
  | { readonly with: 'set-vr'; readonly vr: number };

interface Sent {
  readonly sequence: number;
  readonly data: Uint8Array;
}

type State = 'initial' | 'awaiting-clcw' | 'awaiting-control' | 'active';

export class Fop1 {
  readonly #options: Fop1Options;
  readonly #window: number;
  readonly #limit: number;
  #state: State = 'initial';
  /** V(S), the next number to give, and NN(R), the oldest not acknowledged: `sent` is what lies between. */
  #next = 0;
  #oldest = 0;
  #sent: Sent[] = [];
  #waiting: Uint8Array[] = [];
  #transmissions = 1;
  #retransmitting = false;
  #control: Uint8Array | undefined;
  #timer: Timer | undefined;

  constructor(options: Fop1Options) {
    this.#options = options;
    this.#window = options.window ?? 32;
    this.#limit = options.transmissionLimit ?? 10;
  }

  get active(): boolean {
    return this.#state === 'active';
  }

  /** Frames submitted and not yet known to be accepted. */
  get pending(): number {
    return this.#sent.length + this.#waiting.length;
  }

  /**
   * Begins the service, once nothing of an earlier one is on its way any more. What the last one left is sent
   * first, less what the spacecraft's V(R) says that it accepted. `set-vr` overwrites V(R), and what was
   * accepted without an acknowledgement arrives twice.
   */
  initiate(how: Initiation = { with: 'clcw' }): void {
    this.#stopTimer();
    this.#transmissions = 1;
    this.#retransmitting = false;
    if (how.with === 'set-vr') {
      this.#abandonNumbers();
      this.#next = how.vr & 0xff;
      this.#oldest = this.#next;
    }
    this.#state = how.with === 'clcw' ? 'awaiting-clcw' : 'awaiting-control';
    this.#control = how.with === 'set-vr' ? setVrCommand(this.#next) : unlockCommand;
    if (how.with !== 'clcw') this.#radiate(this.#control, true, true, 0);
    this.#startTimer();
  }

  /** Sends a frame's data when its turn comes. Error: COP1_NOT_ACTIVE. */
  submit(data: Uint8Array): Result<void> {
    if (this.#state === 'initial') return fail('COP1_NOT_ACTIVE');
    this.#waiting.push(data);
    this.#fill();
    return succeed(undefined);
  }

  /** Ends the service; returns what is not known to be accepted, oldest first. */
  terminate(): readonly Uint8Array[] {
    this.#stopTimer();
    this.#state = 'initial';
    this.#abandonNumbers();
    const left = this.#waiting;
    this.#waiting = [];
    return left;
  }

  /** Takes the CLCW of each TM frame. */
  hear(clcw: Clcw): void {
    if (this.#state === 'active') this.#acknowledge(clcw);
    else if (this.#state === 'awaiting-clcw') {
      if (clcw.lockout) this.#alert('COP1_LOCKOUT');
      else if (!clcw.wait) this.#begin(clcw.report);
    } else if (this.#state === 'awaiting-control' && !clcw.lockout && !clcw.wait) {
      if (this.#control === unlockCommand || clcw.report === this.#next) this.#begin(clcw.report);
    }
  }

  #begin(report: number): void {
    this.#stopTimer();
    this.#transmissions = 1;
    // What an earlier service sent and the spacecraft has by now is not sent again.
    const accepted = (report - this.#oldest) & 0xff;
    if (accepted <= this.#sent.length) this.#drop(accepted);
    this.#abandonNumbers();
    this.#next = report;
    this.#oldest = report;
    this.#state = 'active';
    this.#options.onActive?.();
    this.#fill();
  }

  #acknowledge(clcw: Clcw): void {
    const { report } = clcw;
    const accepted = (report - this.#oldest) & 0xff;
    if (clcw.lockout) this.#alert('COP1_LOCKOUT');
    else if (accepted > this.#sent.length)
      this.#alert('COP1_REPORT', { report, oldest: this.#oldest, next: this.#next });
    else {
      if (accepted > 0) this.#progress(accepted);
      const asked = clcw.retransmit && !clcw.wait && !this.#retransmitting;
      if (asked && this.#sent.length > 0) this.#sendAgain();
      this.#fill();
    }
  }

  #progress(accepted: number): void {
    this.#drop(accepted);
    this.#transmissions = 1;
    this.#retransmitting = false;
    if (this.#sent.length > 0) this.#startTimer();
    else this.#stopTimer();
  }

  #drop(accepted: number): void {
    this.#sent.splice(0, accepted);
    this.#oldest = (this.#oldest + accepted) & 0xff;
    if (accepted > 0) this.#options.onAccepted?.(accepted);
  }

  /** Numbers given are void: what was sent waits to be sent under new ones. */
  #abandonNumbers(): void {
    this.#waiting = [...this.#sent.map(({ data }) => data), ...this.#waiting];
    this.#sent = [];
    this.#oldest = this.#next;
  }

  /**
   * Sends every unacknowledged frame again. Until one of them is acknowledged or the timer runs out, a CLCW
   * that still asks for it is taken for an old one.
   */
  #sendAgain(): void {
    if (this.#transmissions >= this.#limit) {
      this.#alert('COP1_LIMIT', { sequence: this.#oldest, times: this.#transmissions });
      return;
    }
    this.#transmissions++;
    this.#retransmitting = true;
    this.#startTimer();
    for (const { sequence, data } of this.#sent) this.#radiate(data, false, false, sequence);
  }

  #fill(): void {
    if (this.#state !== 'active') return;
    while (this.#sent.length < this.#window) {
      const data = this.#waiting.shift();
      if (data === undefined) return;
      const sequence = this.#next;
      this.#next = (sequence + 1) & 0xff;
      this.#sent.push({ sequence, data });
      if (this.#sent.length === 1) this.#startTimer();
      this.#radiate(data, false, false, sequence);
    }
  }

  #radiate(data: Uint8Array, bypass: boolean, control: boolean, sequence: number): void {
    this.#options.send({ bypass, control, sequence, data });
  }

  #startTimer(): void {
    this.#stopTimer();
    this.#timer = this.#options.clock.after(this.#options.timeoutUs, () => this.#expired());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #expired(): void {
    this.#timer = undefined;
    if (this.#state === 'active') this.#sendAgain();
    else if (this.#transmissions++ >= this.#limit)
      this.#alert('COP1_LIMIT', { sequence: this.#next, times: this.#limit });
    else {
      if (this.#state === 'awaiting-control' && this.#control !== undefined)
        this.#radiate(this.#control, true, true, 0);
      this.#startTimer();
    }
  }

  #alert(code: ErrorCode, detail: Readonly<Record<string, unknown>> = {}): void {
    this.#stopTimer();
    this.#state = 'initial';
    this.#options.onAlert?.(fail(code, detail).error);
  }
}
