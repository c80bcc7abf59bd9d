/** Detections on the ground, tiles and vessels, as GeoJSON (RFC 7946), for any map program. */
import { NOWHERE } from '../../components/payload/productPacker/records';
import { area, type LonLat, outline, piecesOf, tileBox } from './geometry';
import type { FlightRecord, FrameRecord } from './record';
import { vesselFeatures } from './scenes/vessels';

/** A detection as its record says, and how it came down. */
export interface GroundDetection {
  readonly frame: number;
  readonly tile: number;
  readonly className: string;
  /** Probability of the class, 0..1. */
  readonly score: number;
  readonly water: number;
  /** Undefined when the frame's place was not known on board. */
  readonly place: { readonly latDeg: number; readonly lonDeg: number } | undefined;
  /** Flight time of the exposure and of the arrival. */
  readonly atUs: number;
  readonly receivedUs: number;
  readonly station: string;
}

/** The detection records that reached the ground, in the order of their exposure, frame and tile. */
export function detectionsOf({ received, classNames, epochMs }: FlightRecord): GroundDetection[] {
  return received
    .flatMap(({ content, atUs, station }) => {
      if (content.kind !== 'records' || !content.name.endsWith('.Detection')) return [];
      return (content.records as readonly DetectionRecord[]).map((record) => ({
        frame: record.frame,
        tile: record.tile,
        className: classNames[record.classIndex] ?? `class ${record.classIndex}`,
        score: record.confidence / 255,
        water: record.water / 255,
        place:
          record.latE5 === NOWHERE ? undefined : { latDeg: record.latE5 / 1e5, lonDeg: record.lonE5 / 1e5 },
        atUs: content.unixUs - epochMs * 1000,
        receivedUs: atUs,
        station,
      }));
    })
    .sort((a, b) => a.atUs - b.atUs || a.frame - b.frame || a.tile - b.tile);
}

interface DetectionRecord {
  readonly frame: number;
  readonly tile: number;
  readonly classIndex: number;
  readonly confidence: number;
  readonly water: number;
  readonly latE5: number;
  readonly lonE5: number;
}

/**
 * One feature a detection, the wide field's tiles and then the vessels. A tile's geometry is the tile's outline, in two parts where it crosses the antimeridian; the
 * place in the record when the outline is not to be had; null (an unlocated feature) when there is none.
 */
export function geoJsonOf(record: FlightRecord) {
  const frames = new Map(record.frames.map((frame) => [keyOf(frame.atUs, frame.id), frame]));
  const utcOf = (atUs: number) => new Date(record.epochMs + atUs / 1000).toISOString();
  const tiles = detectionsOf(record).map((found) => ({
    type: 'Feature' as const,
    geometry: geometryOf(found, frames.get(keyOf(found.atUs, found.frame))),
    properties: {
      class: found.className,
      score: rounded(found.score, 3),
      water: rounded(found.water, 3),
      time: utcOf(found.atUs),
      frame: found.frame,
      tile: found.tile,
      ...(found.place && { latDeg: found.place.latDeg, lonDeg: found.place.lonDeg }),
      station: found.station,
      received: utcOf(found.receivedUs),
    },
  }));
  return { type: 'FeatureCollection' as const, features: [...tiles, ...vesselFeatures(record)] };
}

/** A record has the low 16 bits of its frame's id; the exposure makes it the only one. */
function keyOf(atUs: number, id: number): string {
  return `${Math.round(atUs)} ${id & 0xffff}`;
}

function geometryOf({ tile, place }: GroundDetection, frame: FrameRecord | undefined) {
  if (place === undefined) return null;
  const point = { type: 'Point' as const, coordinates: [place.lonDeg, place.latDeg] };
  if (frame?.place === undefined) return point;
  const rings = piecesOf(outline(frame.place, tileBox(frame.place, tile, frame.tilePx))).map(closed);
  if (rings.length === 0) return point;
  if (rings.length === 1) return { type: 'Polygon' as const, coordinates: [rings[0]] };
  return { type: 'MultiPolygon' as const, coordinates: rings.map((ring) => [ring]) };
}

/** First point last once more, counterclockwise, 1e-5 degrees (about a metre). */
function closed(ring: readonly LonLat[]): LonLat[] {
  const turned = area(ring) > 0 ? [...ring] : [...ring].reverse();
  return [...turned, turned[0]].map(([lonDeg, latDeg]) => [rounded(lonDeg, 5), rounded(latDeg, 5)]);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
