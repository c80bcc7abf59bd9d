/** The labels that the board holds: what the ground said of its tiles, over boots. The later word on a tile counts. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { FileStore } from '../../../fsw/framework';
import {
  checkLabelsFor,
  type Example,
  type Label,
  type LabelFile,
  type Labels,
  type LabelUse,
  readLabels,
  targetOf,
  writeLabels,
} from '../../../fsw/learning';
import type { KeptTile } from '../ports';
import { readNewest, writeNext } from './alternating';

/** The labels of one model. */
export interface Book {
  readonly model: string;
  readonly classes: readonly string[];
  readonly labels: ReadonlyMap<number, Label>;
  readonly sequence: number;
}

export const emptyBook: Book = { model: '', classes: [], labels: new Map(), sequence: 0 };
const NAME = 'held';
/** As many as a label file may have. */
const MAX_LABELS = 16_384;

/** The book as it was last kept; empty where there is none that is whole. */
export function openBook(files: FileStore, path: string): Book {
  const { content, sequence } = readNewest(files, path);
  const read = content && readLabels(content, path);
  return read?.ok ? { ...bookOf(read.value), sequence } : { ...emptyBook, sequence };
}

/**
 * The book with a label file taken in, kept on storage. Labels for another model begin a new book. Errors: LABELS (not the
 * format, a class out of range, a tile twice), LABELS_MODEL, LABELS_TILE (a tile that the board does not keep), those of the
 * store; the book is then as before.
 */
export function taken(
  book: Book,
  bytes: Uint8Array,
  at: { readonly files: FileStore; readonly path: string; readonly name: string },
  model: { readonly model: string; readonly classes: readonly string[] },
  kept: (tile: number) => KeptTile | undefined,
): Result<{ readonly book: Book; readonly file: LabelFile }> {
  const read = readLabels(bytes, at.name);
  if (!read.ok) return read;
  const fits = checkLabelsFor(read.value, model);
  if (!fits.ok) return fits;
  const unknown = read.value.entries.filter(({ tile }) => kept(tile) === undefined);
  if (unknown.length > 0)
    return fail('LABELS_TILE', { file: at.name, tile: unknown[0].tile, count: unknown.length });
  const next = joined(book, bookOf(read.value), at);
  return next.ok ? succeed({ book: next.value, file: read.value }) : next;
}

/** The book with labels of the board's own, kept on storage. Errors: LABELS (too many), those of the store. */
export function withOwn(
  book: Book,
  entries: readonly Label[],
  at: { readonly files: FileStore; readonly path: string; readonly name: string },
  model: { readonly model: string; readonly classes: readonly string[] },
): Result<Book> {
  if (entries.length === 0) return succeed(book);
  return joined(book, bookOf({ ...model, entries }), at);
}

function joined(
  book: Book,
  fresh: Book,
  at: { readonly files: FileStore; readonly path: string; readonly name: string },
): Result<Book> {
  const same = book.model === fresh.model && book.classes.join() === fresh.classes.join();
  const labels = new Map([...(same ? book.labels : []), ...fresh.labels]);
  if (labels.size > MAX_LABELS)
    return fail('LABELS', { file: at.name, why: `${labels.size} labels in all, ${MAX_LABELS} the most` });
  const next = { ...fresh, labels, sequence: book.sequence + 1 };
  const written = keep(next, at);
  return written.ok ? succeed(next) : written;
}

/** An empty book, kept so. Errors: those of the store. */
export function forgotten(
  book: Book,
  at: { readonly files: FileStore; readonly path: string },
): Result<Book> {
  const sequence = book.sequence + 1;
  const written = writeNext(at.files, at.path, sequence, new Uint8Array(0));
  return written.ok ? succeed({ ...emptyBook, sequence }) : written;
}

/** Labelled tiles of one use, as examples; `missing` are those that the board keeps no longer. */
export function examplesOf(
  book: Book,
  use: LabelUse,
  kept: (tile: number) => KeptTile | undefined,
  only?: readonly number[],
): { readonly examples: readonly Example[]; readonly missing: number } {
  const asked = only && new Set(only);
  const labels = [...book.labels.values()]
    .filter((label) => label.use === use && (asked === undefined || asked.has(label.tile)))
    .sort((one, other) => one.tile - other.tile);
  const examples = labels.flatMap((label): Example[] => {
    const tile = kept(label.tile);
    if (tile === undefined) return [];
    return [{ input: tile.pixels, target: targetOf(label, book.classes.length), weight: label.weight }];
  });
  return { examples, missing: labels.length - examples.length };
}

function keep(
  book: Book,
  { files, path }: { readonly files: FileStore; readonly path: string },
): Result<void> {
  const { model, classes, labels, sequence } = book;
  const written = writeLabels({ name: NAME, model, classes, entries: [...labels.values()] });
  return written.ok ? writeNext(files, path, sequence, written.value) : written;
}

function bookOf({ model, classes, entries }: Omit<Labels, 'name'>): Book {
  return { model, classes, labels: new Map(entries.map((entry) => [entry.tile, entry])), sequence: 0 };
}
