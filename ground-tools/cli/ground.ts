/** What the commands that talk to a spacecraft share: the gateway, lines of text or JSON, and when to end. */
import { existsSync, readFileSync } from 'node:fs';
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import type { HeaderMask } from '../../fsw/protocols/sdls';
import { dictionaryFromJson } from '../client/dictionaryFile';
import { GatewayClient } from '../client/gatewayClient';
import { jsonText } from '../gateway/lines';
import type { ServerMessage } from '../gateway/messages';
import { type FrameReader, frameReader } from '../link/security';
import { isSecurityFault } from '../link/tmReader';
import { type Context, exit } from './context';
import { missionDictionary } from './missionDictionary';
import { paint } from './screen';

export interface GroundOptions {
  /** `host:port` of the gateway. */
  readonly gateway: string;
  /** One JSON object a line. */
  readonly json?: boolean;
}

/** How recorded frames are opened. */
export interface KeysOptions {
  /** Folder of the ground's keys; they are only read. */
  readonly keys?: string;
  readonly headerMask?: HeaderMask;
}

/** Undefined without keys. Errors: KEYS_FILE. */
export function readerOf({ keys, headerMask: mask }: KeysOptions): Result<FrameReader | undefined> {
  return keys === undefined ? succeed(undefined) : frameReader(keys, { mask });
}

/** Frames of a file that could not be opened: counted, and told in one line. */
export class Refusals {
  #count = 0;
  #first: Fault | undefined;

  add(fault: Fault): void {
    if (!isSecurityFault(fault)) return;
    this.#count++;
    this.#first ??= fault;
  }

  /** False when there were none. */
  complain(context: Context, json?: boolean): boolean {
    if (this.#first === undefined) return false;
    const { code, text } = this.#first;
    complain(context, { code, text: `${this.#count} frames were not opened: ${text}` }, json);
    return true;
  }
}

/** Prints a fault, as text or as an object. */
export function complain({ err, out }: Context, { code, text }: Fault, json = false): void {
  if (json) out.write(`${jsonText({ type: 'error', code, text })}\n`);
  else err.write(`${paint(err, 'red', 'error')}  ${text}  [${code}]\n`);
}

/** Connects to the gateway and does `work`; returns its exit code, or `linkDown` when there is no gateway. */
export async function withGateway(
  context: Context,
  { gateway, json }: GroundOptions,
  work: (client: GatewayClient) => Promise<number>,
): Promise<number> {
  const client = await GatewayClient.connect(gateway);
  if (!client.ok) {
    complain(context, client.error, json);
    return exit.linkDown;
  }
  try {
    return await work(client.value);
  } finally {
    client.value.close();
  }
}

/**
 * Waits for Ctrl-C, for `forMs`, or until the gateway is gone. Returns the exit code: `linkDown` when it was
 * lost.
 */
export async function follow(
  context: Context,
  client: GatewayClient,
  { json }: { readonly json?: boolean },
  forMs?: number,
): Promise<number> {
  const why = await Promise.race([client.closed, stopped(context, forMs, client.closed)]);
  if (why === undefined) return exit.ok;
  complain(context, fail('GATEWAY_CLOSED', { address: client.address, why }).error, json);
  return exit.linkDown;
}

/** Resolves at Ctrl-C, at `context.stop`, after `forMs`, or when `also` does. */
export function stopped({ stop }: Context, forMs?: number, also?: Promise<unknown>): Promise<undefined> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
      stop?.removeEventListener('abort', end);
      resolve(undefined);
    };
    if (forMs !== undefined) timer = setTimeout(end, forMs);
    process.on('SIGINT', end);
    process.on('SIGTERM', end);
    stop?.addEventListener('abort', end);
    if (stop?.aborted) end();
    void also?.then(end);
  });
}

/** A dictionary's text from a file, or from a mission by its name. Errors: DICTIONARY_FILE. */
export async function dictionaryText(context: Context, source: string): Promise<Result<string>> {
  if (existsSync(source)) {
    try {
      return succeed(readFileSync(source, 'utf8'));
    } catch (error) {
      return fail('DICTIONARY_FILE', { file: source, why: (error as Error).message });
    }
  }
  const json = await missionDictionary(context, source);
  if (json) return succeed(JSON.stringify(json));
  return fail('DICTIONARY_FILE', { file: source, why: 'there is no such file, and no such mission' });
}

export async function loadDictionary(context: Context, source: string): Promise<Result<Dictionary>> {
  const text = await dictionaryText(context, source);
  return text.ok ? dictionaryFromJson(text.value, source) : text;
}

const severityStyle = { fatal: 'red', 'warning-high': 'red', 'warning-low': 'yellow' } as const;

/** A message of the downlink as one line for people; undefined for those that are none of the downlink. */
export function lineOf(message: ServerMessage, context: Context): string | undefined {
  const { out } = context;
  switch (message.type) {
    case 'event': {
      const style = severityStyle[message.severity as keyof typeof severityStyle];
      const severity = message.severity.padEnd(13);
      const shown = style ? paint(out, style, severity) : severity;
      return `${clockText(message.time)}  ${shown} ${message.name}  ${message.text}`;
    }
    case 'channels':
      return message.values
        .map(({ name, time, value }) => `${clockText(time)}  ${name} = ${valueText(value)}`)
        .join('\n');
    case 'records':
      return `${clockText(message.time)}  ${message.name}  ${message.records.map((r) => jsonText(r)).join(' ')}`;
    case 'packet': {
      const why = message.fault ? `  (${message.fault.text})` : '';
      return `${clockText(message.at * 1000)}  APID ${message.apid}  ${message.hex}${why}`;
    }
    case 'link-fault':
      return paint(out, 'yellow', `${clockText(message.at * 1000)}  link  ${message.text}`);
    case 'gap':
      return paint(
        out,
        'red',
        `${message.lost} packets (${message.from} to ${message.to}) were not shown: too slow`,
      );
    default:
      return undefined;
  }
}

/** Time of day of a Unix time in microseconds, UTC, to the millisecond. */
export function clockText(unixUs: number): string {
  const date = new Date(unixUs / 1000);
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString().slice(11, 23);
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}
