/** From records of tiles and Earth context to a proposal for each tile. */
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import { type Book, byTile, type Proposal } from './book';
import { type Context, openSources } from './context';
import { type Downlinked, tilesOf } from './downlinked';
import { propose, type Witness } from './evidence';
import { isPlaced } from './footprint';
import type { Source } from './sources/source';

export interface Proposing {
  readonly recordings: readonly { readonly folder: string; readonly content: Downlinked }[];
  readonly context: Context;
  /** From this confidence on a proposal needs no picture. */
  readonly sure: number;
  /** The book so far: its decisions and pictures stay. */
  readonly book: Book | undefined;
  /** The book's file, for errors. */
  readonly file: string;
}

/**
 * The book with what the recordings add, and a new proposal for each of its tiles. Errors: LABELS_BOOK and LABELS_RECORDING
 * where recordings, book and context are not of one mission, model and dictionary; those of the sources.
 */
export async function proposals(given: Proposing): Promise<Result<Book>> {
  const { context, file, book: before } = given;
  const [first, ...others] = given.recordings;
  const { content } = first;
  const other = others.find((one) => one.content.dictionary !== content.dictionary);
  if (other !== undefined) return otherDictionary(other.folder, other.content, content.dictionary);
  if (before !== undefined && before.dictionary !== content.dictionary)
    return otherDictionary(first.folder, content, before.dictionary);
  const said = given.recordings.flatMap((one) => one.content.said ?? []).at(-1);
  const model = context.model ?? before?.model ?? said?.model;
  const classes = context.classes ?? before?.classes ?? said?.classes;
  if (model === undefined || classes === undefined) {
    const why = 'no boot of the archive is in it, so the context must say model and classes';
    return fail('LABELS_RECORDING', { folder: first.folder, why });
  }
  const asBefore =
    before === undefined || [before.model, ...before.classes].join() === [model, ...classes].join();
  if (!asBefore)
    return fail('LABELS_BOOK', { file, why: `it is of ${before.model}: ${before.classes.join(', ')}` });
  const tiles = [...(before?.tiles ?? [])];
  for (const { folder, content: one } of given.recordings) {
    const added = tilesOf(one.records, { model, classes }, folder);
    if (!added.ok) return added;
    tiles.push(...added.value);
  }
  const all = byTile(tiles);
  const sources = await openSources(context, classes);
  if (!sources.ok) return sources;
  const proposed = await proposeAll(all, sources.value, { ...given, classes });
  for (const source of sources.value) await source.close();
  if (!proposed.ok) return proposed;
  const known = new Set(all.map(({ tile }) => tile));
  const pictures = given.recordings.flatMap((one) => one.content.thumbnails);
  const sum = (key: 'recordBytes' | 'thumbnailBytes') =>
    given.recordings.reduce((bytes, one) => bytes + one.content[key], 0);
  const records = given.recordings.reduce((count, one) => count + one.content.records.length, 0);
  const down = before?.down;
  return succeed({
    deployment: content.deployment,
    dictionary: content.dictionary,
    archive: content.archive,
    model,
    classes,
    sources: sources.value.map(({ name, kind, weight, sha256 }) => ({ name, kind, weight, sha256 })),
    tiles: all,
    proposals: proposed.value,
    thumbnails: byTile(
      before?.thumbnails ?? [],
      pictures.filter(({ tile }) => known.has(tile)),
    ),
    decisions: before?.decisions ?? [],
    uplinks: before?.uplinks ?? [],
    // A recording grows: what is counted again counts once.
    down: {
      records: Math.max(down?.records ?? 0, records),
      recordBytes: Math.max(down?.recordBytes ?? 0, sum('recordBytes')),
      thumbnailBytes: Math.max(down?.thumbnailBytes ?? 0, sum('thumbnailBytes')),
    },
    up: before?.up ?? { commands: 0, commandBytes: 0 },
  });
}

async function proposeAll(
  tiles: Book['tiles'],
  sources: readonly Source[],
  { context, sure, classes }: Proposing & { readonly classes: readonly string[] },
): Promise<Result<Proposal[]>> {
  const made: Proposal[] = [];
  for (const tile of tiles) {
    const witnesses: Witness[] = [];
    if (isPlaced(tile)) {
      for (const source of sources) {
        const said = await source.says(tile);
        if (!said.ok) return said;
        const { name, weight } = source;
        if (said.value !== undefined) witnesses.push({ name, weight, testimony: said.value });
      }
    }
    made.push(propose(tile, witnesses, { classes, networkWeight: context.networkWeight, sure }));
  }
  return succeed(made);
}

function otherDictionary(folder: string, { dictionary }: Downlinked, expected: string): Failed {
  const why = `it was made with dictionary ${dictionary}, the other records with ${expected}`;
  return fail('LABELS_RECORDING', { folder, why });
}
