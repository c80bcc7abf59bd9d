/** Telemetry as the ground received it, by channel. */
import type { Point } from './plot';
import type { FlightRecord } from './record';

const cache = new WeakMap<FlightRecord, ReadonlyMap<string, readonly Point[]>>();

/** Flight seconds (of the on-board time tag) and value of a numeric channel, by `instance.Channel`; empty if there is none. */
export function readingsOf(record: FlightRecord, channel: string): readonly Point[] {
  const known = cache.get(record) ?? allReadings(record);
  cache.set(record, known);
  return known.get(channel) ?? [];
}

function allReadings({ received, epochMs }: FlightRecord): ReadonlyMap<string, readonly Point[]> {
  const byChannel = new Map<string, Point[]>();
  for (const { content } of received) {
    if (content.kind !== 'channels') continue;
    for (const { name, unixUs, value } of content.values) {
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) continue;
      // The ground knows channels by the name of the deployment, too.
      const local = name.split('.').slice(-2).join('.');
      const points = byChannel.get(local) ?? [];
      points.push([unixUs / 1e6 - epochMs / 1000, number]);
      byChannel.set(local, points);
    }
  }
  for (const points of byChannel.values()) points.sort((a, b) => a[0] - b[0]);
  return byChannel;
}
