/** Areas with a class: GeoJSON (RFC 7946, and the `crs` of its forerunner of 2008). */

import { type Result, succeed } from '../../../fsw/errors';
import type { Place } from '../../../fsw/framework';
import { projectionOf } from '../../../fsw/imagery';
import { isRecord, list, Malformed, member, optional } from '../../../fsw/models/fields';
import { isWithin, type PlacedTile, placesOf, type Ring } from '../footprint';
import { type Declared, type Legend, type Source, sourceFault, tally } from './source';

export interface Area {
  readonly word: string;
  /** The outer ring, then its holes. */
  readonly rings: readonly Ring[];
}

const MOST = 10_000_000;

/**
 * `property` of each feature is its class, by the legend. Coordinates of another reference system are reprojected if it is
 * known here. Errors: LABELS_SOURCE, IMAGERY_CRS.
 */
export function polygonSource(
  declared: Declared,
  given: { readonly text: string; readonly sha256: string },
  legend: Legend,
  property: string,
): Result<Source> {
  try {
    const json: unknown = JSON.parse(given.text);
    const place = placer(json, declared);
    if (!place.ok) return place;
    return succeed(
      areaSource(declared, 'polygons', given.sha256, legend, areasOf(json, property, place.value)),
    );
  } catch (error) {
    return sourceFault(declared, (error as Error).message);
  }
}

/** What areas say: the class of the first that holds a place. */
export function areaSource(
  declared: Declared,
  kind: string,
  sha256: string,
  legend: Legend,
  areas: readonly Area[],
): Source {
  const boxed = areas.map((area) => ({ area, box: boxOf(area.rings[0]) }));
  return {
    ...declared,
    kind,
    sha256,
    async says(tile: PlacedTile) {
      const places = placesOf(tile);
      const words = places.map((place) => {
        const at = boxed.find(({ area, box }) => isIn(place, box) && holds(area, place));
        return at?.area.word;
      });
      return succeed(tally(words, places.length, legend));
    },
    close: async () => {},
  };
}

type ToDegrees = (position: readonly [number, number]) => readonly [number, number];

/** How a position becomes longitude and latitude. */
function placer(json: unknown, { file }: Declared): Result<ToDegrees> {
  const crs = optional(json, 'crs');
  const name = optional(optional(crs, 'properties'), 'name');
  if (crs === undefined || crs === null || /CRS84$/.test(String(name))) return succeed((at) => at);
  const epsg = /EPSG:+(\d+)$/.exec(String(name))?.[1];
  const projection = projectionOf(Number(epsg ?? Number.NaN), file);
  if (!projection.ok) return projection;
  return succeed(([x, y]) => {
    const { latDeg, lonDeg } = projection.value.toPlace({ x, y });
    return [lonDeg, latDeg];
  });
}

function areasOf(json: unknown, property: string, place: ToDegrees): Area[] {
  if (member(json, 'type', 'the file') !== 'FeatureCollection')
    throw new Malformed('it is no FeatureCollection');
  return list(member(json, 'features', 'the file'), 'features', MOST).flatMap((feature, i) => {
    const at = `features[${i}]`;
    const word = optional(optional(feature, 'properties'), property);
    if (typeof word !== 'string' && typeof word !== 'number')
      throw new Malformed(`${at}: its properties have no ${property}`);
    const geometry = member(feature, 'geometry', at);
    const type = isRecord(geometry) ? geometry.type : undefined;
    const coordinates = isRecord(geometry) ? geometry.coordinates : undefined;
    if (type === 'Polygon') return [areaOf(String(word), coordinates, at, place)];
    if (type === 'MultiPolygon')
      return list(coordinates, `${at}: coordinates`, MOST).map((one) => areaOf(String(word), one, at, place));
    throw new Malformed(`${at}: ${String(type)} is neither Polygon nor MultiPolygon`);
  });
}

function areaOf(word: string, coordinates: unknown, at: string, place: ToDegrees): Area {
  const rings = list(coordinates, `${at}: coordinates`, MOST).map((ring): Ring => {
    const positions = list(ring, `${at}: a ring`, MOST).map((position) => positionOf(position, at, place));
    if (positions.length < 4)
      throw new Malformed(`${at}: a ring of ${positions.length} positions, 4 the least`);
    const [[x, y], last] = [positions[0], positions[positions.length - 1]];
    if (x !== last[0] || y !== last[1]) throw new Malformed(`${at}: a ring does not end where it begins`);
    return positions;
  });
  if (rings.length === 0) throw new Malformed(`${at}: a polygon without a ring`);
  return { word, rings };
}

function positionOf(position: unknown, at: string, place: ToDegrees): readonly [number, number] {
  const [x, y] = list(position, `${at}: a position`, 4);
  if (typeof x !== 'number' || typeof y !== 'number')
    throw new Malformed(`${at}: a position is no two numbers`);
  const [lonDeg, latDeg] = place([x, y]);
  if (!(Math.abs(lonDeg) <= 180 && Math.abs(latDeg) <= 90))
    throw new Malformed(`${at}: ${x}, ${y} is no longitude and latitude; is it of another reference system?`);
  return [lonDeg, latDeg];
}

interface Box {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

function boxOf(ring: Ring): Box {
  const box = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity };
  for (const [lon, lat] of ring) {
    box.west = Math.min(box.west, lon);
    box.east = Math.max(box.east, lon);
    box.south = Math.min(box.south, lat);
    box.north = Math.max(box.north, lat);
  }
  return box;
}

function isIn({ latDeg, lonDeg }: Place, { west, east, south, north }: Box): boolean {
  return lonDeg >= west && lonDeg <= east && latDeg >= south && latDeg <= north;
}

function holds({ rings: [outer, ...holes] }: Area, place: Place): boolean {
  return isWithin(place, outer) && !holes.some((hole) => isWithin(place, hole));
}
