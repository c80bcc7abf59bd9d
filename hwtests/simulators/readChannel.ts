import type { Deployment } from '../../fsw/framework/deployment';
import { decode } from '../../fsw/framework/types';

/**
 * A channel's latest value on board, as the telemetry store has it; undefined when it was never written, or
 * when the mission has no such channel (`channelOf` tells).
 */
export function readChannel(deployment: Deployment, name: string): unknown {
  const entry = channelOf(deployment, name);
  const store = deployment.units.get('telemetryStore')?.inlets.own.get?.[0];
  if (entry === undefined || store === undefined) return undefined;
  const stored = store.accept({ id: entry.id }, undefined) as { value: Uint8Array } | undefined;
  if (stored === undefined) return undefined;
  const value = decode(entry.type, stored.value);
  return value.ok ? value.value : undefined;
}

/** The dictionary's entry for `instance.Channel`. */
export function channelOf({ dictionary }: Deployment, name: string) {
  return dictionary.channels.find(({ instance, local }) => `${instance}.${local}` === name);
}
