import type { Band, ChannelSpec } from './model';
import type { Home } from './services';
import { timeOf } from './time';
import { Cursor } from './types';

/** Makes one writer for each channel: it serialises the value and sends it on the telemetry port, always or on change. */
export function channelWriters(
  home: Home,
  telemetry: Readonly<Record<string, ChannelSpec>>,
): Readonly<Record<string, (value: unknown) => void>> {
  return Object.fromEntries(
    Object.entries(telemetry).map(([name, spec]) => [name, channelWriter(home, home.baseId + spec.id, spec)]),
  );
}

function channelWriter(home: Home, id: number, spec: ChannelSpec): (value: unknown) => void {
  const { type } = spec;
  const onChange = spec.update === 'on-change';
  const scratch = new Cursor(new Uint8Array(type.maxSize));
  let last: Uint8Array | undefined;
  let lastPlain: unknown;
  return (value) => {
    // Numbers, text and booleans are compared before they are serialised; the rest by their bytes.
    if (onChange && last !== undefined && typeof value !== 'object' && value === lastPlain) return;
    lastPlain = value;
    scratch.at = 0;
    type.write(scratch, value);
    const bytes = scratch.bytes.subarray(0, scratch.at);
    if (onChange) {
      if (last !== undefined && Buffer.compare(last, bytes) === 0) return;
      last = bytes.slice();
    }
    home.services.tlm({ id, time: timeOf(home.clock.epochUs + home.clock.nowUs()), value: bytes });
  };
}

export type LimitState = 'nominal' | 'yellow' | 'orange' | 'red';

/** Where a value stands against a channel's limits: the worst band that it has crossed. */
export function limitState(limits: ChannelSpec['limits'], value: number): LimitState {
  const crossed = (band: Band | undefined, beyond: (limit: number) => boolean): LimitState => {
    for (const colour of ['red', 'orange', 'yellow'] as const) {
      const limit = band?.[colour];
      if (limit !== undefined && beyond(limit)) return colour;
    }
    return 'nominal';
  };
  const low = crossed(limits?.low, (limit) => value < limit);
  const high = crossed(limits?.high, (limit) => value > limit);
  const rank: readonly LimitState[] = ['nominal', 'yellow', 'orange', 'red'];
  return rank.indexOf(low) > rank.indexOf(high) ? low : high;
}
