/**
 * TM transfer frames (CCSDS 132.0-B-3) of a fixed length, filled with space packets that may span frames.
 *
 * Header, big-endian: version 2 bits = 0 | spacecraft 10 | virtual channel 3 | OCF flag 1 | master
 * channel count 8 | virtual channel count 8 | status 0x1800 | first header pointer 11. Then the data field
 * and, if flagged, 4 bytes of operational control field, and the FECF (see `crc16`). No secondary header.
 */
import { fail, type Result, succeed } from '../errors';
import { writeU16, writeU32 } from './bytes';
import { crc16 } from './crc16';
import { SPACECRAFT_ID, TM_FRAME_LENGTH, VIRTUAL_CHANNEL_ID } from './fprimePackets';
import { IDLE_APID, MIN_SPACE_PACKET_LENGTH, spacePacketLength, writeSpacePacketHeader } from './spacePacket';

export const TM_HEADER_LENGTH = 6;
export const OCF_LENGTH = 4;
export const OCF_FLAG = 1;
export const TM_OVERHEAD = TM_HEADER_LENGTH + 2;
/** First header pointer of a frame in which no packet starts. */
export const NO_PACKET_START = 0x7ff;
/** First header pointer of a frame that holds idle data only. */
export const IDLE_DATA_ONLY = 0x7fe;
/** Segment length identifier 3, not synchronous: the status bits above the first header pointer. */
const STATUS = 0x1800;
const IDLE_FILL = 0x44;

export interface TmChannel {
  /** 0..1023; 0x44 unless told. */
  readonly spacecraftId?: number;
  /** 0..7; 1 unless told. */
  readonly channelId?: number;
  /** Bytes of every frame, 16..2048; 1024 unless told. */
  readonly frameLength?: number;
}

/** What protects frames: it takes room before and behind the data, and fills it in each finished frame. */
export interface TmProtection {
  readonly headerLength: number;
  readonly trailerLength: number;
  /** Protects the frame in place, all but its FECF. False: the frame must not be sent. */
  seal(frame: Uint8Array): boolean;
}

export interface TmFramerOptions extends TmChannel {
  /** Gives the operational control field (a CLCW) of the frame that is finished. Absent: frames have none. */
  readonly ocf?: () => number;
  /** Absent: frames go in clear. */
  readonly protection?: TmProtection;
  /** Gets each full frame: the one buffer, which belongs to the receiver only during the call. */
  readonly onFrame: (frame: Uint8Array) => void;
}

const added = succeed(undefined);

/** Packs space packets into frames, without allocating. Not to be called from within `onFrame`. */
export class TmFramer {
  /** Frames emitted so far. */
  frames = 0;
  /** Packets added so far; idle fill is not among them. */
  packets = 0;
  /** Frames that could not be protected, and were dropped. */
  unsealed = 0;
  readonly #ocf: (() => number) | undefined;
  readonly #protection: TmProtection | undefined;
  /** Where the data field starts. */
  readonly #fieldStart: number;
  readonly #frame: Uint8Array;
  readonly #idlePacket: Uint8Array;
  /** Where the data field ends and the trailer, or the FECF, starts. */
  readonly #fieldEnd: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  /** Counts dropped frames too, so that the ground sees the gap. */
  #count = 0;
  #at: number;
  #firstHeader = NO_PACKET_START;
  /** Whether the frame under way holds anything but the tail of idle fill. */
  #pending = false;

  constructor(options: TmFramerOptions) {
    const frameLength = options.frameLength ?? TM_FRAME_LENGTH;
    this.#frame = new Uint8Array(frameLength);
    this.#idlePacket = new Uint8Array(frameLength).fill(IDLE_FILL);
    this.#ocf = options.ocf;
    this.#protection = options.protection;
    const ocfLength = this.#ocf ? OCF_LENGTH : 0;
    this.#fieldStart = TM_HEADER_LENGTH + (this.#protection?.headerLength ?? 0);
    this.#fieldEnd = frameLength - 2 - ocfLength - (this.#protection?.trailerLength ?? 0);
    this.#at = this.#fieldStart;
    this.#onFrame = options.onFrame;
    const spacecraftId = (options.spacecraftId ?? SPACECRAFT_ID) & 0x3ff;
    const channelId = (options.channelId ?? VIRTUAL_CHANNEL_ID) & 7;
    const flag = this.#ocf ? OCF_FLAG : 0;
    writeU16(this.#frame, 0, (spacecraftId << 4) | (channelId << 1) | flag);
  }

  /** Bytes that the frame under way still takes. */
  get spaceLeft(): number {
    return this.#fieldEnd - this.#at;
  }

  /**
   * Appends one whole space packet, emitting each frame that fills up. Errors: SPP_LENGTH when its header
   * states another length than it has (it would desynchronise the ground).
   */
  add(packet: Uint8Array): Result<void> {
    const length = packet.length;
    if (length < MIN_SPACE_PACKET_LENGTH || spacePacketLength(packet, 0) !== length) {
      const stated =
        length < MIN_SPACE_PACKET_LENGTH ? MIN_SPACE_PACKET_LENGTH : spacePacketLength(packet, 0);
      return fail('SPP_LENGTH', { length, stated });
    }
    this.packets++;
    this.#startPacket();
    this.#pending = true;
    if (length < this.#fieldEnd - this.#at) {
      // The common case: it fits, and the frame goes on.
      this.#frame.set(packet, this.#at);
      this.#at += length;
      return added;
    }
    for (let from = 0; from < length; ) {
      this.#pending = true;
      const to = Math.min(length, from + this.#fieldEnd - this.#at);
      this.#frame.set(packet.subarray(from, to), this.#at);
      this.#at += to - from;
      from = to;
      if (this.#at === this.#fieldEnd) this.#emit();
    }
    return added;
  }

  /** Completes the frame under way with idle fill and emits it; does nothing when it holds no packet. */
  flush(): void {
    if (this.#pending) this.idle();
  }

  /** Emits a frame even when there is nothing to send, to keep the link in lock. */
  idle(): void {
    const left = this.#fieldEnd - this.#at;
    const length = Math.max(left, MIN_SPACE_PACKET_LENGTH);
    this.#startPacket();
    writeSpacePacketHeader(this.#idlePacket, 0, {
      type: 'telemetry',
      apid: IDLE_APID,
      sequence: 0,
      dataLength: length - 6,
    });
    this.#frame.set(this.#idlePacket.subarray(0, left), this.#at);
    this.#emit();
    // A gap of 1..6 bytes is shorter than any packet: the idle packet then spans into the next frame.
    this.#frame.set(this.#idlePacket.subarray(left, length), this.#at);
    this.#at += length - left;
  }

  #startPacket(): void {
    if (this.#firstHeader === NO_PACKET_START) this.#firstHeader = this.#at - this.#fieldStart;
  }

  #emit(): void {
    const frame = this.#frame;
    // One virtual channel: its count and the master channel count are the same.
    frame[2] = this.#count;
    frame[3] = this.#count++;
    writeU16(frame, 4, STATUS | this.#firstHeader);
    const sealed = this.#protection?.seal(frame) ?? true;
    this.#at = this.#fieldStart;
    this.#firstHeader = NO_PACKET_START;
    this.#pending = false;
    if (!sealed) {
      this.unsealed++;
      return;
    }
    const fecfAt = frame.length - 2;
    if (this.#ocf) writeU32(frame, fecfAt - OCF_LENGTH, this.#ocf());
    writeU16(frame, fecfAt, crc16(frame, 0, fecfAt));
    this.frames++;
    this.#onFrame(frame);
  }
}
