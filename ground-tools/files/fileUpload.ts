import type { Result } from '../../fsw/errors';
import {
  addModularChecksum,
  type ByteRange,
  FILE_DATA_OVERHEAD,
  type FilePacket,
  filePacket,
  readRanges,
} from '../../fsw/protocols';

/** The most of a file in one packet: the data of the largest secured TC frame, less all headers. */
export const MAX_UPLINK_CHUNK = 987 - 6 - FILE_DATA_OVERHEAD;
const CHECKSUM_CHUNK = 1 << 20;
/** How often a file is sent anew whose checksum is wrong on board. */
const MAX_ATTEMPTS = 3;

export interface FileUploadOptions {
  readonly size: number;
  /** Fills `into` from `offset` of the file. */
  readonly read: (offset: number, into: Uint8Array) => void;
  /** Its name on the ground, and where it goes on board. */
  readonly source: string;
  readonly destination: string;
  readonly chunkBytes?: number;
}

/** An event of the spacecraft's fileUplink, by its local name. */
export interface UplinkEvent {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export type UploadStatus =
  | { readonly kind: 'under-way' }
  /** On board, whole and checked, at this path of the board's store. */
  | { readonly kind: 'received'; readonly path: string }
  | { readonly kind: 'failed'; readonly reason: string };

type Phase = 'start' | 'await-start' | 'data' | 'await-end' | 'over';

/**
 * Sends one file up and sees to it that it arrives: START, then only the ranges that the spacecraft says it misses,
 * END, and again what got lost, until `FileReceived` comes back. It has no timer and no link: the caller sends what
 * `next` gives at its own pace, hands in events, and calls `again` when nothing was heard for long.
 */
export class FileUpload {
  status: UploadStatus = { kind: 'under-way' };
  /** Bytes of the file that were sent, those sent again counted again. */
  sentBytes = 0;
  readonly #options: FileUploadOptions;
  readonly #chunkBytes: number;
  #phase: Phase = 'start';
  #todo: ByteRange[] = [];
  #sequence = 0;
  #attempts = 1;
  #checksum: number | undefined;

  constructor(options: FileUploadOptions) {
    this.#options = options;
    this.#chunkBytes = Math.max(1, Math.min(options.chunkBytes ?? MAX_UPLINK_CHUNK, MAX_UPLINK_CHUNK));
  }

  /**
   * The next F´ packet to send (descriptor first), or undefined while the spacecraft has the word.
   * Errors: FPRIME_FILE, when a path or the size does not fit the protocol; the upload has failed then.
   */
  next(): Result<Uint8Array> | undefined {
    const packet = this.#nextPacket();
    const written = packet && filePacket(packet);
    if (written && !written.ok) this.#fail(written.error.text);
    return written;
  }

  /** Nothing was heard for long: what waits for an answer is sent again. */
  again(): void {
    if (this.#phase === 'await-start') this.#phase = 'start';
    else if (this.#phase === 'await-end') this.#phase = 'data';
  }

  hear({ name, args }: UplinkEvent): void {
    if (this.#phase === 'over') return;
    if (name === 'InvalidReceiveMode') {
      // It has not heard of the file: START was lost, or it rebooted.
      this.#phase = 'start';
      return;
    }
    if (!this.#isOurs(args.path)) return;
    const path = String(args.path);
    switch (name) {
      case 'UploadStarted':
        this.#todo = readRanges(String(args.ranges));
        this.#phase = 'data';
        return;
      case 'FileIncomplete':
        this.#todo.push(...readRanges(String(args.ranges)));
        this.#phase = 'data';
        return;
      case 'FileReceived':
        this.#phase = 'over';
        this.status = { kind: 'received', path };
        return;
      case 'FileChecksumError':
        this.#phase = 'start';
        if (++this.#attempts > MAX_ATTEMPTS) this.#fail(`wrong on board ${MAX_ATTEMPTS} times`);
        return;
      case 'FileOpenError':
      case 'FileWriteError':
        this.#fail(`${args.code}: ${args.reason}`);
        return;
      case 'UplinkCanceled':
      case 'UploadSuspended':
        this.#fail(`${name}: another station has the uplink`);
        return;
    }
  }

  #nextPacket(): FilePacket | undefined {
    const { size, source, destination } = this.#options;
    if (this.#phase === 'start') {
      this.#phase = 'await-start';
      this.#sequence = 1;
      return { type: 'start', sequence: 0, size, source, destination };
    }
    if (this.#phase !== 'data') return undefined;
    const range = this.#todo.shift();
    if (range === undefined) {
      this.#phase = 'await-end';
      return { type: 'end', sequence: this.#sequence++, checksum: this.#sum() };
    }
    const end = Math.min(range.end, size, range.start + this.#chunkBytes);
    if (end < Math.min(range.end, size)) this.#todo.unshift({ start: end, end: range.end });
    const bytes = new Uint8Array(Math.max(0, end - range.start));
    this.#options.read(range.start, bytes);
    this.sentBytes += bytes.length;
    return { type: 'data', sequence: this.#sequence++, offset: range.start, bytes };
  }

  /** An event of another file is none of ours; the board puts a folder of its own before our path. */
  #isOurs(path: unknown): boolean {
    const destination = this.#options.destination.replace(/^\/+/, '');
    return typeof path === 'string' && (path === destination || path.endsWith(`/${destination}`));
  }

  #sum(): number {
    if (this.#checksum !== undefined) return this.#checksum;
    const { size, read } = this.#options;
    const chunk = new Uint8Array(Math.min(CHECKSUM_CHUNK, size));
    let sum = 0;
    for (let at = 0; at < size; at += chunk.length) {
      const part = chunk.subarray(0, Math.min(chunk.length, size - at));
      read(at, part);
      sum = addModularChecksum(sum, at, part);
    }
    this.#checksum = sum;
    return sum;
  }

  #fail(reason: string): void {
    this.#phase = 'over';
    this.status = { kind: 'failed', reason };
  }
}
