/**
 * Writes a recording: a folder of segments, each only ever appended to. A block is in the host's page cache
 * when `append` returns, so the end of this process loses none; against a loss of power there is `fsync`.
 */
import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import { IDLE_APID } from '../../fsw/protocols';
import { type Block, writeBlock } from './block';

/** When a block is forced to the disk: before `append` returns, once a second in the background, or when the host likes. */
export type FsyncPolicy = 'always' | 'second' | 'never';

export interface RecorderOptions {
  readonly folder: string;
  /** A new segment begins when one has this many bytes; 64 MiB unless told. */
  readonly segmentBytes?: number;
  /** `second` unless told. */
  readonly fsync?: FsyncPolicy;
  /** Kept beside the segments, so that the recording can be read alone. */
  readonly dictionary?: { readonly hash: string; readonly text: string };
  /** What a segment's first line says besides the format. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** Of a block with frames that the recorder could not open: packets of any APID may end in it. (Idle packets are never listed.) */
export const UNREAD_APID = IDLE_APID;

export const SEGMENT_FORMAT = 'PERIGEE-RECORDING 1';
export const segmentName = /^(\d{8})\.segment$/;

/** What a finished segment holds, beside it as `N.index`: lets a reader pass over it unopened. */
export interface SegmentIndex {
  readonly fromMs: number;
  readonly toMs: number;
  readonly blocks: number;
  readonly apids: readonly number[];
}

export class Recorder {
  /** Blocks and bytes appended since this recorder was opened. */
  blocks = 0;
  bytes = 0;
  readonly folder: string;
  readonly #options: RecorderOptions;
  readonly #segmentBytes: number;
  #timer: NodeJS.Timeout | undefined;
  #file: number | undefined;
  #number = 0;
  #size = 0;
  #index: SegmentIndex = emptyIndex;
  #apids = new Set<number>();
  #unsynced = false;

  private constructor(options: RecorderOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.#segmentBytes = options.segmentBytes ?? 64 << 20;
  }

  /** Begins a new segment after those that are there, which stay as they are. Errors: RECORD_FAILED. */
  static open(options: RecorderOptions): Result<Recorder> {
    const recorder = new Recorder(options);
    try {
      mkdirSync(options.folder, { recursive: true });
      const { dictionary } = options;
      if (dictionary) {
        const file = join(options.folder, `dictionary-${dictionary.hash}.json`);
        if (!existsSync(file)) writeFileSync(file, dictionary.text);
      }
      recorder.#begin();
    } catch (error) {
      return recorder.#failed(error);
    }
    if ((options.fsync ?? 'second') === 'second')
      recorder.#timer = setInterval(() => recorder.#syncInBackground(), 1000).unref();
    return succeed(recorder);
  }

  /**
   * Appends one block. Errors: RECORD_FAILED (a full disk): the block is not recorded, and the next one is
   * tried in a new segment.
   */
  append(block: Block): Result<void> {
    try {
      const bytes = writeBlock(block);
      const isFull = this.#size + bytes.length > this.#segmentBytes;
      const file = this.#file === undefined || isFull ? this.#begin() : this.#file;
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      if (this.#options.fsync === 'always') fsyncSync(file);
      this.#note(block, bytes.length);
      return succeed(undefined);
    } catch (error) {
      this.#abandon();
      return this.#failed(error);
    }
  }

  /** Ends the segment with its index and syncs it. */
  close(): void {
    clearInterval(this.#timer);
    try {
      this.#end();
    } catch {
      // The index only saves time: without it, the reader looks into the segment.
    }
  }

  #note({ atMs, apids }: Block, length: number): void {
    const { fromMs, toMs, blocks } = this.#index;
    this.#index = {
      fromMs: Math.min(fromMs, atMs),
      toMs: Math.max(toMs, atMs),
      blocks: blocks + 1,
      apids: [],
    };
    for (const apid of apids) this.#apids.add(apid);
    this.#size += length;
    this.#unsynced = true;
    this.blocks++;
    this.bytes += length;
  }

  #begin(): number {
    this.#end();
    const numbers = readdirSync(this.folder).map((name) => Number(segmentName.exec(name)?.[1] ?? 0));
    this.#number = Math.max(this.#number, ...numbers) + 1;
    // Exclusive: two recorders in one folder write into segments of their own.
    const file = openSync(this.#path('segment'), 'wx');
    this.#file = file;
    const { dictionary, about } = this.#options;
    this.#size = writeSync(
      file,
      `${SEGMENT_FORMAT} ${JSON.stringify({ ...about, dictionary: dictionary?.hash })}\n`,
    );
    this.#index = emptyIndex;
    this.#apids = new Set();
    return file;
  }

  #end(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    if (this.#options.fsync !== 'never') fsyncSync(file);
    closeSync(file);
    if (this.#index.blocks === 0) return;
    const index: SegmentIndex = { ...this.#index, apids: [...this.#apids].sort((a, b) => a - b) };
    writeFileSync(this.#path('index'), JSON.stringify(index));
  }

  /** Leaves a segment in which a write failed: nothing is to follow its torn end. */
  #abandon(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #path(extension: string): string {
    return join(this.folder, `${String(this.#number).padStart(8, '0')}.${extension}`);
  }

  #syncInBackground(): void {
    if (this.#file === undefined || !this.#unsynced) return;
    this.#unsynced = false;
    // The segment may have been closed meanwhile, which synced it.
    fsync(this.#file, () => undefined);
  }

  #failed(error: unknown): Failed {
    return fail('RECORD_FAILED', { folder: this.folder, why: (error as Error).message });
  }
}

const emptyIndex: SegmentIndex = { fromMs: Infinity, toMs: -Infinity, blocks: 0, apids: [] };
