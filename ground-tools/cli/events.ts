/** `perigee events`, `telemetry` and `watch`: what comes down, as it comes. */
import { fail } from '../../fsw/errors';
import { type SeverityName, severities } from '../../fsw/framework/model';
import { nearest } from '../../fsw/framework/settings';
import { jsonText } from '../gateway/lines';
import type { KindName, ReadingMessage, ServerMessage } from '../gateway/messages';
import { type Context, exit } from './context';
import { clockText, complain, follow, type GroundOptions, lineOf, valueText, withGateway } from './ground';

export interface EventsOptions extends GroundOptions {
  /** This severity and all above it. */
  readonly severity?: SeverityName;
  readonly name?: string;
  readonly all?: boolean;
  readonly count?: number;
  readonly seconds?: number;
}

/** Follows the events (with `all`: everything), until Ctrl-C, `count` of them, or `seconds`. */
export function events(context: Context, options: EventsOptions): Promise<number> {
  const { severity, name, all, count = Infinity, seconds, json } = options;
  const ranks: readonly string[] = severities;
  const least = severity === undefined ? -1 : ranks.indexOf(severity);
  const pattern = patternOf(name);
  const isWanted = (message: ServerMessage) =>
    message.type !== 'event' || (ranks.indexOf(message.severity) >= least && pattern(message.name));
  return withGateway(context, options, async (client) => {
    let shown = 0;
    let done: (code: number) => void = () => undefined;
    const enough = new Promise<number>((resolve) => {
      done = resolve;
    });
    client.onMessage((message) => {
      const line = json ? jsonText(message) : lineOf(message, context);
      if (message.type === 'status' || line === undefined || !isWanted(message) || shown >= count) return;
      context.out.write(`${line}\n`);
      if (message.type === 'event' || all) shown++;
      if (shown >= count) done(exit.ok);
    });
    const subscribed = await client.subscribe('json', all ? undefined : (['event'] satisfies KindName[]));
    if (!subscribed.ok) {
      complain(context, subscribed.error, json);
      return exit.linkDown;
    }
    return Promise.race([enough, follow(context, client, options, seconds && seconds * 1000)]);
  });
}

/** Whole words or parts of a name; `*` stands for anything. */
function patternOf(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  const source = text
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const expression = new RegExp(text.includes('*') ? `(^|\\.)${source}$` : source, 'i');
  return (name) => expression.test(name);
}

export interface TelemetryOptions extends GroundOptions {
  readonly follow?: boolean;
  readonly seconds?: number;
}

/** Prints the newest value of each channel asked for, or of all; with `follow` goes on as they change. */
export function telemetry(
  context: Context,
  names: readonly string[],
  options: TelemetryOptions,
): Promise<number> {
  return withGateway(context, options, async (client) => {
    const { out } = context;
    const dictionary = await client.dictionary();
    const values = await client.values();
    if (!dictionary.ok || !values.ok) return exit.linkDown;
    const known = dictionary.value.channels.map(({ name }) => name);
    const matches = names.map(patternOf);
    for (const [i, matched] of matches.entries())
      if (!known.some(matched)) {
        const stranger = fail('LINK_UNKNOWN_CHANNEL', { name: names[i], nearest: nearest(names[i], known) });
        complain(context, stranger.error, options.json);
        return exit.usage;
      }
    const isWanted = ({ name }: ReadingMessage) =>
      matches.length === 0 || matches.some((matched) => matched(name));
    const show = (reading: ReadingMessage) => {
      const { name, time, value } = reading;
      const text = options.json ? jsonText(reading) : `${clockText(time)}  ${name} = ${valueText(value)}`;
      out.write(`${text}\n`);
    };
    const current = values.value.filter(isWanted).sort((a, b) => a.name.localeCompare(b.name));
    for (const reading of current) show(reading);
    if (!options.follow) return current.length > 0 ? exit.ok : exit.unknown;
    client.onMessage((message) => {
      if (message.type === 'channels')
        for (const reading of message.values) if (isWanted(reading)) show(reading);
    });
    const subscribed = await client.subscribe('json', ['channels']);
    if (!subscribed.ok) return exit.linkDown;
    return follow(context, client, options, options.seconds && options.seconds * 1000);
  });
}
