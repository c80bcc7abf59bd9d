import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readLabels } from '../../fsw/learning';
import { type Approval, approve } from './approve';
import type { Book, Proposal } from './book';
import { readBook, writeBook } from './bookFile';
import { ledgerLines, ledgerOf } from './ledger';
import { reviewPage } from './page';
import { rowsOf, tableLines, wantedOf } from './review';
import { bookOf, temporaryFolder, tileAt } from './testBook';
import { packLabels } from './uplink';

const place = temporaryFolder();
afterAll(() => place.remove());

const proposal = (
  tile: number,
  name: string,
  confidence: number,
  state: Proposal['state'] = 'clear',
): Proposal => ({
  tile,
  class: name,
  confidence,
  state,
  why: [`network: ${name} 0.50`],
});
const tiles = Array.from({ length: 12 }, (_, i) => tileAt(i + 1, 45, 15 + i / 100));
const book = bookOf({
  tiles,
  proposals: [
    ...tiles
      .slice(0, 8)
      .map(({ tile }) => proposal(tile, tile % 2 === 0 ? 'Forest' : 'River', 0.9 + tile / 1000)),
    proposal(9, 'Forest', 0.7, 'weak'),
    proposal(10, 'SeaLake', 0.95, 'conflict'),
    proposal(11, 'SeaLake', 0.4, 'weak'),
  ],
});

function approved(change: Partial<Approval>, from: Book = book) {
  return approve(from, {
    tiles: [],
    rejected: [],
    from: undefined,
    by: 'ada',
    note: '',
    at: '2026-11-24T12:00:00.000Z',
    referenceShare: 0.25,
    ...change,
  });
}
const decided = (change: Partial<Approval>, from?: Book) => {
  const made = approved(change, from);
  if (!made.ok) throw new Error(made.error.text);
  return made.value;
};

describe('approving', () => {
  it('takes clear proposals of a class, or of all, from a confidence on, and no weak or contradicted one', () => {
    const forests = decided({ from: { class: 'Forest', confidence: 0.904 } }).decisions;
    expect(forests.map(({ tile, class: name, weight }) => [tile, name, weight])).toEqual([
      [4, 'Forest', 0.904],
      [6, 'Forest', 0.906],
      [8, 'Forest', 0.908],
    ]);
    const all = decided({ from: { class: undefined, confidence: 0 } }).decisions;
    expect(all.map(({ tile }) => tile)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('takes tiles one by one, as proposed or as the operator sees them, or gives them no label', () => {
    const { decisions } = decided({
      tiles: ['9', '10=River', '12=SeaLake'],
      rejected: ['11'],
      note: 'looked at',
    });
    expect(
      decisions.map(({ tile, class: name, weight, by, note }) => [tile, name, weight, by, note]),
    ).toEqual([
      [9, 'Forest', 1, 'ada', 'looked at'],
      [10, 'River', 1, 'ada', 'looked at'],
      [11, null, 0, 'ada', 'looked at'],
      [12, 'SeaLake', 1, 'ada', 'looked at'],
    ]);
  });

  it('holds its share of each class out, and never takes a tile from there again', () => {
    const first = decided({ from: { class: undefined, confidence: 0 } });
    const uses = (of: Book) => new Map(of.decisions.map(({ tile, use }) => [tile, use]));
    const reference = first.decisions.filter(({ use }) => use === 'reference');
    expect(reference.map((one) => one.class).sort()).toEqual(['Forest', 'River']);
    // The rest comes later, and some are said anew: what was said of their use stays.
    const again = decided(
      { tiles: ['1=SeaLake', '2', '9', '10=Forest', '11=Forest'], referenceShare: 1 },
      first.book,
    );
    for (const [tile, use] of uses(first.book)) expect(uses(again.book).get(tile)).toBe(use);
    expect([9, 10, 11].map((tile) => uses(again.book).get(tile))).toEqual([
      'reference',
      'reference',
      'reference',
    ]);
  });

  it('decides nothing when one thing is wrong, and says which', () => {
    const why = (change: Partial<Approval>) => {
      const made = approved(change);
      return made.ok ? 'ok' : made.error.text;
    };
    expect(why({ tiles: ['1', '99'] })).toBe('tile 99: no record of it came down');
    expect(why({ tiles: ['one'] })).toBe('tile one: no record of it came down');
    expect(why({ tiles: ['1=Sea'] })).toBe('1=Sea: Sea is none of Forest, River, SeaLake');
    expect(why({ tiles: ['12'] })).toBe('tile 12: nothing is proposed for it: say its class');
    expect(why({ rejected: ['99'] })).toContain('99');
    expect(why({ tiles: ['1'], rejected: ['1'] })).toBe('tiles: one is named twice');
    expect(why({ from: { class: 'Sea', confidence: 0.5 } })).toContain('Sea is none of');
  });
});

describe('reviewing', () => {
  it('wants pictures of conflicts first, then of the least sure, and none of what is settled', () => {
    expect(wantedOf(book).map(({ tile }) => tile)).toEqual([10, 11, 9]);
    const thumbnails = [{ tile: 10, quality: 40, webp: Uint8Array.of(1) }];
    const { book: after } = decided({ rejected: ['11'] }, { ...book, thumbnails });
    expect(wantedOf(after).map(({ tile }) => tile)).toEqual([9]);
  });

  it('shows what needs an eye first, in a table and on a page that needs no other file', () => {
    expect(
      rowsOf(book)
        .slice(0, 4)
        .map(({ proposal: { tile } }) => tile),
    ).toEqual([10, 11, 9, 1]);
    expect(tableLines(book, 2).map((line) => line.trim().split(/\s+/).slice(0, 3).join(' '))).toEqual([
      'tile state proposed',
      '10 conflict SeaLake',
      '11 weak SeaLake',
      '… and 9',
    ]);
    const thumbnails = [{ tile: 10, quality: 40, webp: Uint8Array.of(82, 73, 70, 70) }];
    const { book: after } = decided({ tiles: ['10'], note: '<b>sure</b>' }, { ...book, thumbnails });
    const page = reviewPage(after);
    expect(page).toContain('src="data:image/webp;base64,UklGRg=="');
    expect(page).toContain('&#60;b&#62;sure&#60;/b&#62;');
    expect(page).not.toMatch(/<b>|<script|https?:/);
    expect(page.match(/<tr>/g)).toHaveLength(1 + 11);
  });
});

describe('the label book', () => {
  it('is read back as it was written', () => {
    const file = `${place.folder}/book.json`;
    const thumbnails = [{ tile: 10, quality: 40, webp: Uint8Array.of(1, 2, 3) }];
    const uplinks = [{ name: 'a', sha256: 'b', labels: 1, fileBytes: 2, sentBytes: 3, taken: true, at: 'c' }];
    const full = decided({ tiles: ['9'], rejected: ['10'] }, { ...book, thumbnails, uplinks }).book;
    writeBook(file, full);
    expect(readBook(file)).toEqual({ ok: true, value: full });
  });

  it.each<[string, (json: Record<string, unknown>) => unknown, string]>([
    [
      'another format',
      (json) => ({ ...json, format: 'perigee-labels/2' }),
      'format: perigee-labels/2 is not perigee-labels/1',
    ],
    [
      'a proposal for a tile that is not known',
      (json) => ({ ...json, proposals: [proposal(99, 'Forest', 1)] }),
      'proposals[0]: there is no tile 99',
    ],
    [
      'a class that is not there',
      (json) => ({ ...json, proposals: [proposal(1, 'Sea', 1)] }),
      'proposals[0].class: Sea is none of',
    ],
    [
      'a tile twice',
      (json) => ({ ...json, tiles: [tiles[0], tiles[0]], proposals: [] }),
      'tiles: one is there twice',
    ],
    [
      'a latitude of 91',
      (json) => ({ ...json, tiles: [tileAt(1, 91, 0)], proposals: [] }),
      'tiles[0].place.latDeg: not a number of -90 to 90',
    ],
    [
      'too few probabilities',
      (json) => ({ ...json, tiles: [tileAt(1, 1, 1, [50, 50])], proposals: [] }),
      'tiles[0]: 2 probabilities, 3 classes',
    ],
  ])('is refused with %s', (_, change, why) => {
    const file = `${place.folder}/book.json`;
    writeBook(file, book);
    const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const read = readBook(place.write('bad.json', change(json) as object));
    expect(read).toMatchObject({ ok: false, error: { code: 'LABELS_BOOK' } });
    if (!read.ok) expect(read.error.text).toContain(why);
  });
});

describe('the file that goes up', () => {
  it('has what was decided since the last one that was taken, or all', () => {
    const first = decided({ tiles: ['1', '2'], rejected: ['3'] }).book;
    const packed = packLabels(first, { name: 'a', all: false });
    if (!packed.ok) throw new Error(packed.error.text);
    expect(packed.value).toMatchObject({ labels: 2 });
    const read = readLabels(packed.value.bytes, 'a');
    expect(read).toMatchObject({
      value: { name: 'a', model: 'land-cover', classes: book.classes, sha256: packed.value.sha256 },
    });
    if (read.ok)
      expect(read.value.entries.map(({ tile, says }) => [tile, says])).toEqual([
        [1, 1],
        [2, 0],
      ]);
    const uplink = {
      name: 'a',
      sha256: '',
      labels: 2,
      fileBytes: 9,
      sentBytes: 9,
      at: '2026-11-24T12:30:00.000Z',
    };
    const lost = { ...first, uplinks: [{ ...uplink, taken: false }] };
    expect(packLabels(lost, { name: 'b', all: false })).toMatchObject({ value: { labels: 2 } });
    const taken = { ...first, uplinks: [{ ...uplink, taken: true }] };
    expect(packLabels(taken, { name: 'b', all: false })).toMatchObject({
      error: { text: 'b: no label was approved since 2026-11-24T12:30:00.000Z' },
    });
    const later = decided({ tiles: ['4'], at: '2026-11-24T13:00:00.000Z' }, taken).book;
    expect(packLabels(later, { name: 'b', all: false })).toMatchObject({ value: { labels: 1 } });
    expect(packLabels(later, { name: 'b', all: true })).toMatchObject({ value: { labels: 3 } });
    expect(packLabels(book, { name: 'b', all: true })).toMatchObject({ error: { code: 'LABELS_DECISION' } });
  });

  it('is counted beside what the pictures would have cost', () => {
    const uplink = { name: 'a', sha256: '', labels: 2, fileBytes: 90, sentBytes: 120, taken: false, at: '' };
    const ledger = ledgerOf({
      ...decided({ tiles: ['1', '2'] }).book,
      thumbnails: [{ tile: 10, quality: 40, webp: new Uint8Array(300) }],
      uplinks: [uplink, { ...uplink, taken: true }],
      down: { records: 20, recordBytes: 900, thumbnailBytes: 360 },
      up: { commands: 4, commandBytes: 100 },
    });
    expect(ledger).toMatchObject({
      tiles: 12,
      labels: 2,
      labelBytes: 240,
      bytes: 1600,
      rawBytes: 12 * 12_288,
      pictureBytes: 4320,
    });
    expect(ledgerLines(ledger).at(-2)).toMatch(
      /all tiles as they are +12 tiles +147,456 B, 92\.2 times as much/,
    );
  });
});
