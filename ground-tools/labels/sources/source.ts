/** A source of Earth context, and how what it says is told in the classes of the network. */
import { type Failed, fail, type Result } from '../../../fsw/errors';
import type { Testimony } from '../evidence';
import type { PlacedTile } from '../footprint';

/** As it was declared, with the file's place resolved. */
export interface Declared {
  readonly name: string;
  readonly file: string;
  readonly weight: number;
}

export interface Source extends Declared {
  readonly kind: string;
  readonly sha256: string;
  /** Undefined where it says nothing of the tile. Errors: those of its file. */
  says(tile: PlacedTile): Promise<Result<Testimony | undefined>>;
  close(): Promise<void>;
}

/** From the source's own words or numbers to indices of the network's classes. */
export type Legend = ReadonlyMap<string, readonly number[]>;

export function sourceFault({ name: source, file }: Declared, why: string): Failed {
  return fail('LABELS_SOURCE', { source, file, why });
}

/** Counts what stands at each of `total` places; a word that is not in the legend says nothing. */
export function tally(
  words: Iterable<string | undefined>,
  total: number,
  legend: Legend,
): Testimony | undefined {
  const counts = new Map<readonly number[], number>();
  for (const word of words) {
    const classes = word === undefined ? undefined : legend.get(word);
    if (classes !== undefined) counts.set(classes, (counts.get(classes) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  return { parts: [...counts].map(([classes, count]) => ({ share: count / total, classes })) };
}
