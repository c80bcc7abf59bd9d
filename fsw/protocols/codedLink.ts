/**
 * The coding sublayer of telemetry (CCSDS 131.0-B): frames of one length become codeblocks behind sync
 * markers, and come back out of a damaged stream.
 */
import { type Fault, fail, type Result, succeed } from '../errors';
import { ASM, ASM_LENGTH, markerErrors } from './asm';
import { writeU32 } from './bytes';
import { crc16 } from './crc16';
import { randomise } from './randomizer';
import { ReedSolomon, type ReedSolomonOptions } from './reedSolomon';

export interface LinkCoding {
  /** Absent: no error correction. */
  readonly reedSolomon?: ReedSolomonOptions;
  /** XORs each block with the CCSDS sequence; true unless told. */
  readonly randomise?: boolean;
}

interface Block {
  readonly frameLength: number;
  readonly code: ReedSolomon | undefined;
  readonly randomised: boolean;
}

/** Error: CODING_LENGTH, when a frame of that length does not fit the code. */
function blockOf(frameLength: number, coding: LinkCoding): Result<Block> {
  const code = coding.reedSolomon && new ReedSolomon(coding.reedSolomon);
  const fits = code?.fits(frameLength);
  if (fits?.ok === false) return fits;
  return succeed({ frameLength, code, randomised: coding.randomise ?? true });
}

/** Frame in, marker and codeblock out: the one buffer, filled again by the next call. */
export type LinkEncoder = (frame: Uint8Array) => Result<Uint8Array>;

/** Errors: CODING_LENGTH; of the encoder CODING_FRAME, for a frame of another length. */
export function linkEncoder(frameLength: number, coding: LinkCoding): Result<LinkEncoder> {
  const made = blockOf(frameLength, coding);
  if (!made.ok) return made;
  const { code, randomised } = made.value;
  const sent = new Uint8Array(ASM_LENGTH + frameLength + (code?.parityLength ?? 0));
  const block = sent.subarray(ASM_LENGTH);
  writeU32(sent, 0, ASM);
  return succeed((frame) => {
    if (frame.length !== frameLength)
      return fail('CODING_FRAME', { length: frame.length, expected: frameLength });
    block.set(frame);
    code?.encode(block);
    if (randomised) randomise(block);
    return succeed(sent);
  });
}

export interface LinkDecoderOptions {
  /** Wrong bits with which a marker is still one; 3 unless told. */
  readonly markerErrors?: number;
  /** Gets each frame, put right: a view, valid only during the call. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** Gets each block that could not be put right: CODING_UNCORRECTABLE, or TM_CRC where there is no code. */
  readonly onFault?: (fault: Fault) => void;
}

export interface LinkDecoderCounts {
  bytes: number;
  frames: number;
  /** Bytes put right in them. */
  corrected: number;
  /** What stood behind a marker and was no good block. */
  refused: number;
  garbageBytes: number;
}

/**
 * Finds markers at byte boundaries, of any chunking and between any garbage. What is refused slides the search by one
 * byte, so a false marker swallows no good block behind it.
 */
export class LinkDecoder {
  readonly counts: LinkDecoderCounts = { bytes: 0, frames: 0, corrected: 0, refused: 0, garbageBytes: 0 };
  readonly #block: Block;
  readonly #options: LinkDecoderOptions;
  readonly #markerErrors: number;
  /** Marker and codeblock. */
  readonly #length: number;
  readonly #window: Uint8Array;
  readonly #work: Uint8Array;
  #at = 0;
  #end = 0;

  private constructor(block: Block, options: LinkDecoderOptions) {
    this.#block = block;
    this.#options = options;
    this.#markerErrors = options.markerErrors ?? 3;
    this.#work = new Uint8Array(block.frameLength + (block.code?.parityLength ?? 0));
    this.#length = ASM_LENGTH + this.#work.length;
    this.#window = new Uint8Array(8 * this.#length);
  }

  /** Error: CODING_LENGTH. */
  static make(frameLength: number, coding: LinkCoding, options: LinkDecoderOptions): Result<LinkDecoder> {
    const block = blockOf(frameLength, coding);
    return block.ok ? succeed(new LinkDecoder(block.value, options)) : block;
  }

  /** Takes the next bytes of the stream. Not to be called from within a callback. */
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
      while (this.#end - this.#at >= this.#length) this.#judge();
    }
  }

  #judge(): void {
    const found = markerErrors(this.#window, this.#at) <= this.#markerErrors ? this.#read() : undefined;
    if (found?.ok) {
      this.#at += this.#length;
      this.counts.frames++;
      this.counts.corrected += found.value;
      this.#options.onFrame(this.#work.subarray(0, this.#block.frameLength));
      return;
    }
    this.#at++;
    this.counts.garbageBytes++;
    if (found === undefined) return;
    this.counts.refused++;
    this.#options.onFault?.(found.error);
  }

  /** Puts the block behind the marker right; returns how many bytes were wrong. */
  #read(): Result<number> {
    const { code, randomised, frameLength } = this.#block;
    const work = this.#work;
    work.set(this.#window.subarray(this.#at + ASM_LENGTH, this.#at + this.#length));
    if (randomised) randomise(work);
    if (code) return code.decode(work);
    const found = (work[frameLength - 2] << 8) | work[frameLength - 1];
    const computed = crc16(work, 0, frameLength - 2);
    return found === computed ? succeed(0) : fail('TM_CRC', { found, computed });
  }
}
