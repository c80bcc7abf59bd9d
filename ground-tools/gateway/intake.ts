/** What comes from the link, chunk by chunk, as packets and faults; and how its security fares. */
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import { parseCoding } from '../../fsw/protocols';
import { GroundSecurity, type GroundSecurityOptions } from '../link/security';
import { clearOnly, isSecurityFault, type TmReader, tmReader } from '../link/tmReader';
import type { SecurityStatus } from './messages';

export interface IntakeOptions {
  /** Folder of the ground's keys: TM frames are opened, TC frames sealed. Absent: both in clear. */
  readonly keys?: string;
  /** What of a frame's header the MAC covers; as the spacecraft has it. */
  readonly headerMask?: GroundSecurityOptions['mask'];
  /** The downlink's coding as `parseCoding` reads it. */
  readonly coding?: string;
  /** Of TM frames; 1024 unless told. */
  readonly frameLength?: number;
}

/** Of one chunk. */
export interface Taken {
  readonly packets: Uint8Array[];
  readonly faults: Fault[];
  /** Whether there were frames that could not be opened: who has the keys finds more packets here. */
  readonly unread: boolean;
  /** Whether `security` says something new. */
  readonly news: boolean;
}

export class Intake {
  readonly #keys: GroundSecurity | undefined;
  readonly #openClear = clearOnly();
  #reader: TmReader | undefined;
  #packets: Uint8Array[] = [];
  #faults: Fault[] = [];
  #framesOpened = 0;
  /** Why the latest frame was refused. */
  #refusal: Fault | undefined;

  private constructor(keys: GroundSecurity | undefined) {
    this.#keys = keys;
  }

  /** Errors: CODING_FORM, CODING_LENGTH; of the keys those of `GroundSecurity.open`. */
  static open({ keys, headerMask: mask, coding, frameLength }: IntakeOptions): Result<Intake> {
    const parsed = coding === undefined ? undefined : parseCoding(coding);
    if (parsed?.ok === false) return parsed;
    const security = keys === undefined ? undefined : GroundSecurity.open(keys, { mask });
    if (security?.ok === false) return security;
    const intake = new Intake(security?.value);
    const reader = tmReader(
      { frameLength, coding: parsed?.value, open: (frame) => intake.#open(frame) },
      {
        onPacket: (packet) => void intake.#packets.push(packet.slice()),
        onFault: (fault) => void (isSecurityFault(fault) || intake.#faults.push(fault)),
      },
    );
    if (!reader.ok) {
      intake.close();
      return reader;
    }
    intake.#reader = reader.value;
    return succeed(intake);
  }

  take(bytes: Uint8Array): Taken {
    const before = { refused: this.#refused, code: this.#refusal?.code };
    this.#packets = [];
    this.#faults = [];
    this.#reader?.push(bytes);
    return {
      packets: this.#packets,
      faults: this.#faults,
      unread: this.#refused > before.refused,
      news: this.#refusal?.code !== before.code,
    };
  }

  /**
   * The frame to send for a clear one. Sealed at each call: the same number twice would be a replay. While not
   * one frame could be opened nothing is sealed: it would be refused on board, and nobody would know.
   * Errors: SDLS_KEYS_MISSING, SDLS_KEYS_WRONG, and those of `GroundSecurity.sealTc`.
   */
  seal(clear: Uint8Array): Result<Uint8Array> {
    const refusal = this.#framesOpened === 0 ? this.#refusal : undefined;
    if (refusal?.code === 'SDLS_KEYS_MISSING') return fail(refusal.code);
    if (refusal) return fail('SDLS_KEYS_WRONG', { why: refusal.text });
    return this.#keys ? this.#keys.sealTc(clear) : succeed(clear);
  }

  /** Undefined on a link in clear. */
  get security(): SecurityStatus | undefined {
    if (this.#keys === undefined && this.#refused === 0) return undefined;
    const why = this.#refusal && { why: this.#refusal.text };
    return { keys: this.#keys !== undefined, refused: this.#refused, ...why };
  }

  close(): void {
    this.#keys?.close();
  }

  get #refused(): number {
    return this.#reader?.counts.refused ?? 0;
  }

  #open(frame: Uint8Array): Result<Uint8Array> {
    const opened = this.#keys ? this.#keys.openTm(frame) : this.#openClear(frame);
    const fault = opened.ok ? undefined : opened.error;
    // Each kind of refusal is told once, until a frame opens again; the rest is counted.
    if (fault && fault.code !== this.#refusal?.code) this.#faults.push(fault);
    if (opened.ok) this.#framesOpened++;
    this.#refusal = fault;
    return opened;
  }
}
