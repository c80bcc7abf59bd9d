import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  addModularChecksum,
  type ByteRange,
  ByteRanges,
  type FilePacket,
  readFilePacket,
} from '../../fsw/protocols';

const READ_CHUNK = 1 << 20;
/** Files that are put together at once; the one begun first is given up. */
const MAX_OPEN = 64;
const MAX_NAME = 200;

/** What came of a packet that ended or changed the state of a file. */
export type DownloadEvent =
  | { readonly kind: 'started'; readonly source: string; readonly destination: string; readonly size: number }
  /** All there, its checksum right, in the folder under `path`. */
  | { readonly kind: 'complete'; readonly source: string; readonly path: string; readonly size: number }
  /** END came: ask for these ranges with `fileDownlink.SendPartial`. */
  | {
      readonly kind: 'incomplete';
      readonly source: string;
      readonly destination: string;
      readonly missing: readonly ByteRange[];
    }
  /** All there and not what was sent: it changed on board meanwhile, say. It begins anew with the next START. */
  | { readonly kind: 'damaged'; readonly source: string; readonly destination: string }
  | { readonly kind: 'canceled'; readonly source: string; readonly destination: string };

interface Download {
  readonly source: string;
  readonly destination: string;
  readonly size: number;
  readonly part: string;
  readonly there: ByteRanges;
  checksum: number | undefined;
  /** END came, and nothing of the file since. */
  told: boolean;
}

/**
 * Puts files together from F´ file packets as they come down, in any order, with gaps, in several rounds: a START
 * of the same file goes on with what is there. A file gets its name only when it is whole and its checksum right.
 */
export class FileDownloads {
  readonly #folder: string;
  readonly #open = new Map<string, Download>();
  #current: Download | undefined;
  /** Counts files, for the names of their parts. */
  #begun = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Files that are not complete, with what they miss. */
  get incomplete(): { source: string; destination: string; size: number; missing: ByteRange[] }[] {
    return [...this.#open.values()].map(({ source, destination, size, there }) => ({
      source,
      destination,
      size,
      missing: [...there.missing(size)],
    }));
  }

  /**
   * Takes one F´ packet, descriptor first. Undefined when there is nothing to tell.
   * Errors: those of the packet, FILE_FAILED when the folder does not take it, DOWNLOAD_UNKNOWN before any START.
   */
  take(bytes: Uint8Array): Result<DownloadEvent | undefined> {
    const packet = readFilePacket(bytes);
    if (!packet.ok) return packet;
    try {
      return this.#apply(packet.value);
    } catch (error) {
      return fail('FILE_FAILED', {
        path: this.#current?.part ?? this.#folder,
        why: (error as Error).message,
      });
    }
  }

  #apply(packet: FilePacket): Result<DownloadEvent | undefined> {
    if (packet.type === 'start') return succeed(this.#begin(packet));
    const download = this.#current;
    if (download === undefined) return fail('DOWNLOAD_UNKNOWN', { packet: packet.type });
    const { source, destination, size, there } = download;
    if (packet.type === 'cancel') {
      this.#current = undefined;
      return succeed({ kind: 'canceled', source, destination });
    }
    if (packet.type === 'data') {
      const { offset, bytes } = packet;
      const end = offset + bytes.length;
      if (end > size)
        return fail('FILE_FAILED', { path: destination, why: `bytes up to ${end}, its size is ${size}` });
      writeAt(download.part, offset, bytes);
      there.add(offset, end);
      return succeed(download.told ? this.#end(download, false) : undefined);
    }
    download.checksum = packet.checksum;
    download.told = true;
    return succeed(this.#end(download, true));
  }

  #begin({ source, destination, size }: FilePacket & { type: 'start' }): DownloadEvent {
    const key = JSON.stringify([source, destination, size]);
    const known = this.#open.get(key);
    const part = join(this.#folder, `.${fileName(destination)}.${this.#begun++}.part`);
    const download = known ?? {
      source,
      destination,
      size,
      part,
      there: new ByteRanges(),
      checksum: undefined,
      told: false,
    };
    if (!known) {
      closeSync(openSync(part, 'w'));
      this.#open.set(key, download);
      const [oldest] = this.#open;
      if (this.#open.size > MAX_OPEN) this.#drop(oldest[1]);
    }
    download.told = false;
    this.#current = download;
    return { kind: 'started', source, destination, size };
  }

  /** END was taken, or DATA after it. `tell` asks for a word also while parts are missing. */
  #end(download: Download, tell: boolean): DownloadEvent | undefined {
    const { source, destination, size, there, part } = download;
    if (!there.hasAll(size)) {
      if (!tell) return undefined;
      return { kind: 'incomplete', source, destination, missing: [...there.missing(size)] };
    }
    this.#current = undefined;
    if (checksumOf(part, size) !== download.checksum) {
      this.#drop(download);
      return { kind: 'damaged', source, destination };
    }
    const path = join(this.#folder, fileName(destination));
    renameSync(part, path);
    this.#drop(download);
    return { kind: 'complete', source, path, size };
  }

  #drop(download: Download): void {
    for (const [key, one] of this.#open) if (one === download) this.#open.delete(key);
    rmSync(download.part, { force: true });
  }
}

/** A name in one folder, whatever path the spacecraft says; as F´ GDS, slashes become `_`. */
function fileName(destination: string): string {
  const name = destination
    .replace(/^\/+/, '')
    .replace(/[^\w.\- +=@]/g, '_')
    .replace(/^\.+/, '_')
    .slice(-MAX_NAME);
  return name === '' ? '_' : name;
}

function writeAt(path: string, offset: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  try {
    for (let done = 0; done < bytes.length; )
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
  } finally {
    closeSync(file);
  }
}

function checksumOf(path: string, size: number): number {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(Math.min(READ_CHUNK, Math.max(1, size)));
  let sum = 0;
  try {
    for (let at = 0; at < size; ) {
      const read = readSync(file, chunk, 0, Math.min(chunk.length, size - at), at);
      if (read === 0) break;
      sum = addModularChecksum(sum, at, chunk.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(file);
  }
  return sum;
}
