/** The main side of the onnxruntime engine: one worker, spawned at the first load. */
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Engine } from './engine';
import type { Answers, Numbered, Reply, Request } from './protocol';

type Settle = (result: Result<never> | Reply['result']) => void;

export function onnxEngine(): Engine {
  const pending = new Map<number, Settle>();
  let worker: Worker | undefined;
  let lost = false;
  let lastId = 0;

  function spawn(): Worker {
    const fresh = startWorker();
    const gone = (reason: string) => {
      if (worker !== fresh) return;
      worker = undefined;
      lost = true;
      for (const settle of pending.values()) settle(fail('ENGINE_LOST', { reason }));
      pending.clear();
    };
    fresh.on('message', ({ id, result }: Reply) => {
      pending.get(id)?.(result);
      pending.delete(id);
    });
    fresh.on('error', (error) => gone(error.message));
    fresh.on('exit', (code) => gone(`exit code ${code}`));
    return fresh;
  }

  function ask<R extends Request>(request: R): Promise<Result<Answers[R['kind']]>> {
    return new Promise((resolve) => {
      if (lost) {
        resolve(fail('ENGINE_LOST', { reason: 'not restarted yet' }));
        return;
      }
      worker ??= spawn();
      const id = ++lastId;
      pending.set(id, resolve as Settle);
      const numbered: Numbered = { id, request };
      worker.postMessage(numbered);
    });
  }

  async function end(reason: string): Promise<void> {
    const old = worker;
    worker = undefined;
    for (const settle of pending.values()) settle(fail('ENGINE_LOST', { reason }));
    pending.clear();
    await old?.terminate();
  }

  return {
    get alive() {
      return !lost;
    },
    load: (model, providers) => ask({ kind: 'load', model, providers }),
    run: (model, count, input) => ask({ kind: 'run', model, count, input }),
    async release(model) {
      const released = await ask({ kind: 'release', model });
      return released.ok ? succeed(undefined) : released;
    },
    async restart() {
      await end('restarted');
      lost = false;
    },
    async close() {
      await end('closed');
      lost = true;
    },
  };
}

/** Runs compiled from `dist`, and from the TypeScript source in tests and development. */
function startWorker(): Worker {
  const extension = extname(__filename);
  const options: WorkerOptions = { execArgv: [] };
  if (extension === '.ts') {
    const register = createRequire(__filename).resolve('ts-node/register/transpile-only');
    options.execArgv = ['-r', register];
    options.env = { ...process.env, TS_NODE_PROJECT: join(__dirname, '..', '..', '..', 'tsconfig.json') };
  }
  return new Worker(join(__dirname, `onnxWorker${extension}`), options);
}
