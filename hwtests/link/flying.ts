/** A spacecraft on the live board in a process of its own, and a gateway to it, for tests of whole links. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import type { LaunchOptions, Message } from '../../fsw/launch';
import { parseLink } from '../../fsw/links';
import { topology as earthWatch } from '../../fsw/missions/earth-watch/topology';
import { topology as learner } from '../../fsw/missions/learner/topology';
import { topology as linkBench } from '../../fsw/missions/link-bench/topology';
import { projectRoot } from '../../fsw/root';
import { GatewayClient } from '../../ground-tools/client/gatewayClient';
import { Gateway, type GatewayOptions } from '../../ground-tools/gateway/gateway';
import { serveGateway } from '../../ground-tools/gateway/server';

const missions = { 'earth-watch': earthWatch, 'link-bench': linkBench, learner };
type MissionName = keyof typeof missions;

export interface Flying {
  readonly port: number;
  readonly messages: readonly Message[];
  /** As Ctrl-C does; resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Resolves when the spacecraft flies and waits for a ground. */
export async function flyLive(
  mission: MissionName,
  options: LaunchOptions & { port?: number },
): Promise<Flying> {
  const link = `tcp-server:127.0.0.1:${options.port ?? 0}`;
  const child: ChildProcess = fork(
    join(projectRoot, 'fsw/launch.ts'),
    ['fly', mission, JSON.stringify({ board: 'live', link, ...options })],
    {
      execArgv: ['-r', 'ts-node/register/transpile-only'],
      cwd: projectRoot,
      env: { ...process.env, TS_NODE_PROJECT: join(projectRoot, 'tsconfig.json') },
    },
  );
  const messages: Message[] = [];
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: Message) => {
      messages.push(message);
      if (message.type === 'failed') reject(new Error(message.faults.map(({ text }) => text).join()));
      const notice = message.type === 'text' ? /^link (.*)$/m.exec(message.text)?.[1] : undefined;
      const spec = notice === undefined ? undefined : parseLink(notice);
      if (spec?.ok && 'port' in spec.value) resolve(spec.value.port);
    });
    void ended.then((code) => reject(new Error(`the launcher ended with ${code}`)));
  });
  return {
    port,
    messages,
    stop() {
      child.kill('SIGINT');
      return ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A gateway to it, and a client of that; `close` ends both. */
export async function groundOf(mission: MissionName, port: number, options: Partial<GatewayOptions> = {}) {
  const dictionary = dictionaryOf(missions[mission]);
  const gateway = await Gateway.open({
    link: { kind: 'tcp-client', host: '127.0.0.1', port },
    dictionary,
    dictionaryText: JSON.stringify(dictionaryJson(dictionary)),
    fsync: 'never',
    ...options,
  });
  if (!gateway.ok) throw new Error(gateway.error.text);
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  const at = `127.0.0.1:${server.value.port}`;
  const client = await GatewayClient.connect(at);
  if (!client.ok) throw new Error(client.error.text);
  return {
    gateway: gateway.value,
    client: client.value,
    at,
    async close() {
      client.value.close();
      await server.value.close();
      await gateway.value.close();
    },
  };
}

/** Errors: throws when it has not come true within `seconds`. */
export async function until(what: () => unknown, seconds = 20): Promise<void> {
  for (let i = 0; i < seconds * 100; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`never: ${what}`);
}
