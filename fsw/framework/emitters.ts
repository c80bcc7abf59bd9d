import type { EventSpec } from './model';
import type { Home } from './services';
import { timeOf } from './time';
import { encode, type Fields, struct } from './types';

export interface EventLog {
  readonly emit: Readonly<Record<string, (args?: Record<string, unknown>) => void>>;
  clearThrottle(name: string): void;
}

/** Makes one emitter for each event: it throttles, serialises and sends on the event port. */
export function eventLog(home: Home, events: Readonly<Record<string, EventSpec>>): EventLog {
  const sent = new Map<string, number>();
  const emitter = (name: string, spec: EventSpec) => {
    const args = struct(name, spec.args ?? ({} as Fields));
    const id = home.baseId + spec.id;
    const limit = spec.throttle ?? Number.POSITIVE_INFINITY;
    return (values: Record<string, unknown> = {}) => {
      const count = (sent.get(name) ?? 0) + 1;
      if (count > limit) return;
      sent.set(name, count);
      const { clock } = home;
      const time = timeOf(clock.epochUs + clock.nowUs());
      home.services.log({ id, time, severity: spec.severity, args: encode(args, values) });
    };
  };
  return {
    emit: Object.fromEntries(Object.entries(events).map(([name, spec]) => [name, emitter(name, spec)])),
    clearThrottle: (name) => sent.delete(name),
  };
}

/**
 * The text of an event: fills `{name}` and `{name.2f}` (F´ format) from its arguments.
 * The dictionary carries the same format, so the ground prints the same words.
 */
export function eventText(
  spec: Pick<EventSpec, 'format' | 'args'>,
  values: Readonly<Record<string, unknown>>,
): string {
  return spec.format.replace(/\{(\w+)(?:\.(\d+)f)?\}/g, (field, name: string, digits?: string) => {
    const type = spec.args?.[name];
    if (type === undefined) return field;
    return digits === undefined ? type.show(values[name]) : Number(values[name]).toFixed(Number(digits));
  });
}
