/** What another sensor's label book says: the decisions of its operators, each about the ground under a tile. */
import { type Result, succeed } from '../../../fsw/errors';
import { readBook } from '../bookFile';
import { cornersOf, isPlaced, type Ring } from '../footprint';
import { type Area, areaSource } from './polygons';
import type { Declared, Legend, Source } from './source';

/** Its classes may be of another model: the legend says what they are. Errors: LABELS_BOOK. */
export function bookSource(declared: Declared, sha256: string, legend: Legend): Result<Source> {
  const book = readBook(declared.file);
  if (!book.ok) return book;
  const tiles = new Map(book.value.tiles.map((tile) => [tile.tile, tile]));
  const areas = book.value.decisions.flatMap(({ tile: id, class: word }): Area[] => {
    const tile = tiles.get(id);
    if (word === null || tile === undefined || !isPlaced(tile)) return [];
    const corners = cornersOf(tile);
    const ring: Ring = [...corners, corners[0]].map(({ lonDeg, latDeg }) => [lonDeg, latDeg]);
    return [{ word, rings: [ring] }];
  });
  return succeed(areaSource(declared, 'labels', sha256, legend, areas));
}
