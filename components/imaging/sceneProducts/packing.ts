/** What a strip's findings are in records and maps of cells. */
import { type Time, unixUsOf, type Value } from '../../../fsw/framework';
import {
  type CellMap,
  CLOUD_UNKNOWN,
  NOWHERE,
  type StripNote,
  type VesselRecord,
} from '../../../fsw/products';
import type { CloudMask, LandCoverMap, StripInfo, Vessel } from '../ports';

type Info = Value<typeof StripInfo>;

export function isLocated({ gsdM }: Info): boolean {
  return gsdM > 0;
}

/** Where a strip's centre lies, if that is known. */
export function placeOf(info: Info): { latDeg: number; lonDeg: number } | undefined {
  return isLocated(info) ? { latDeg: info.latDeg, lonDeg: info.lonDeg } : undefined;
}

/** Share of a strip that is clear; nothing of it where nothing is known of its clouds. */
export function clearPart({ fraction }: CloudMask): number {
  return Number.isNaN(fraction) ? 0 : 1 - fraction;
}

export function areaKm2({ width, height, gsdM }: Info): number {
  return (width * height * gsdM * gsdM) / 1e6;
}

export function noteOf(
  info: Info,
  mask: CloudMask,
  cover: CellMap | undefined,
  vessels: number,
): Value<typeof StripNote> {
  const counts = new Map<number, number>();
  for (const value of cover?.cells ?? []) if (value > 0) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return {
    capture: info.capture & 0xffff,
    strip: info.strip,
    firstLine: info.firstLine,
    width: info.width,
    height: info.height,
    ...e6(placeOf(info)),
    headingCentideg: Math.round((((info.headingDeg % 360) + 360) % 360) * 100) % 36_000,
    gsdCm: Math.min(0xffff, Math.round(info.gsdM * 100)),
    cloudPercent: Number.isNaN(mask.fraction)
      ? CLOUD_UNKNOWN
      : Math.round(Math.min(1, Math.max(0, mask.fraction)) * 100),
    vessels: Math.min(255, vessels),
    landCoverClasses: counts.size,
    commonest: cover === undefined ? 0 : Math.round((most / cover.cells.length) * 255),
  };
}

export function vesselOf(info: Info, vessel: Vessel, weight: number): Value<typeof VesselRecord> {
  const decimetres = (pixels: number) => limited(pixels * info.gsdM * 10, 0xffff);
  return {
    capture: info.capture & 0xffff,
    ...e6(isLocated(info) ? vessel : undefined),
    xTenth: limited(vessel.x * 10, 0xffff),
    y: limited(vessel.y, 0xffffffff),
    lengthDm: decimetres(vessel.lengthPx),
    widthDm: decimetres(vessel.widthPx),
    score: limited(vessel.score * 255, 255),
    weightTenth: limited(weight * 10, 0xffff),
  };
}

/** Clouded or not, by cell. */
export function cloudMap({ width, height, cloud }: CloudMask): CellMap {
  return { width, height, cells: Uint8Array.from(cloud, (probability) => (probability >= 0.5 ? 1 : 0)) };
}

/** The likeliest class of each tile, from 1; 0 where it was not asked about. */
export function coverMap({ columns, rows, classes, probabilities }: LandCoverMap): CellMap {
  const cells = Uint8Array.from({ length: columns * rows }, (_, tile) => {
    const own = probabilities.subarray(tile * classes.length, (tile + 1) * classes.length);
    const most = Math.max(...own);
    return most > 0 ? own.indexOf(most) + 1 : 0;
  });
  return { width: columns, height: rows, cells };
}

export function ageS(time: Time, nowUnixUs: number): number {
  return Math.max(0, (nowUnixUs - unixUsOf(time)) / 1e6);
}

function e6(place: { readonly latDeg: number; readonly lonDeg: number } | undefined) {
  if (place === undefined) return { latE6: NOWHERE, lonE6: NOWHERE };
  return { latE6: Math.round(place.latDeg * 1e6), lonE6: Math.round(place.lonDeg * 1e6) };
}

function limited(value: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value)));
}
