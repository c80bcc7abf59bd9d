/**
 * FARM-1, the spacecraft's side of COP-1 (CCSDS 232.1-B, section 6): takes type-AD frames once each and in
 * order. What it accepts is handed on at once, so its "wait" state never comes about.
 */
import { type Clcw, clcwWord } from './clcw';

/** A TC frame as FARM and FOP see it. */
export interface TcFrame {
  /** Type B: not sequence-controlled. */
  readonly bypass: boolean;
  /** Its data is a control command for FARM, not data. */
  readonly control: boolean;
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** `deliver` its data; it was a control command, `done`; or it is to be `discard`ed. */
export type FarmVerdict = 'deliver' | 'done' | 'discard';

const UNLOCK = 0;
const SET_VR = [0x82, 0x00] as const;

export const unlockCommand = Uint8Array.of(UNLOCK);
export function setVrCommand(vr: number): Uint8Array {
  return Uint8Array.of(...SET_VR, vr);
}

export interface Farm1Options {
  readonly channelId: number;
  /** Even, 2..254: half of it reaches ahead of V(R), half behind; 128 unless told. */
  readonly window?: number;
}

export class Farm1 {
  readonly #channelId: number;
  readonly #half: number;
  #vr = 0;
  #lockout = false;
  #retransmit = false;
  #farmB = 0;

  constructor({ channelId, window = 128 }: Farm1Options) {
    this.#channelId = channelId;
    this.#half = window >> 1;
  }

  get lockout(): boolean {
    return this.#lockout;
  }

  judge(frame: TcFrame): FarmVerdict {
    if (frame.bypass) {
      if (!frame.control) {
        this.#farmB = (this.#farmB + 1) & 3;
        return 'deliver';
      }
      return this.#obey(frame.data);
    }
    return frame.control ? 'discard' : this.#sequence(frame.sequence);
  }

  /** Of the next TM frame's operational control field. */
  get clcw(): number {
    const clcw: Clcw = {
      channelId: this.#channelId,
      lockout: this.#lockout,
      wait: false,
      retransmit: this.#retransmit,
      farmB: this.#farmB,
      report: this.#vr,
    };
    return clcwWord(clcw);
  }

  #sequence(sequence: number): FarmVerdict {
    if (this.#lockout) return 'discard';
    const ahead = (sequence - this.#vr) & 0xff;
    if (ahead === 0) {
      this.#vr = (this.#vr + 1) & 0xff;
      this.#retransmit = false;
      return 'deliver';
    }
    if (ahead < this.#half) this.#retransmit = true;
    else if (ahead < 256 - this.#half) this.#lockout = true;
    return 'discard';
  }

  #obey(command: Uint8Array): FarmVerdict {
    const unlock = command.length === 1 && command[0] === UNLOCK;
    const setVr = command.length === 3 && command[0] === SET_VR[0] && command[1] === SET_VR[1];
    if (!unlock && !setVr) return 'discard';
    this.#farmB = (this.#farmB + 1) & 3;
    if (unlock) this.#lockout = false;
    // A lockout outlasts Set V(R): only Unlock ends it.
    if (this.#lockout) return 'done';
    if (setVr) this.#vr = command[2];
    this.#retransmit = false;
    return 'done';
  }
}
