/**
 * The near side of the onnxruntime engine: one process of its own, spawned at the first load.
 *
 * Why not a worker thread: ending one while onnxruntime is in native code aborts the whole process
 * (measured with 1.30.0, every time), and so would a fault in a provider's library. A process can be killed at
 * its deadline and takes nothing with it. The price is a copy of the weights at each load and of the input
 * at each run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Engine } from './engine';
import type { Answers, Numbered, Reply, Request } from './protocol';

type Settle = (result: Reply['result']) => void;

const ONNX_PROCESS = join(__dirname, `onnxProcess${extname(__filename)}`);

/** `program` is the far side's file: another one than onnxruntime's may speak the same protocol. */
export function onnxEngine(program = ONNX_PROCESS): Engine {
  const pending = new Map<number, Settle>();
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
      const { id, result } = reply as Reply;
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

  function ask<R extends Request>(request: R): Promise<Result<Answers[R['kind']]>> {
    return new Promise((resolve) => {
      if (lost) {
        resolve(fail('ENGINE_LOST', { reason: 'not restarted yet' }));
        return;
      }
      runner ??= spawn();
      const numbered: Numbered = { id: ++lastId, request };
      pending.set(numbered.id, resolve as Settle);
      // A failure to send shows itself in the process's exit.
      runner.send(numbered, () => undefined);
    });
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
    // Shared memory does not go from process to process: what lies there is copied into plain memory.
    load(session, { graph, weights, canary, ...model }, providers) {
      const plain = { ...model, graph: new Uint8Array(graph), weights: new Uint8Array(weights) };
      return ask({ kind: 'load', session, model: plain, providers });
    },
    run: (session, count, input) => ask({ kind: 'run', session, count, input: new Float32Array(input) }),
    async release(session) {
      const released = await ask({ kind: 'release', session });
      return released.ok ? succeed(undefined) : released;
    },
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
  const project = join(__dirname, '..', '..', '..', 'tsconfig.json');
  return fork(program, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: register,
    env: source ? { ...process.env, TS_NODE_PROJECT: project } : process.env,
  });
}
