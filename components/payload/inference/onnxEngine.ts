/** The near side of the onnxruntime engine: a process of its own, which copies the weights at each load and the input at each run. */
import { extname, join } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import { engineProcess } from '../../../fsw/runtimes/engineProcess';
import type { Engine } from './engine';
import type { Answers, Request } from './protocol';

const ONNX_PROCESS = join(__dirname, `onnxProcess${extname(__filename)}`);

/** `program` is the far side's file: another one than onnxruntime's may speak the same protocol. */
export function onnxEngine(program = ONNX_PROCESS): Engine {
  const far = engineProcess<Request, Answers[keyof Answers]>(program);
  const ask = <R extends Request>(request: R) => far.ask(request) as Promise<Result<Answers[R['kind']]>>;
  return {
    get alive() {
      return far.alive;
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
    restart: far.restart,
    close: far.close,
  };
}
