/** `perigee watch`: a table of the newest values and the last events, redrawn in place. */
import type { EventMessage, ReadingMessage, Status } from '../gateway/messages';
import { type Context, exit } from './context';
import { clockText, follow, type GroundOptions, lineOf, valueText, withGateway } from './ground';
import { paint, type Screen } from './screen';

export interface WatchOptions extends GroundOptions {
  readonly seconds?: number;
}

const REDRAW_MS = 250;
const EVENTS_SHOWN = 8;

export interface WatchState {
  readonly status: Status;
  readonly values: ReadonlyMap<string, ReadingMessage>;
  /** Newest last. */
  readonly events: readonly EventMessage[];
  readonly packetsPerSecond: number;
}

export function watch(context: Context, names: readonly string[], options: WatchOptions): Promise<number> {
  return withGateway(context, options, async (client) => {
    const values = new Map<string, ReadingMessage>();
    const events: EventMessage[] = [];
    const isWanted = (name: string) => names.length === 0 || names.some((part) => name.includes(part));
    let packets = 0;
    let changed = true;
    const first = await client.values();
    if (!first.ok) return exit.linkDown;
    const take = (reading: ReadingMessage) => isWanted(reading.name) && values.set(reading.name, reading);
    for (const reading of first.value) take(reading);
    client.onMessage((message) => {
      changed = true;
      if ('n' in message) packets++;
      if (message.type === 'channels') for (const reading of message.values) take(reading);
      if (message.type === 'event') {
        events.push(message);
        if (events.length > EVENTS_SHOWN) events.shift();
      }
    });
    const subscribed = await client.subscribe('json');
    if (!subscribed.ok) return exit.linkDown;
    let last = performance.now();
    let lines = 0;
    let packetsPerSecond = 0;
    const draw = () => {
      const now = performance.now();
      packetsPerSecond = (packetsPerSecond + (packets * 1000) / Math.max(1, now - last)) / 2;
      last = now;
      packets = 0;
      if (!changed) return;
      changed = false;
      const table = tableOf({ status: client.status, values, events, packetsPerSecond }, context);
      const rows = Math.max(10, (context.out as { rows?: number }).rows ?? 50) - 1;
      const shown = table.slice(0, rows);
      const up = context.out.isTTY && lines > 0 ? `\x1b[${lines}A\x1b[J` : '';
      context.out.write(`${up}${shown.join('\n')}\n`);
      lines = shown.length;
    };
    draw();
    // Where lines can't be drawn over, a table each few seconds is enough.
    const timer = setInterval(draw, context.out.isTTY ? REDRAW_MS : 10 * REDRAW_MS);
    const code = await follow(context, client, options, options.seconds && options.seconds * 1000);
    clearInterval(timer);
    changed = true;
    draw();
    return code;
  });
}

/** The table's lines, none wider than the screen. */
export function tableOf(
  { status, values, events, packetsPerSecond }: WatchState,
  context: Context,
): string[] {
  const { out } = context;
  const width = Math.max(40, out.columns ?? 100);
  const link = status.link.up ? paint(out, 'green', 'up') : paint(out, 'red', `down: ${status.link.why}`);
  const dictionary =
    status.spacecraft === 'match'
      ? 'ours'
      : paint(out, 'yellow', status.spacecraft === 'mismatch' ? 'ANOTHER' : '?');
  const head = `${paint(out, 'bold', status.deployment)}  link ${link}  dictionary ${dictionary}  ${Math.round(packetsPerSecond)} packets/s`;
  const sorted = [...values.values()].sort((a, b) => a.name.localeCompare(b.name));
  const longest = Math.min(width >> 1, Math.max(0, ...sorted.map(({ name }) => name.length)));
  const rows = sorted.map(({ name, time, value }) =>
    cut(`${clockText(time)}  ${name.padEnd(longest)}  ${valueText(value)}`, width),
  );
  const latest = events.map((event) => cut(lineOf(event, { ...context, out: plainScreen }) ?? '', width));
  return [head, '', ...rows, '', ...latest];
}

const plainScreen: Screen = { write: () => undefined };

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
