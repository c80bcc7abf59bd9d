/** Vessels that reached the ground, as GeoJSON points. */

import type { Value } from '../../../fsw/framework';
import { NOWHERE, type VesselRecord } from '../../../fsw/products';
import type { FlightRecord } from '../record';

/** One feature a vessel record, in the order of the captures; a vessel without a place is an unlocated feature (RFC 7946, 3.2). */
export function vesselFeatures({ received, epochMs, scenes }: FlightRecord) {
  const utcOf = (atUs: number) => new Date(epochMs + atUs / 1000).toISOString();
  const targets = new Map(scenes.map(({ capture, target }) => [capture & 0xffff, target]));
  return received
    .flatMap(({ content, atUs, station }) => {
      if (content.kind !== 'records' || !content.name.endsWith('.Vessel')) return [];
      const records = content.records as readonly Value<typeof VesselRecord>[];
      return records.map((record) => ({ record, time: content.unixUs / 1000, atUs, station }));
    })
    .sort(
      (a, b) =>
        a.record.capture - b.record.capture || a.record.y - b.record.y || a.record.xTenth - b.record.xTenth,
    )
    .map(({ record, time, atUs, station }) => ({
      type: 'Feature' as const,
      geometry:
        record.latE6 === NOWHERE
          ? null
          : { type: 'Point' as const, coordinates: [record.lonE6 / 1e6, record.latE6 / 1e6] },
      properties: {
        class: 'vessel',
        score: Number((record.score / 255).toFixed(3)),
        lengthM: record.lengthDm / 10,
        widthM: record.widthDm / 10,
        time: new Date(time).toISOString(),
        capture: record.capture,
        target: targets.get(record.capture) ?? '',
        station,
        received: utcOf(atUs),
      },
    }));
}
