/** The label book's file: read with every field checked, written whole. */
import { existsSync, readFileSync } from 'node:fs';
import { fail, type Result, succeed } from '../../fsw/errors';
import { labelUses } from '../../fsw/learning';
import { list, Malformed, member, optional, text, whole } from '../../fsw/models/fields';
import { writeWholeFile } from '../../fsw/wholeFile';
import {
  BOOK_FORMAT,
  type Book,
  type BookTile,
  type Decision,
  type Proposal,
  proposalStates,
  type Thumbnail,
  type Uplink,
} from './book';

/** As many as a year of passes brings. */
const MOST = 1_000_000;
const U32 = 0xffff_ffff;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** A number, between two others where told. */
export function number(value: unknown, at: string, min = -Infinity, max = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max)
    throw new Malformed(`${at}: not a number${min === -Infinity ? '' : ` of ${min} to ${max}`}`);
  return value;
}

/** One of a few words. */
export function oneOf<T extends string>(value: unknown, at: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new Malformed(`${at}: ${String(value)} is none of ${words.join(', ')}`);
  return found;
}

export function writeBook(file: string, book: Book): void {
  const thumbnails = book.thumbnails.map(({ webp, ...rest }) => ({
    ...rest,
    webp: Buffer.from(webp).toString('base64'),
  }));
  writeWholeFile(file, `${JSON.stringify({ format: BOOK_FORMAT, ...book, thumbnails }, null, 1)}\n`);
}

/** Undefined where there is no such file. Errors: LABELS_BOOK. */
export function findBook(file: string): Result<Book | undefined> {
  return existsSync(file) ? readBook(file) : succeed(undefined);
}

/** Errors: LABELS_BOOK, with the field that is wrong. */
export function readBook(file: string): Result<Book> {
  try {
    return succeed(bookOf(JSON.parse(readFileSync(file, 'utf8'))));
  } catch (error) {
    return fail('LABELS_BOOK', { file, why: (error as Error).message });
  }
}

function bookOf(value: unknown): Book {
  const at = 'the book';
  const format = member(value, 'format', at);
  if (format !== BOOK_FORMAT) throw new Malformed(`format: ${String(format)} is not ${BOOK_FORMAT}`);
  const each = <T>(key: string, of: (entry: unknown, at: string) => T): T[] =>
    list(member(value, key, at), key, MOST).map((entry, i) => of(entry, `${key}[${i}]`));
  const classes = each('classes', (name, where) => text(name, where, 40));
  const [down, up] = ['down', 'up'].map((key) => member(value, key, at));
  const count = (of: unknown, key: string, where: string) =>
    whole(member(of, key, where), key, { max: MAX_BYTES });
  const book: Book = {
    deployment: text(member(value, 'deployment', at), 'deployment'),
    dictionary: text(member(value, 'dictionary', at), 'dictionary'),
    archive: text(member(value, 'archive', at), 'archive'),
    model: text(member(value, 'model', at), 'model'),
    classes,
    sources: each('sources', (source, where) => ({
      name: text(member(source, 'name', where), `${where}.name`),
      kind: text(member(source, 'kind', where), `${where}.kind`),
      weight: number(member(source, 'weight', where), `${where}.weight`),
      sha256: text(member(source, 'sha256', where), `${where}.sha256`),
    })),
    tiles: each('tiles', (tile, where) => tileOf(tile, where, classes.length)),
    proposals: each('proposals', (proposal, where) => proposalOf(proposal, where, classes)),
    thumbnails: each('thumbnails', thumbnailOf),
    decisions: each('decisions', (decision, where) => decisionOf(decision, where, classes)),
    uplinks: each('uplinks', uplinkOf),
    down: {
      records: count(down, 'records', 'down'),
      recordBytes: count(down, 'recordBytes', 'down'),
      thumbnailBytes: count(down, 'thumbnailBytes', 'down'),
    },
    up: { commands: count(up, 'commands', 'up'), commandBytes: count(up, 'commandBytes', 'up') },
  };
  known(book);
  return book;
}

/** What is said of a tile is said of one that is there. */
function known({ tiles, proposals, thumbnails, decisions }: Book): void {
  const ids = new Set(tiles.map(({ tile }) => tile));
  if (ids.size < tiles.length) throw new Malformed('tiles: one is there twice');
  for (const [key, entries] of Object.entries({ proposals, thumbnails, decisions }))
    for (const [i, { tile }] of entries.entries())
      if (!ids.has(tile)) throw new Malformed(`${key}[${i}]: there is no tile ${tile}`);
}

function tileIn(value: unknown, at: string): number {
  return whole(member(value, 'tile', at), `${at}.tile`, { min: 1, max: U32 });
}

function tileOf(value: unknown, at: string, classes: number): BookTile {
  const place = optional(value, 'place');
  const degrees = (key: string, most: number) =>
    number(member(place, key, `${at}.place`), `${at}.place.${key}`, -most, most);
  const probabilities = list(member(value, 'probabilities', at), `${at}.probabilities`);
  if (probabilities.length !== classes)
    throw new Malformed(`${at}: ${probabilities.length} probabilities, ${classes} classes`);
  return {
    tile: tileIn(value, at),
    seenS: whole(member(value, 'seenS', at), `${at}.seenS`, { max: U32 }),
    ...(place !== undefined && {
      place: {
        latDeg: degrees('latDeg', 90),
        lonDeg: degrees('lonDeg', 180),
        gsdM: number(member(place, 'gsdM', at), `${at}.place.gsdM`, 0, 1e6),
        headingDeg: degrees('headingDeg', 360),
      },
    }),
    versionTag: whole(member(value, 'versionTag', at), `${at}.versionTag`, { max: 0xffff }),
    probabilities: probabilities.map((share) => whole(share, `${at}.probabilities`, { max: 255 })),
  };
}

function proposalOf(value: unknown, at: string, classes: readonly string[]): Proposal {
  return {
    tile: tileIn(value, at),
    class: oneOf(member(value, 'class', at), `${at}.class`, classes),
    confidence: number(member(value, 'confidence', at), `${at}.confidence`, 0, 1),
    state: oneOf(member(value, 'state', at), `${at}.state`, proposalStates),
    why: list(member(value, 'why', at), `${at}.why`).map((line) => text(line, `${at}.why`, 400)),
  };
}

function thumbnailOf(value: unknown, at: string): Thumbnail {
  return {
    tile: tileIn(value, at),
    quality: whole(member(value, 'quality', at), `${at}.quality`, { min: 1, max: 100 }),
    webp: Uint8Array.from(Buffer.from(text(member(value, 'webp', at), `${at}.webp`, 1 << 20), 'base64')),
  };
}

function decisionOf(value: unknown, at: string, classes: readonly string[]): Decision {
  const said = member(value, 'class', at);
  const note = member(value, 'note', at);
  return {
    tile: tileIn(value, at),
    class: said === null ? null : oneOf(said, `${at}.class`, classes),
    weight: number(member(value, 'weight', at), `${at}.weight`, 0, 1),
    use: oneOf(member(value, 'use', at), `${at}.use`, labelUses),
    by: text(member(value, 'by', at), `${at}.by`),
    note: note === '' ? '' : text(note, `${at}.note`, 400),
    at: text(member(value, 'at', at), `${at}.at`),
  };
}

function uplinkOf(value: unknown, at: string): Uplink {
  const count = (key: string) => whole(member(value, key, at), `${at}.${key}`, { max: MAX_BYTES });
  return {
    name: text(member(value, 'name', at), `${at}.name`),
    sha256: text(member(value, 'sha256', at), `${at}.sha256`),
    labels: count('labels'),
    fileBytes: count('fileBytes'),
    sentBytes: count('sentBytes'),
    taken: member(value, 'taken', at) === true,
    at: text(member(value, 'at', at), `${at}.at`),
  };
}
