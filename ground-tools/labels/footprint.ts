/** What of the ground a tile shows. */
import { type Place, pixelPlace } from '../../fsw/framework';
import type { BookTile } from './book';

/** Sides of a tile that a network takes, its pixels. */
const TILE_PX = 64;
/** Places along a side at which the ground is asked: every 8 pixels, in the middle of them. */
const ALONG = 8;

export type PlacedTile = BookTile & { readonly place: NonNullable<BookTile['place']> };

export function isPlaced(tile: BookTile): tile is PlacedTile {
  return tile.place !== undefined;
}

/** Places all over a tile, evenly spread: each stands for a 64th of it. */
export function placesOf({ place }: PlacedTile): Place[] {
  const step = TILE_PX / ALONG;
  const frame = { ...place, width: TILE_PX, height: TILE_PX };
  return Array.from({ length: ALONG * ALONG }, (_, i) =>
    pixelPlace(frame, ((i % ALONG) + 0.5) * step, (Math.floor(i / ALONG) + 0.5) * step),
  );
}

/** Its corners, in the order of a ring. */
export function cornersOf({ place }: PlacedTile): Place[] {
  const frame = { ...place, width: TILE_PX, height: TILE_PX };
  return [
    [0, 0],
    [TILE_PX, 0],
    [TILE_PX, TILE_PX],
    [0, TILE_PX],
  ].map(([across, down]) => pixelPlace(frame, across, down));
}

/** A ring of longitudes and latitudes; the last point is the first. */
export type Ring = readonly (readonly [lonDeg: number, latDeg: number])[];

/** Whether a place lies in a ring, by the parity of the edges east of it. */
export function isWithin({ latDeg, lonDeg }: Place, ring: Ring): boolean {
  let within = false;
  for (let i = 1; i < ring.length; i++) {
    const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
    if (y1 > latDeg !== y2 > latDeg && lonDeg < ((x2 - x1) * (latDeg - y1)) / (y2 - y1) + x1)
      within = !within;
  }
  return within;
}
