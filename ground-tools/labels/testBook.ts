/** For tests: tiles, books, and a folder that goes away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Book, BookTile } from './book';

export const classes = ['Forest', 'River', 'SeaLake'];

/** A tile of 64 pixels of 10 m; the network's shares in hundredths. */
export function tileAt(
  tile: number,
  latDeg: number,
  lonDeg: number,
  hundredths: readonly number[] = [34, 33, 33],
  headingDeg = 0,
): BookTile {
  const probabilities = hundredths.map((share) => Math.round(share * 2.55));
  return {
    tile,
    seenS: 1_700_000_000 + tile,
    place: { latDeg, lonDeg, gsdM: 10, headingDeg },
    versionTag: 7,
    probabilities,
  };
}

export function bookOf(change: Partial<Book> = {}): Book {
  return {
    deployment: 'Test',
    dictionary: '0123456789abcdef',
    archive: 'tileArchive',
    model: 'land-cover',
    classes,
    sources: [],
    tiles: [],
    proposals: [],
    thumbnails: [],
    decisions: [],
    uplinks: [],
    down: { records: 0, recordBytes: 0, thumbnailBytes: 0 },
    up: { commands: 0, commandBytes: 0 },
    ...change,
  };
}

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-labels-'));
  return {
    folder,
    write(name: string, content: unknown): string {
      const file = join(folder, name);
      const isRaw = typeof content === 'string' || content instanceof Uint8Array;
      writeFileSync(file, isRaw ? content : JSON.stringify(content));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
