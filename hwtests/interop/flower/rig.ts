/** A SuperLink, a proxy before it, the gateway as a process and a constellation: what the suite puts together. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import type { RunConfig, SuperLinkProcess } from '../../../ground-tools/federation/superLinkProcess';
import { groundKey, type TestSatellite } from '../../../ground-tools/federation/testSatellites';
import type { GatewayEvent } from '../../../ground-tools/federation/virtualSatellite';
import type { Constellation } from './constellation';
import type { FromGateway, Settings } from './gatewayProcess';

/** As a head and a block of a small network: some 20 kB. */
export const layout = [
  { name: 'blocks.0.weight', dims: [64, 48] },
  { name: 'head.weight', dims: [10, 192] },
  { name: 'head.bias', dims: [10] },
] as const;
const size = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
export const values = layout.reduce((sum, { dims }) => sum + size(dims), 0);

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

export function workFolder(): string {
  return mkdtempSync(join(tmpdir(), 'perigee-flower-'));
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Parameters to begin with, as a safetensors file; returns them. */
export function writeInitial(file: string): Float32Array {
  const random = seededRandom(7);
  const initial = Float32Array.from({ length: values }, () => random.normal() * 0.3);
  let at = 0;
  const header = layout.map(({ name, dims }) => {
    const first = at;
    at += size(dims) * 4;
    return [name, { dtype: 'F32', shape: dims, data_offsets: [first, at] }];
  });
  const head = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(head.length);
  writeFileSync(file, Buffer.concat([length, head, new Uint8Array(initial.buffer)]));
  return initial;
}

/** The parameters in a file of the app, as the flat vector. */
export function readParameters(file: string): Float32Array {
  const bytes = readFileSync(file);
  const start = 8 + bytes.readUInt32LE(0);
  return new Float32Array(new Uint8Array(bytes.subarray(start)).buffer);
}

export const order: RunConfig = {
  base: 'ab'.repeat(32),
  what: 'head',
  steps: 20,
  coding: 'float32',
  timeout: 300,
};

export async function until(what: string, done: () => boolean, seconds = 100): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !done(); ) {
    if (Date.now() > end) throw new Error(`${what}: not in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until a run of the app has ended, by the file that it writes last. */
export function ended(out: string): Promise<void> {
  return until(`the run in ${out}`, () => existsSync(join(out, 'metrics.json')));
}

export class GatewayRun {
  readonly events: GatewayEvent[] = [];
  kills = 0;
  #child: ChildProcess | undefined;

  constructor(
    readonly superlink: string,
    readonly state: string,
    readonly satellites: readonly TestSatellite[],
    readonly constellation: Constellation,
  ) {}

  start(): void {
    const settings: Settings = {
      superlink: this.superlink,
      state: this.state,
      satellites: Object.fromEntries(
        this.satellites.map(({ name, key }) => [
          name,
          String(key.publicKey.export({ type: 'spki', format: 'pem' })),
        ]),
      ),
      taskKey: String(groundKey.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    };
    const child = fork(join(__dirname, 'gatewayProcess.ts'), [JSON.stringify(settings)], {
      execArgv: ['-r', 'ts-node/register/transpile-only'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message: FromGateway) => {
      if ('event' in message) this.events.push(message.event);
      else void this.#answer(child, message);
    });
    this.#child = child;
  }

  async #answer(
    child: ChildProcess,
    { ask, call, args }: Extract<FromGateway, { ask: number }>,
  ): Promise<void> {
    const work = this.constellation[call] as (...given: readonly unknown[]) => Promise<unknown>;
    const answer = await work.apply(this.constellation, [...args]);
    if (child.connected) child.send({ ask, answer }, () => undefined);
  }

  /** Ends it as a power cut does, and starts another on the same state. */
  async killAndRestart(): Promise<void> {
    this.kills++;
    await this.stop();
    this.start();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  told(what: GatewayEvent['what']): string[] {
    return this.events
      .filter((event) => event.what === what)
      .map(({ satellite, text }) => `${satellite}: ${text}`);
  }
}

/** Runs the app, and waits for its end. */
export async function runApp(
  superlink: SuperLinkProcess,
  folder: string,
  name: string,
  config: RunConfig,
): Promise<string> {
  const out = join(folder, name);
  must(superlink.run({ ...order, initial: join(folder, 'initial.safetensors'), out, ...config }));
  return out;
}
