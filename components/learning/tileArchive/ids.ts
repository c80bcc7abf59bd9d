/**
 * Ids of tiles, none ever given twice on this board: a bound is on the medium, twice, before an id below it is
 * given, and a boot begins at the bound.
 */
import { crc32 } from 'node:zlib';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';

const NAMES = ['ids-a', 'ids-b'];
/** Ids that one write reserves; a boot gives up the rest. */
const RESERVED = 1024;
/** Ids that are passed over when both copies are lost: more than were reserved since the last tile that is there. */
const JUMP = 1 << 20;
const LAST = 0xffff_ffff;

export class TileIds {
  /** Both copies were damaged or gone though there are tiles: ids went on far behind the last one known. */
  lost = false;
  readonly #files: FileStore;
  readonly #folder: string;
  #next = 1;
  #bound = 1;

  constructor(files: FileStore, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** `highest`: of the tiles that are kept, 0 without one. */
  open(highest: number): void {
    const copies = NAMES.map((name) => readWhole(this.#files, `${this.#folder}/${name}`, 8));
    const bounds = copies.flatMap((copy) => (copy.ok ? (boundIn(copy.value) ?? []) : []));
    const isFirst = highest === 0 && copies.every((copy) => !copy.ok && copy.error.code === 'FILE_MISSING');
    this.lost = bounds.length === 0 && !isFirst;
    this.#next = Math.max(this.lost ? highest + JUMP : highest + 1, ...bounds);
    this.#bound = this.#next;
  }

  /** Errors: those of the store; FILE_FAILED after the last U32. */
  take(): Result<number> {
    if (this.#next >= this.#bound) {
      const bound = this.#next + RESERVED;
      if (bound > LAST) return fail('FILE_FAILED', { path: this.#folder, why: 'all ids were given' });
      const written = this.#reserve(bound);
      if (!written.ok) return written;
      this.#bound = bound;
    }
    return succeed(this.#next++);
  }

  /** One copy is enough: the next boot takes the higher. */
  #reserve(bound: number): Result<void> {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bound);
    view.setUint32(4, crc32(bytes.subarray(0, 4)));
    const written = NAMES.map((name) => writeWhole(this.#files, `${this.#folder}/${name}`, bytes));
    return written.find(({ ok }) => ok) ?? written[0];
  }
}

function boundIn(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return view.getUint32(4) === crc32(bytes.subarray(0, 4)) ? view.getUint32(0) : undefined;
}
