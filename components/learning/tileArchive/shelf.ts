/** The kept tiles on the disk, one file each, within a budget; what is worth least makes room. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';
import { type Candidate, leastWorth, uncertaintyOf } from './choice';
import { TileIds } from './ids';
import { readTile, readTileHead, type StoredTile, TILE_HEAD_BYTES, writeTile } from './tileFile';

/** In the name of a file: free to make room, or held. */
const FREE = 'tile';
const HELD = 'held';
/** A larger file is none of ours. */
const MAX_FILE = 1 << 20;

interface Kept extends Candidate {
  readonly size: number;
}

export interface ShelfOptions {
  readonly folder: string;
  readonly budgetBytes: number;
}

export class Shelf {
  bytes = 0;
  /** Tiles that made room for others, and files that were not what they should be. */
  dropped = 0;
  damaged = 0;
  readonly #files: FileStore;
  readonly #options: ShelfOptions;
  readonly #ids: TileIds;
  readonly #kept = new Map<number, Kept>();

  constructor(files: FileStore, options: ShelfOptions) {
    this.#files = files;
    this.#options = options;
    this.#ids = new TileIds(files, options.folder);
  }

  get size(): number {
    return this.#kept.size;
  }

  get idsLost(): boolean {
    return this.#ids.lost;
  }

  /** Finds what earlier boots kept; half-written files go. Errors: those of the store. */
  open(): Result<void> {
    const { folder } = this.#options;
    const made = this.#files.makeFolder(folder);
    const names = made.ok ? this.#files.list(folder) : made;
    if (!names.ok) return names;
    for (const name of names.value) {
      if (name.endsWith('.tmp')) this.#files.remove(`${folder}/${name}`);
      const form = /^([0-9a-f]{8})[.](tile|held)$/.exec(name);
      if (form !== null) this.#find(Number.parseInt(form[1], 16), form[2]);
    }
    this.#ids.open([...this.#kept.keys()].reduce((most, id) => Math.max(most, id), 0));
    return succeed(undefined);
  }

  /**
   * Keeps a tile under a new id; undefined when it is worth less than all that is there. Errors: those of the store,
   * FILE_DISK_FULL when nothing of ours is left that could make room.
   */
  keep(tile: Omit<StoredTile, 'id'>, pixels: Uint8Array, sampleShare: number): Result<number | undefined> {
    const size = TILE_HEAD_BYTES + pixels.length;
    const { budgetBytes, folder } = this.#options;
    if (size > budgetBytes) return fail('FILE_DISK_FULL', { path: folder });
    const newcomer = {
      id: 0,
      size,
      lot: tile.lot,
      uncertainty: uncertaintyOf(tile.probabilities),
      held: false,
    };
    while (this.bytes + size > budgetBytes)
      if (!this.#makeRoom(newcomer, sampleShare)) return succeed(undefined);
    for (;;) {
      const written = this.#write(tile, pixels, newcomer);
      if (written.ok || written.error.code !== 'FILE_DISK_FULL') return written;
      // Others fill the same disk: what of ours is worth less goes, one by one.
      if (this.#kept.size === 0) return written;
      if (!this.#makeRoom(newcomer, sampleShare)) return succeed(undefined);
    }
  }

  /** Errors: FILE_MISSING for what is not kept; TILE_FILE, after which it is not. */
  read(id: number): Result<{ readonly tile: StoredTile; readonly pixels: Uint8Array }> {
    const kept = this.#kept.get(id);
    if (kept === undefined) return fail('FILE_MISSING', { path: `${this.#options.folder}: tile ${id}` });
    const path = this.#path(kept);
    const file = readWhole(this.#files, path, kept.size);
    const read = file.ok ? readTile(file.value, path) : file;
    if (read.ok && read.value.tile.id === id) return read;
    if (!read.ok && read.error.code !== 'TILE_FILE') return read;
    this.damaged++;
    this.#forget(kept);
    return read.ok ? fail('TILE_FILE', { path, why: `it is tile ${read.value.tile.id}` }) : read;
  }

  /** From now on it goes last. */
  hold(id: number): void {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.held) return;
    const held = { ...kept, held: true };
    if (this.#files.rename(this.#path(kept), this.#path(held)).ok) this.#kept.set(id, held);
  }

  /** Ids of kept tiles from `from` on, in order, `count` at most. */
  ids(from: number, count: number): number[] {
    return [...this.#kept.keys()]
      .filter((id) => id >= from)
      .sort((a, b) => a - b)
      .slice(0, count);
  }

  /** False when the newcomer is what would have to go. */
  #makeRoom(newcomer: Kept, sampleShare: number): boolean {
    const least = leastWorth([...this.#kept.values(), newcomer], sampleShare);
    const kept = least === undefined ? undefined : this.#kept.get(least.id);
    if (kept === undefined) return false;
    this.#forget(kept);
    this.dropped++;
    return true;
  }

  #write(tile: Omit<StoredTile, 'id'>, pixels: Uint8Array, newcomer: Kept): Result<number> {
    const id = this.#ids.take();
    if (!id.ok) return id;
    const kept = { ...newcomer, id: id.value };
    const written = writeWhole(this.#files, this.#path(kept), writeTile({ ...tile, id: id.value }, pixels));
    if (!written.ok) return written;
    this.#kept.set(id.value, kept);
    this.bytes += kept.size;
    return id;
  }

  /** A file of an earlier boot. A kill between a rename's two ends leaves one name, never both. */
  #find(id: number, form: string): void {
    const path = `${this.#options.folder}/${nameOf(id, form === HELD)}`;
    const stat = this.#files.stat(path);
    const head = new Uint8Array(TILE_HEAD_BYTES);
    const read = this.#files.read(path, 0, head);
    if (!stat.ok || !read.ok) return;
    const tile = readTileHead(head.subarray(0, read.value), path);
    const { size } = stat.value;
    if (!tile.ok || tile.value.id !== id || size <= TILE_HEAD_BYTES || size > MAX_FILE) {
      this.damaged++;
      this.#files.remove(path);
      return;
    }
    const { lot, probabilities } = tile.value;
    this.#kept.set(id, { id, size, lot, uncertainty: uncertaintyOf(probabilities), held: form === HELD });
    this.bytes += size;
  }

  #forget(kept: Kept): void {
    this.#files.remove(this.#path(kept));
    this.#kept.delete(kept.id);
    this.bytes -= kept.size;
  }

  #path({ id, held }: Candidate): string {
    return `${this.#options.folder}/${nameOf(id, held)}`;
  }
}

function nameOf(id: number, held: boolean): string {
  return `${id.toString(16).padStart(8, '0')}.${held ? HELD : FREE}`;
}
