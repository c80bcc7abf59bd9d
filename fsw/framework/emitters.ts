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
export function eventText(spec: TextSpec, values: Readonly<Record<string, unknown>>): string {
  return eventFormatter(spec)(values);
}

type TextSpec = Pick<EventSpec, 'format' | 'args'>;

/** The same, with the format taken apart once: for a ground that reads many events. */
export function eventFormatter(spec: TextSpec): (values: Readonly<Record<string, unknown>>) => string {
  const parts: { readonly before: string; show(values: Readonly<Record<string, unknown>>): string }[] = [];
  let from = 0;
  for (const field of spec.format.matchAll(/\{(\w+)(?:\.(\d+)f)?\}/g)) {
    const [whole, name, digits] = field;
    const type = spec.args?.[name];
    if (type === undefined) continue;
    parts.push({
      before: spec.format.slice(from, field.index),
      show:
        digits === undefined
          ? (values) => type.show(values[name])
          : (values) => Number(values[name]).toFixed(Number(digits)),
    });
    from = field.index + whole.length;
  }
  const rest = spec.format.slice(from);
  return (values) => {
    let text = '';
    for (const { before, show } of parts) text += before + show(values);
    return text + rest;
  };
}
