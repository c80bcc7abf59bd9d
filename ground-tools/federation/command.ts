/** `perigee federation gateway`: runs until Ctrl-C. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import { publicKeyOf, readPrivateKey } from '../../fsw/models';
import { type Context, exit } from '../cli/context';
import { complain, stopped } from '../cli/ground';
import { jsonText } from '../gateway/lines';
import { Gateway } from './gateway';
import { GroundLink } from './groundLink';

export interface GatewayRunOptions {
  readonly superlink: string;
  readonly fleet: string;
  readonly key: string;
  readonly state: string;
  /** Seconds from one step to the next; 3 is what a stock SuperNode waits. */
  readonly every: number;
  readonly norm?: number;
  readonly json?: boolean;
}

interface Member {
  readonly name: string;
  /** `host:port` of its ground gateway. */
  readonly gateway: string;
  readonly key: KeyObject;
}

export async function runGateway(context: Context, options: GatewayRunOptions): Promise<number> {
  const { json, state, superlink } = options;
  const failed = (error: Fault) => {
    complain(context, error, json);
    return exit.usage;
  };
  const fleet = readFleet(options.fleet);
  if (!fleet.ok) return failed(fleet.error);
  const key = readKey(options.key);
  if (!key.ok) return failed(key.error);
  const gateways = new Map(fleet.value.map(({ name, gateway }) => [name, gateway]));
  const link = new GroundLink({ gateways, folder: join(state, 'downlink') });
  const gateway = Gateway.open({
    superlink: superlink.replace(/\/+$/, ''),
    state,
    satellites: new Map(fleet.value.map((member) => [member.name, member.key])),
    link,
    taskKey: key.value,
    taskPublicKey: createPublicKey(key.value),
    ...(options.norm !== undefined && { limits: { norm: options.norm } }),
    report: ({ satellite, what, message, text }) => {
      const line = `${satellite}  ${what.padEnd(9)}  ${message === undefined ? '' : `${message.slice(0, 12)}  `}${text}`;
      context.out.write(`${json ? jsonText({ type: what, satellite, message, text }) : line}\n`);
    },
  });
  if (!gateway.ok) return failed(gateway.error);
  const stop = stopped(context);
  let isOver = false;
  void stop.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await gateway.value.step();
    await Promise.race([stop, pause(options.every * 1000)]);
  }
  link.close();
  gateway.value.close();
  return exit.ok;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Errors: MODEL_KEY_FILE. */
function readKey(file: string): Result<KeyObject> {
  try {
    return readPrivateKey(readFileSync(file, 'utf8'), file);
  } catch (error) {
    return fail('MODEL_KEY_FILE', { file, why: (error as Error).message });
  }
}

/** Errors: FLOWER_FLEET. */
export function readFleet(file: string): Result<readonly Member[]> {
  const wrong = (why: string) => fail('FLOWER_FLEET', { file, why });
  let entries: unknown;
  try {
    entries = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return wrong((error as Error).message);
  }
  if (!Array.isArray(entries) || entries.length === 0) return wrong('it lists no satellite');
  const members: Member[] = [];
  for (const entry of entries as Partial<Record<string, unknown>>[]) {
    const { name, gateway, publicKey } = entry;
    if (typeof name !== 'string' || !/^[A-Za-z0-9][\w-]{0,39}$/.test(name))
      return wrong(`${String(name)} is no name: letters, digits, _ and -`);
    if (members.some((member) => member.name === name)) return wrong(`${name} is there twice`);
    if (typeof gateway !== 'string' || !/^[^:\s]+:\d+$/.test(gateway))
      return wrong(`${name}: its gateway is no host:port`);
    const key = publicKeyOf(String(publicKey));
    if (!key.ok) return wrong(`${name}: ${key.error.text}`);
    members.push({ name, gateway, key: key.value });
  }
  return succeed(members);
}
