/**
 * Gives commands through a real gateway to the link bench, over a link that loses frames both ways, while the
 * spacecraft reboots; then compares what was reported of each with what was done on board. The losses are
 * seeded; which frame they meet depends on the host's clock.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { seededRandom } from '../../fsw/framework/random';
import { topology } from '../../fsw/missions/link-bench/topology';
import { projectRoot } from '../../fsw/root';
import { dictionaryFromJson } from '../../ground-tools/client/dictionaryFile';
import { GatewayClient } from '../../ground-tools/client/gatewayClient';
import { Gateway } from '../../ground-tools/gateway/gateway';
import type { CommandOutcome, OutcomeName } from '../../ground-tools/gateway/messages';
import { serveGateway } from '../../ground-tools/gateway/server';
import { flySpacecraft, type Spacecraft } from '../interop/spacecraft';
import { countedBench, type Executions } from './executions';
import { type FrameCount, lossyProxy } from './lossyProxy';

export interface SendsOptions {
  readonly commands: number;
  /** Part of the frames that is lost, each way. */
  readonly loss: number;
  readonly seed: number;
  /** How many of them go by a `perigee send` process each; the others by the client that it uses. */
  readonly processes?: number;
  /** Reboots of the spacecraft while commands are under way. */
  readonly reboots?: number;
  readonly progress?: (ended: number) => void;
}

export interface SendsReport {
  readonly commands: number;
  readonly outcomes: Readonly<Record<OutcomeName, number>>;
  /** Of those reported as unknown, how many were done and how many were not. */
  readonly unknownDone: number;
  readonly unknownNotDone: number;
  /** Commands that the spacecraft did more than once: 0. */
  readonly executedTwice: number;
  /** Reports that do not agree with what was done on board: none. */
  readonly untrue: readonly string[];
  /** By exit code of `perigee send`. */
  readonly exitCodes: Readonly<Record<string, number>>;
  readonly sentMoreThanOnce: number;
  readonly reboots: number;
  readonly up: FrameCount;
  readonly down: FrameCount;
  readonly seconds: number;
}

const IN_FLIGHT = 24;
const PROCESSES_AT_ONCE = 2;
const PATIENCE_MS = 30_000;
/** Of one in ten, who does not wait for a repetition to be answered. */
const IMPATIENCE_MS = 700;
const exitCodes: Readonly<Record<OutcomeName, number>> = {
  completed: 0,
  failed: 1,
  refused: 1,
  unknown: 3,
  'link-down': 4,
};

interface Order {
  readonly name: string;
  readonly args: Readonly<Record<string, string | number>>;
  /** What names it on board. */
  readonly key: string;
  readonly timeoutMs: number;
}
type Told = Pick<CommandOutcome, 'outcome' | 'status' | 'sent'> & { readonly exitCode?: number };

/** One of four kinds: done, refused by the component, a parameter set, a parameter out of its range. */
function orderOf(n: number, random: ReturnType<typeof seededRandom>): Order {
  const kind = random.next();
  const timeoutMs = random.next() < 0.1 ? IMPATIENCE_MS : PATIENCE_MS;
  const gain = (val: number): Order => ({
    name: 'instrument.Gain_PRM_SET',
    args: { val },
    key: `Gain ${val}`,
    timeoutMs,
  });
  // Whole multiples of 2^-16 from 2 on: exact, none twice, never the default.
  if (kind < 0.1) return gain(11 + n / 65_536);
  if (kind < 0.25) return gain(2 + n / 65_536);
  const text = `command ${n}`;
  if (kind < 0.45)
    return { name: 'instrument.REFUSE', args: { reason: text }, key: `REFUSE ${text}`, timeoutMs };
  return { name: 'instrument.SAY', args: { text }, key: `SAY ${text}`, timeoutMs };
}

/** Throws when it cannot begin: this is for tests. */
export async function sendThousand(options: SendsOptions): Promise<SendsReport> {
  const { commands, loss, seed, processes = 0, reboots = 0, progress } = options;
  const startedMs = performance.now();
  const executions: Executions = new Map();
  const bench = countedBench(executions);
  let spacecraft = await flySpacecraft(bench, { link: 'tcp-server:127.0.0.1:0' });
  const { folder, link } = spacecraft;
  const proxy = await lossyProxy({ port: portOf(link), loss, seed });
  const station = await openStation(proxy.port);

  const random = seededRandom(seed, 'orders');
  const orders = Array.from({ length: commands }, (_, n) => orderOf(n, random));
  const told = new Map<Order, Told>();
  const stride = Math.floor(commands / Math.max(1, processes));
  const isProcess = (_: Order, n: number) => n % stride === 0 && n / stride < processes;
  let rebooting = Promise.resolve();
  let rebooted = 0;
  const end = (order: Order, how: Told) => {
    told.set(order, how);
    progress?.(told.size);
    if (told.size < ((rebooted + 1) * commands) / (reboots + 1) || rebooted >= reboots) return;
    rebooted++;
    rebooting = rebooting.then(async () => {
      await spacecraft.stop();
      spacecraft = await flySpacecraft(bench, { link: `tcp-server:127.0.0.1:${portOf(link)}`, folder });
    });
  };
  await Promise.all([
    inPool(
      IN_FLIGHT,
      orders.filter((order, n) => !isProcess(order, n)),
      async (order) => end(order, await byClient(station.client, order)),
    ),
    inPool(PROCESSES_AT_ONCE, orders.filter(isProcess), async (order) =>
      end(order, await byProcess(station.address, order)),
    ),
  ]);
  await rebooting;
  // What was given up may still be on its way up.
  await new Promise((done) => setTimeout(done, 1000));
  await station.close();
  await proxy.close();
  await spacecraft.stop();
  rmSync(folder, { recursive: true });
  const { up, down } = proxy;
  const seconds = (performance.now() - startedMs) / 1000;
  return { commands, ...compare(orders, told, executions), reboots: rebooted, up, down, seconds };
}

function compare(orders: readonly Order[], told: ReadonlyMap<Order, Told>, executions: Executions) {
  const outcomes = { completed: 0, failed: 0, unknown: 0, refused: 0, 'link-down': 0 };
  const codes: Record<string, number> = {};
  const untrue: string[] = [];
  const report = { unknownDone: 0, unknownNotDone: 0, executedTwice: 0, sentMoreThanOnce: 0 };
  const keys = new Set(orders.map(({ key }) => key));
  for (const key of executions.keys()) if (!keys.has(key)) untrue.push(`${key}: done, and never commanded`);
  for (const order of orders) {
    const { outcome, status, sent, exitCode } = told.get(order) ?? { outcome: 'none', status: '', sent: 0 };
    const { times, done } = executions.get(order.key) ?? { times: 0, done: false };
    if (times > 1) report.executedTwice++;
    if (sent > 1) report.sentMoreThanOnce++;
    if (exitCode !== undefined) codes[exitCode] = (codes[exitCode] ?? 0) + 1;
    if (outcome !== 'none') outcomes[outcome]++;
    if (outcome === 'unknown' && done) report.unknownDone++;
    if (outcome === 'unknown' && !done) report.unknownNotDone++;
    const isTrue =
      (outcome === 'completed' && times === 1 && done) ||
      (outcome === 'failed' && times <= 1 && !done) ||
      (outcome === 'unknown' && times <= 1) ||
      ((outcome === 'refused' || outcome === 'link-down') && times === 0);
    const isExitTrue = exitCode === undefined || (outcome !== 'none' && exitCode === exitCodes[outcome]);
    if (!isTrue || !isExitTrue)
      untrue.push(
        `${order.key}: told ${outcome} ${status} (${exitCode}), begun ${times} times, done: ${done}`,
      );
  }
  return { outcomes, ...report, untrue, exitCodes: codes };
}

async function inPool<T>(size: number, list: readonly T[], give: (one: T) => Promise<void>): Promise<void> {
  const rest = list.values();
  await Promise.all(
    Array.from({ length: size }, async () => {
      for (const one of rest) await give(one);
    }),
  );
}

async function byClient(client: GatewayClient, { name, args, timeoutMs }: Order): Promise<Told> {
  const ended = await client.command(name, args, timeoutMs);
  if (!ended.ok) throw new Error(ended.error.text);
  // Whoever is told that the link is down waits until it is up.
  if (ended.value.outcome === 'link-down') await until(() => client.status.link.up);
  return ended.value;
}

/** A whole `perigee send`, as a person types it. */
function byProcess(gateway: string, { name, args, timeoutMs }: Order): Promise<Told> {
  const words = Object.entries(args).map(([arg, value]) => `${arg}=${value}`);
  const perigee = join(projectRoot, 'ground-tools/bin/perigee.mjs');
  const timeout = `${timeoutMs / 1000}`;
  const argv = [perigee, 'send', name, ...words, '--gateway', gateway, '--json', '--timeout', timeout];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      try {
        resolve({ ...(JSON.parse(out) as Told), exitCode: code ?? -1 });
      } catch {
        reject(new Error(`perigee ${argv.slice(1).join(' ')}: ${out}`));
      }
    });
  });
}

function portOf(link: Spacecraft['link']): number {
  if (link.kind !== 'tcp-server') throw new Error('it does not listen');
  return link.port;
}

/** A gateway as `perigee gateway` opens it, and a client. */
async function openStation(port: number) {
  const dictionaryText = JSON.stringify(dictionaryJson(dictionaryOf(topology)));
  const dictionary = dictionaryFromJson(dictionaryText, 'link-bench');
  if (!dictionary.ok) throw new Error(dictionary.error.text);
  const link = { kind: 'tcp-client', host: '127.0.0.1', port } as const;
  const gateway = await Gateway.open({ link, dictionary: dictionary.value, dictionaryText });
  if (!gateway.ok) throw new Error(gateway.error.text);
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  const address = `127.0.0.1:${server.value.port}`;
  const client = await GatewayClient.connect(address);
  if (!client.ok) throw new Error(client.error.text);
  const isUp = () => gateway.value.status.link.up;
  await until(isUp);
  return {
    address,
    client: client.value,
    async close() {
      client.value.close();
      await server.value.close();
      await gateway.value.close();
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; !isSo() && waits < 1000; waits++) await new Promise((done) => setTimeout(done, 20));
  if (!isSo()) throw new Error('the link does not come up');
}
