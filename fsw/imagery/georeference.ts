/** From the pixels of a file to its map and to latitude and longitude, and back. */
import proj4 from 'proj4';
import { fail, type Result, succeed } from '../errors';
import type { Place } from '../framework';

/** From pixels (the outer corner of the first is 0, 0) to map coordinates: X = x + xx·column + xy·row, Y likewise. */
export interface Affine {
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly xy: number;
  readonly yx: number;
  readonly yy: number;
}

export interface Georeference {
  readonly epsg: number;
  readonly affine: Affine;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Rows run south, columns east, from the outer corner of the first pixel. */
export function northUp(x: number, y: number, width: number, height = width): Affine {
  return { x, y, xx: width, xy: 0, yx: 0, yy: -height };
}

export function toMap(a: Affine, column: number, row: number): Point {
  return { x: a.x + a.xx * column + a.xy * row, y: a.y + a.yx * column + a.yy * row };
}

export function toPixel(a: Affine, { x, y }: Point): Point {
  const determinant = a.xx * a.yy - a.xy * a.yx;
  const [dx, dy] = [x - a.x, y - a.y];
  return { x: (a.yy * dx - a.xy * dy) / determinant, y: (a.xx * dy - a.yx * dx) / determinant };
}

/** A map's reference system. */
export interface Projection {
  toPlace(point: Point): Place;
  toMap(place: Place): Point;
}

/**
 * WGS-84 in UTM (EPSG:326xx and 327xx), in degrees (4326) or in web Mercator (3857), by proj4 (UTM: the series of Krüger
 * as in Engsager & Poder, 2007). Errors: IMAGERY_CRS.
 */
export function projectionOf(epsg: number, file: string): Result<Projection> {
  const definition = definitionOf(epsg);
  if (definition === undefined) return fail('IMAGERY_CRS', { file, crs: `EPSG:${epsg}` });
  const converter = proj4('EPSG:4326', definition);
  return succeed({
    toPlace({ x, y }) {
      const [lonDeg, latDeg] = converter.inverse([x, y]);
      return { latDeg, lonDeg };
    },
    toMap({ latDeg, lonDeg }) {
      const [x, y] = converter.forward([lonDeg, latDeg]);
      return { x, y };
    },
  });
}

function definitionOf(epsg: number): string | undefined {
  if (epsg === 4326 || epsg === 3857) return `EPSG:${epsg}`;
  const [side, zone] = [Math.floor(epsg / 100), epsg % 100];
  if ((side !== 326 && side !== 327) || zone < 1 || zone > 60) return undefined;
  return `+proj=utm +zone=${zone}${side === 327 ? ' +south' : ''} +datum=WGS84 +units=m +no_defs`;
}
