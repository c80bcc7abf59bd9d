/** The ground side of `tmFrame`: finds frames in a byte stream and rebuilds the packets in them. */
import { type Fault, fail, type Result } from '../errors';
import { readU16, readU32 } from './bytes';
import { crc16 } from './crc16';
import { SPACECRAFT_ID, TM_FRAME_LENGTH, VIRTUAL_CHANNEL_ID } from './fprimePackets';
import {
  IDLE_APID,
  MAX_SPACE_PACKET_LENGTH,
  SPACE_PACKET_HEADER_LENGTH,
  spacePacketLength,
} from './spacePacket';
import {
  IDLE_DATA_ONLY,
  NO_PACKET_START,
  OCF_FLAG,
  OCF_LENGTH,
  TM_HEADER_LENGTH,
  type TmChannel,
} from './tmFrame';

export interface TmDeframerOptions extends TmChannel {
  /** Opens a protected frame: its plain data field, or why it is refused. Absent: frames come in clear. */
  readonly open?: (frame: Uint8Array) => Result<Uint8Array>;
  /** Gets each whole space packet, idle ones excepted: a view, valid only during the call. */
  readonly onPacket: (packet: Uint8Array) => void;
  /** Gets the operational control field of each frame that has one. */
  readonly onOcf?: (word: number) => void;
  /** Gets each loss: TM_CRC, TM_GAP, TM_MALFORMED, and what `open` refuses a frame for. */
  readonly onFault?: (fault: Fault) => void;
}

export interface TmCounts {
  bytes: number;
  frames: number;
  packets: number;
  idlePackets: number;
  crcErrors: number;
  /** Undamaged frames of ours that `open` refused: forged, replayed, of another key. */
  refused: number;
  garbageBytes: number;
  /** Jumps of the virtual channel count, and the frames that they stand for (modulo 256). */
  gaps: number;
  lostFrames: number;
  /** Packets of which only a part arrived. */
  partialPackets: number;
  /** Frames whose packets don't fit the first header pointer. */
  malformed: number;
}

/**
 * Slides byte by byte until spacecraft, channel and FECF match, follows packets across frames, and after a
 * loss starts again at the first header pointer.
 */
export class TmDeframer {
  readonly counts: TmCounts = {
    bytes: 0,
    frames: 0,
    packets: 0,
    idlePackets: 0,
    crcErrors: 0,
    refused: 0,
    garbageBytes: 0,
    gaps: 0,
    lostFrames: 0,
    partialPackets: 0,
    malformed: 0,
  };
  readonly #frameLength: number;
  readonly #identity: number;
  readonly #open: ((frame: Uint8Array) => Result<Uint8Array>) | undefined;
  readonly #onPacket: (packet: Uint8Array) => void;
  readonly #onOcf: ((word: number) => void) | undefined;
  readonly #onFault: ((fault: Fault) => void) | undefined;
  readonly #window: Uint8Array;
  #at = 0;
  #end = 0;
  #lastCount: number | undefined;
  /** The packet that has started and not ended: `partial[0..partialLength)`. */
  readonly #partial: Uint8Array;
  #partialLength = 0;

  constructor(options: TmDeframerOptions) {
    this.#frameLength = options.frameLength ?? TM_FRAME_LENGTH;
    const spacecraftId = options.spacecraftId ?? SPACECRAFT_ID;
    const channelId = options.channelId ?? VIRTUAL_CHANNEL_ID;
    this.#identity = ((spacecraftId & 0x3ff) << 4) | ((channelId & 7) << 1);
    this.#open = options.open;
    this.#onPacket = options.onPacket;
    this.#onOcf = options.onOcf;
    this.#onFault = options.onFault;
    this.#window = new Uint8Array(8 * this.#frameLength);
    this.#partial = new Uint8Array(MAX_SPACE_PACKET_LENGTH + this.#frameLength);
  }

  /** Takes the next bytes of the stream, in any chunking. Not to be called from within a callback. */
  push(chunk: Uint8Array): void {
    this.counts.bytes += chunk.length;
    for (let taken = 0; taken < chunk.length; ) {
      this.#window.copyWithin(0, this.#at, this.#end);
      this.#end -= this.#at;
      this.#at = 0;
      const count = Math.min(chunk.length - taken, this.#window.length - this.#end);
      this.#window.set(chunk.subarray(taken, taken + count), this.#end);
      this.#end += count;
      taken += count;
      while (this.#end - this.#at >= this.#frameLength) this.#judge();
    }
  }

  /** Judges the bytes at `#at`, of which there are a frame's length at least, and moves on. */
  #judge(): void {
    const start = this.#at;
    const frame = this.#window.subarray(start, start + this.#frameLength);
    const fieldEnd = this.#frameLength - 2;
    const identity = readU16(frame, 0);
    if ((identity & ~OCF_FLAG) !== this.#identity) {
      this.#slide();
      return;
    }
    const found = readU16(frame, fieldEnd);
    const computed = crc16(frame, 0, fieldEnd);
    if (found !== computed) {
      this.counts.crcErrors++;
      this.#slide();
      this.#onFault?.(fail('TM_CRC', { found, computed }).error);
      return;
    }
    const opened = this.#open?.(frame);
    if (opened?.ok === false) {
      this.counts.refused++;
      this.#slide();
      this.#onFault?.(opened.error);
      return;
    }
    const ocfAt = fieldEnd - (identity & OCF_FLAG ? OCF_LENGTH : 0);
    const field = opened?.value ?? frame.subarray(TM_HEADER_LENGTH, ocfAt);
    this.#at += this.#frameLength;
    this.counts.frames++;
    this.#checkCount(frame[3]);
    if (ocfAt < fieldEnd) this.#onOcf?.(readU32(frame, ocfAt));
    const pointer = readU16(frame, 4) & 0x7ff;
    if (!this.#readField(field, pointer)) {
      this.counts.malformed++;
      this.#dropPartial();
      this.#onFault?.(fail('TM_MALFORMED', { count: frame[3], pointer }).error);
    }
  }

  #slide(): void {
    this.#at++;
    this.counts.garbageBytes++;
  }

  #checkCount(found: number): void {
    const last = this.#lastCount;
    this.#lastCount = found;
    if (last === undefined) return;
    const lost = (found - last - 1) & 0xff;
    if (lost === 0) return;
    this.counts.gaps++;
    this.counts.lostFrames += lost;
    this.#dropPartial();
    this.#onFault?.(fail('TM_GAP', { found, last, lost }).error);
  }

  /** False when the packets don't fit the first header pointer. */
  #readField(field: Uint8Array, pointer: number): boolean {
    if (pointer === IDLE_DATA_ONLY) {
      // A packet can't continue through idle data.
      this.#dropPartial();
      return true;
    }
    const continues = pointer === NO_PACKET_START;
    const first = continues ? field.length : pointer;
    if (first > field.length || (!continues && first === field.length)) return false;
    const fits = this.#partialLength === 0 || this.#completePartial(field.subarray(0, first), continues);
    // The pointer is the surer of the two: start there, whatever became of the partial packet.
    if (!fits) this.#dropPartial();
    return this.#readPackets(field, first) && fits;
  }

  /** Appends `bytes` to the partial packet, which must end just there, unless it goes on in the next frame. */
  #completePartial(bytes: Uint8Array, mayGoOn: boolean): boolean {
    this.#partial.set(bytes, this.#partialLength);
    this.#partialLength += bytes.length;
    const length = this.#partialLength;
    const stated = length < SPACE_PACKET_HEADER_LENGTH ? Infinity : spacePacketLength(this.#partial, 0);
    if (length < stated) return mayGoOn;
    if (length > stated) return false;
    this.#partialLength = 0;
    this.#deliver(this.#partial.subarray(0, length));
    return true;
  }

  #readPackets(field: Uint8Array, first: number): boolean {
    for (let at = first; at < field.length; ) {
      if (field[at] >>> 5 !== 0) return false;
      const left = field.length - at;
      const length = left < SPACE_PACKET_HEADER_LENGTH ? Infinity : spacePacketLength(field, at);
      if (left < length) {
        this.#partial.set(field.subarray(at));
        this.#partialLength = left;
        return true;
      }
      this.#deliver(field.subarray(at, at + length));
      at += length;
    }
    return true;
  }

  #deliver(packet: Uint8Array): void {
    if ((readU16(packet, 0) & 0x7ff) === IDLE_APID) {
      this.counts.idlePackets++;
      return;
    }
    this.counts.packets++;
    this.#onPacket(packet);
  }

  #dropPartial(): void {
    if (this.#partialLength === 0) return;
    this.#partialLength = 0;
    this.counts.partialPackets++;
  }
}
