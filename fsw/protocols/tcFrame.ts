/**
 * TC transfer frames (CCSDS 232.0-B): of service type BD, without a segment header, as F´ GDS and Yamcs send
 * them; with COP-1 also of types AD and BC.
 *
 * Big-endian: version 2 bits = 0 | bypass 1 (BD: 1) | control 1 (BD: 0) | reserved 2 = 0 | spacecraft 10 |
 * virtual channel 6 | frame length minus one 10 | sequence 8 | data field | FECF 16 (see `crc16`).
 */
import { type ErrorCode, type Fault, fail, type Result, succeed } from '../errors';
import { readU16, writeBytes, writeU16 } from './bytes';
import { crc16 } from './crc16';
import type { Farm1 } from './farm';
import { SPACECRAFT_ID, VIRTUAL_CHANNEL_ID } from './fprimePackets';

export const TC_HEADER_LENGTH = 5;
export const TC_OVERHEAD = TC_HEADER_LENGTH + 2;
export const MAX_TC_FRAME_LENGTH = 1024;
/** A frame carries at least one byte of data. */
export const MIN_TC_FRAME_LENGTH = TC_OVERHEAD + 1;
export const MAX_TC_DATA_LENGTH = MAX_TC_FRAME_LENGTH - TC_OVERHEAD;

export interface TcChannel {
  /** 0..1023; 0x44 unless told. */
  readonly spacecraftId?: number;
  /** 0..63; 1 unless told. */
  readonly channelId?: number;
}

/** The service of a frame; type BD, number 0, unless told. */
export interface TcService {
  readonly bypass?: boolean;
  readonly control?: boolean;
  readonly sequence?: number;
}

/**
 * Writes a frame around `data` (1..1017 bytes; keep it to 1015 for peers that stop at 1022) and
 * returns the offset after it. Errors: TC_TOO_LONG, TC_TOO_SHORT.
 */
export function writeTcFrame(
  into: Uint8Array,
  at: number,
  data: Uint8Array,
  { spacecraftId = SPACECRAFT_ID, channelId = VIRTUAL_CHANNEL_ID }: TcChannel = {},
  { bypass = true, control = false, sequence = 0 }: TcService = {},
): Result<number> {
  const length = data.length + TC_OVERHEAD;
  const max = Math.min(MAX_TC_FRAME_LENGTH, into.length - at);
  if (length > max) return fail('TC_TOO_LONG', { length, max });
  if (length < MIN_TC_FRAME_LENGTH) return fail('TC_TOO_SHORT', { length, min: MIN_TC_FRAME_LENGTH });
  const service = (Number(bypass) << 13) | (Number(control) << 12);
  writeU16(into, at, service | (spacecraftId & 0x3ff));
  writeU16(into, at + 2, ((channelId & 0x3f) << 10) | (length - 1));
  into[at + 4] = sequence;
  const end = writeBytes(into, at + TC_HEADER_LENGTH, data);
  return succeed(writeU16(into, end, crc16(into, at, end)));
}

export interface TcDeframerOptions extends TcChannel {
  /** The longest frame taken, 8..1024 bytes; 1024 unless told. */
  readonly maxFrameLength?: number;
  /**
   * Opens a protected frame, given whole and undamaged: its plain data, or undefined when it is refused
   * (whoever opens says why). Absent: frames come in clear.
   */
  readonly open?: (frame: Uint8Array) => Uint8Array | undefined;
  /** COP-1: judges each whole frame of ours that `open` let pass. Absent: type BD is taken, no other. */
  readonly farm?: Pick<Farm1, 'judge'>;
  /** Gets the data field of each accepted frame: a view, valid only during the call. */
  readonly onData: (data: Uint8Array) => void;
  /** Gets the reason for each refused frame. */
  readonly onRefused?: (fault: Fault) => void;
}

/** What a deframer has seen. A byte is counted once: in an accepted frame, or as garbage. */
export interface TcCounts {
  bytes: number;
  accepted: number;
  /** Our header, but the FECF does not match. */
  crcErrors: number;
  /** Our header with a length above `maxFrameLength`, or below the least. */
  tooLong: number;
  tooShort: number;
  /** A whole frame with a good FECF, but not for us. */
  wrongSpacecraft: number;
  wrongChannel: number;
  /** Ours and whole, but not of type BD. */
  wrongService: number;
  /** Whole frames that FARM-1 discarded: sent again, out of order, or in lockout. */
  discarded: number;
  /** Control commands that FARM-1 took. */
  controlled: number;
  /** Ours and whole, but `open` refused it. */
  unopened: number;
  garbageBytes: number;
}

/** Frames are delimited in a window of this size: room for one held frame and a good read. */
const WINDOW_LENGTH = 8 * MAX_TC_FRAME_LENGTH;

/**
 * Finds the frames for us in a stream of bytes of any chunking, between any garbage.
 *
 * Whatever is refused slides the search by one byte, never by the length that its header claims, so a false
 * header can't swallow a good frame behind it. It can hold one back: a header of ours waits for the bytes
 * that it claims, at most `maxFrameLength`; `flush` ends the wait. A header that is not ours never waits:
 * frames for others are told apart from garbage only if they are whole in the bytes on hand (and random
 * garbage looks like one about twice a megabyte).
 * Memory is one fixed window; which frames are accepted does not depend on the chunking; nothing throws.
 */
export class TcDeframer {
  readonly counts: TcCounts = {
    bytes: 0,
    accepted: 0,
    crcErrors: 0,
    tooLong: 0,
    tooShort: 0,
    wrongSpacecraft: 0,
    wrongChannel: 0,
    wrongService: 0,
    discarded: 0,
    controlled: 0,
    unopened: 0,
    garbageBytes: 0,
  };
  readonly #spacecraftId: number;
  readonly #channelId: number;
  readonly #maxFrameLength: number;
  readonly #farm: Pick<Farm1, 'judge'> | undefined;
  readonly #open: ((frame: Uint8Array) => Uint8Array | undefined) | undefined;
  readonly #onData: (data: Uint8Array) => void;
  readonly #onRefused: ((fault: Fault) => void) | undefined;
  readonly #window = new Uint8Array(WINDOW_LENGTH);
  /** The bytes not yet judged are `window[at..end)`. */
  #at = 0;
  #end = 0;

  constructor(options: TcDeframerOptions) {
    this.#spacecraftId = options.spacecraftId ?? SPACECRAFT_ID;
    this.#channelId = options.channelId ?? VIRTUAL_CHANNEL_ID;
    this.#maxFrameLength = options.maxFrameLength ?? MAX_TC_FRAME_LENGTH;
    this.#farm = options.farm;
    this.#open = options.open;
    this.#onData = options.onData;
    this.#onRefused = options.onRefused;
  }

  /** Bytes held back until more arrive: fewer than `maxFrameLength`. */
  get heldBytes(): number {
    return this.#end - this.#at;
  }

  /** Takes the next bytes of the stream. Not to be called from within a callback. */
  push(chunk: Uint8Array): void {
    this.counts.bytes += chunk.length;
    for (let taken = 0; taken < chunk.length; ) {
      this.#window.copyWithin(0, this.#at, this.#end);
      this.#end -= this.#at;
      this.#at = 0;
      const count = Math.min(chunk.length - taken, WINDOW_LENGTH - this.#end);
      this.#window.set(chunk.subarray(taken, taken + count), this.#end);
      this.#end += count;
      taken += count;
      this.#search();
    }
  }

  /** Waits no longer: takes what is held for garbage, save for whole frames in it. For a silent or lost link. */
  flush(): void {
    while (this.#at < this.#end) {
      this.#slide();
      this.#search();
    }
  }

  #search(): void {
    while (this.#end - this.#at >= TC_HEADER_LENGTH && this.#judge());
  }

  /** Judges the bytes at `#at` and moves on; false when only more bytes can tell. */
  #judge(): boolean {
    const window = this.#window;
    const at = this.#at;
    // Version and reserved bits must be 0.
    if (window[at] & 0xcc) return this.#slide();
    const spacecraftId = readU16(window, at) & 0x3ff;
    const channelId = window[at + 2] >>> 2;
    const length = (readU16(window, at + 2) & 0x3ff) + 1;
    const ours = spacecraftId === this.#spacecraftId && channelId === this.#channelId;
    const min = MIN_TC_FRAME_LENGTH;
    const max = this.#maxFrameLength;
    const end = at + length;
    if (!ours && (length < min || end > this.#end)) return this.#slide();
    if (length < min) return this.#refuse('tooShort', 'TC_TOO_SHORT', { length, min });
    if (ours && length > max) return this.#refuse('tooLong', 'TC_TOO_LONG', { length, max });
    if (end > this.#end) return false;

    const found = readU16(window, end - 2);
    const computed = crc16(window, at, end - 2);
    if (found !== computed && !ours) return this.#slide();
    if (found !== computed) return this.#refuse('crcErrors', 'TC_CRC', { found, computed });

    if (spacecraftId !== this.#spacecraftId) {
      const expected = this.#spacecraftId;
      return this.#refuse('wrongSpacecraft', 'TC_WRONG_SPACECRAFT', { spacecraftId, expected });
    }
    if (channelId !== this.#channelId) {
      const expected = this.#channelId;
      return this.#refuse('wrongChannel', 'TC_WRONG_CHANNEL', { channelId, expected });
    }
    const bypass = (window[at] >>> 5) & 1;
    const control = (window[at] >>> 4) & 1;
    if (!this.#farm && (!bypass || control))
      return this.#refuse('wrongService', 'TC_SERVICE', { bypass, control });
    // Before FARM-1, whose state no forged frame may move: what is not of type BD carries no MAC.
    const data = this.#open
      ? this.#open(window.subarray(at, end))
      : window.subarray(at + TC_HEADER_LENGTH, end - 2);
    if (data === undefined) {
      this.counts.unopened++;
      return this.#slide();
    }
    const verdict = this.#farm?.judge({
      bypass: bypass === 1,
      control: control === 1,
      sequence: window[at + 4],
      data: window.subarray(at + TC_HEADER_LENGTH, end - 2),
    });
    if (verdict === 'done' || verdict === 'discard') {
      this.counts[verdict === 'done' ? 'controlled' : 'discarded']++;
      this.#at = end;
      return true;
    }
    this.counts.accepted++;
    this.#at = end;
    this.#onData(data);
    return true;
  }

  #refuse(count: keyof TcCounts, code: ErrorCode, detail: Readonly<Record<string, number>>): true {
    this.counts[count]++;
    this.#slide();
    this.#onRefused?.(fail(code, detail).error);
    return true;
  }

  #slide(): true {
    this.#at++;
    this.counts.garbageBytes++;
    return true;
  }
}
