/** Training with onnxruntime in a process of its own: the engine that flies. */
import { extname, join } from 'node:path';
import { type Result, succeed } from '../../errors';
import { engineProcess } from '../../runtimes/engineProcess';
import type { Loaded, Tensor } from '../trainingEngine';
import type { PlanData, TunedModel, TuningChoice } from '../tuning';
import type { FlightEngine, Learned, LearnedWeights } from './workshop';

/** What the two sides say to each other. */
export type Request =
  | {
      readonly kind: 'load';
      readonly session: string;
      readonly graph: Uint8Array;
      readonly weights: { readonly name: string; readonly bytes: Uint8Array } | undefined;
      readonly providers: readonly string[];
    }
  | {
      readonly kind: 'run';
      readonly session: string;
      readonly inputs: Readonly<Record<string, Tensor>>;
    }
  | { readonly kind: 'plan'; readonly model: TunedModel; readonly choice: TuningChoice }
  | {
      readonly kind: 'merge';
      readonly model: TunedModel;
      readonly choice: TuningChoice;
      readonly learned: Learned;
    }
  | { readonly kind: 'release'; readonly session: string };

/** What each kind of request is answered with. */
export interface Answers {
  load: Loaded;
  run: Readonly<Record<string, Float32Array>>;
  plan: PlanData;
  merge: LearnedWeights;
  release: undefined;
}

const TRAINING_PROCESS = join(__dirname, `trainingProcess${extname(__filename)}`);

/** `program` is the far side's file: another one than onnxruntime's may speak the same protocol. */
export function ownProcessEngine(program = TRAINING_PROCESS): FlightEngine {
  const far = engineProcess<Request, Answers[keyof Answers]>(program);
  const ask = <R extends Request>(request: R) => far.ask(request) as Promise<Result<Answers[R['kind']]>>;
  return {
    get alive() {
      return far.alive;
    },
    // Shared memory does not go from process to process: what lies there is copied into plain memory.
    load: (session, graph, weights, providers) =>
      ask({
        kind: 'load',
        session,
        graph: new Uint8Array(graph),
        weights: weights && { name: weights.name, bytes: new Uint8Array(weights.bytes) },
        providers,
      }),
    run: (session, inputs) => ask({ kind: 'run', session, inputs }),
    plan: (model, choice) => ask({ kind: 'plan', model: plain(model), choice }),
    merge: (model, choice, learned) => ask({ kind: 'merge', model: plain(model), choice, learned }),
    async release(session) {
      const released = await ask({ kind: 'release', session });
      return released.ok ? succeed(undefined) : released;
    },
    restart: far.restart,
    close: far.close,
  };
}

function plain(model: TunedModel): TunedModel {
  return { ...model, graph: new Uint8Array(model.graph), weights: new Uint8Array(model.weights) };
}
