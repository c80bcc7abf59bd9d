/** F´ GDS, headless, and its test API. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Venv } from '../python';

export interface GdsEvent {
  readonly name: string;
  readonly severity: string;
  readonly text: string;
  readonly args: readonly unknown[];
}
export interface GdsChannel {
  readonly name: string;
  readonly value: unknown;
  readonly text: string;
}

export interface Gds {
  /** Calls a method of IntegrationTestAPI, or one of gdsApi.py's own. Rejects with what it raised. */
  call<T>(method: string, args?: readonly unknown[], kwargs?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Where files that came down are. */
  readonly storage: string;
  stop(): Promise<void>;
}

/** `end`: GDS connects to the spacecraft (`client`) or waits for it (`server`), on 127.0.0.1. */
export async function startGds(
  { bin, python }: Venv,
  dictionary: string,
  folder: string,
  end: { readonly role: 'client' | 'server'; readonly port: number },
): Promise<Gds> {
  mkdirSync(folder, { recursive: true });
  const storage = join(folder, 'storage');
  const common = [
    ...['--dictionary', dictionary],
    ...['--zmq-transport', `ipc://${join(folder, 'in.sock')}`, `ipc://${join(folder, 'out.sock')}`],
    ...['--file-storage-directory', storage],
  ];
  const log = openSync(join(folder, 'gds.log'), 'w');
  // A process group of its own: GDS leaves its children behind when it is ended alone.
  const ground = spawn(
    join(bin, 'fprime-gds'),
    [
      ...['-n', '--gui', 'none', '--log-directly', '-l', join(folder, 'logs')],
      ...['--ip-address', '127.0.0.1', '--ip-port', `${end.port}`],
      ...(end.role === 'client' ? ['--ip-client'] : []),
      ...common,
    ],
    { cwd: folder, detached: true, stdio: ['ignore', log, log], env: withPath(bin) },
  );
  const client = spawn(
    python,
    [join(__dirname, 'gdsApi.py'), join(folder, 'api'), ...common, '-l', join(folder, 'clientLogs')],
    { cwd: folder, detached: true, stdio: ['pipe', 'pipe', log], env: withPath(bin) },
  );
  closeSync(log);
  const { stdin, stdout } = client;
  if (stdin === null || stdout === null) throw new Error('no pipes to the test API of GDS');
  const replies = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const reply = async () => {
    const { value, done } = await replies.next();
    if (done) throw new Error(`the test API of GDS has ended; see ${folder}`);
    const { result, error } = JSON.parse(value) as { result?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return result;
  };
  await reply();

  let last: Promise<unknown> = Promise.resolve();
  return {
    storage,
    call<T>(method: string, args: readonly unknown[] = [], kwargs = {}) {
      const next = last
        .catch(() => undefined)
        .then(() => {
          stdin.write(`${JSON.stringify({ method, args, kwargs })}\n`);
          return reply();
        });
      last = next;
      return next as Promise<T>;
    },
    async stop() {
      await Promise.all([endGroup(client), endGroup(ground)]);
    },
  };
}

function withPath(bin: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
}

/** Ends a process and all that it started. */
async function endGroup(child: ChildProcess): Promise<void> {
  const closed = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch {
    // It is gone.
  }
  await closed;
}
