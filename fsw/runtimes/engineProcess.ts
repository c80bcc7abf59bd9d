/**
 * The near side of an engine in a process of its own, spawned at the first request.
 *
 * Why not a worker thread: ending one while onnxruntime is in native code aborts the whole process
 * (measured with 1.30.0, every time), and so would a fault in a provider's library. A process can be killed at
 * its deadline and takes nothing with it. The price is a copy of what goes over, there and back.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fail, type Result } from '../errors';

/** A request with the number that its answer comes back with. */
export interface Numbered<R> {
  readonly id: number;
  readonly request: R;
}

export interface Reply<A> {
  readonly id: number;
  readonly result: Result<A>;
}

/** Every promise is kept: what was under way when the process ended is answered ENGINE_LOST. */
export interface EngineProcess<R, A> {
  /** False after the process was lost; `restart` brings it back, empty. */
  readonly alive: boolean;
  ask(request: R): Promise<Result<A>>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** `program` is the far side's file, which calls `serveRequests`. */
export function engineProcess<R, A>(program: string): EngineProcess<R, A> {
  const pending = new Map<number, (result: Result<A>) => void>();
  let runner: ChildProcess | undefined;
  let lost = false;
  let lastId = 0;

  function spawn(): ChildProcess {
    const fresh = startProcess(program);
    const gone = (reason: string) => {
      if (runner !== fresh) return;
      runner = undefined;
      lost = true;
      abandon(reason);
    };
    fresh.on('message', (reply) => {
      const { id, result } = reply as Reply<A>;
      pending.get(id)?.(result);
      pending.delete(id);
    });
    fresh.on('error', (error) => gone(error.message));
    fresh.on('exit', (code, signal) => gone(signal ?? `exit code ${code}`));
    return fresh;
  }

  function abandon(reason: string): void {
    for (const settle of pending.values()) settle(fail('ENGINE_LOST', { reason }));
    pending.clear();
  }

  async function end(reason: string): Promise<void> {
    const old = runner;
    runner = undefined;
    abandon(reason);
    if (old === undefined || old.exitCode !== null || old.signalCode !== null) return;
    const ended = new Promise((resolve) => old.once('exit', resolve));
    old.kill('SIGKILL');
    await ended;
  }

  return {
    get alive() {
      return !lost;
    },
    ask: (request) =>
      new Promise((resolve) => {
        if (lost) {
          resolve(fail('ENGINE_LOST', { reason: 'not restarted yet' }));
          return;
        }
        runner ??= spawn();
        const numbered: Numbered<R> = { id: ++lastId, request };
        pending.set(numbered.id, resolve);
        // A failure to send shows itself in the process's exit.
        runner.send(numbered, () => undefined);
      }),
    async restart() {
      await end('restarted');
      lost = false;
    },
    async close() {
      lost = true;
      await end('closed');
    },
  };
}

/** Runs compiled JavaScript as it is, and in tests and development the TypeScript source. */
function startProcess(program: string): ChildProcess {
  const source = extname(program) === '.ts';
  const register = source ? ['-r', createRequire(__filename).resolve('ts-node/register/transpile-only')] : [];
  const project = join(__dirname, '..', '..', 'tsconfig.json');
  return fork(program, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: register,
    env: source ? { ...process.env, TS_NODE_PROJECT: project } : process.env,
  });
}
