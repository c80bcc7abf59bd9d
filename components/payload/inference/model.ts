import {
  defineComponent,
  enumeration,
  input,
  output,
  port,
  reference,
  Sched,
  type SelfOf,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { InferRequest, InferResult, ModelFetch, ModelOffer, ModelVerdict, ModelVersion } from '../ports';
import type { Engine, Outputs } from './engine';
import { onnxEngine } from './onnxEngine';

export const CLIENTS = 8;

/** Asks to have a model loaded before the first request for it comes. */
export const Prepare = port('Prepare', { model: string(40) });

/**
 * How live sessions are watched. A runtime copies the weights, so what heals the store doesn't heal them.
 * CANARY: at each load, and every `CanaryPeriodS`. TWIN: also, each request is run by two sessions whose outputs must
 * be the same bits, and only then given out.
 */
export const Guard = enumeration('Payload.InferenceGuard', { NONE: 0, CANARY: 1, TWIN: 2 });

export const inferenceModel = defineComponent({
  kind: 'active',
  doc: 'Runs verified models in a process of their own, one run at a time, each before its deadline, and watches their live copies.',
  ports: {
    request: input.async(InferRequest, CLIENTS),
    prepare: input.async(Prepare),
    offered: input.async(ModelOffer),
    schedIn: input.async(Sched),
    versionOf: input.sync(ModelVersion),
    result: output(InferResult, CLIENTS),
    verdict: output(ModelVerdict, { optional: true }),
    fetch: output(ModelFetch),
  },
  commands: {
    LOAD: { id: 0, args: { model: string(40) }, doc: 'Load a model, if it is not loaded.' },
    SWAP: {
      id: 1,
      args: { model: string(40) },
      doc: 'Load a fresh session of a model beside the old one, then let it take over.',
    },
    RELEASE: { id: 2, args: { model: string(40) }, doc: 'Release a loaded model.' },
    CHECK: {
      id: 3,
      args: { model: string(40) },
      doc: "Run a loaded model's canary now; a session that has changed is loaded anew.",
    },
  },
  events: {
    ModelLoaded: {
      id: 0,
      severity: 'activity-high',
      args: { model: string(40), version: string(20), provider: string(20) },
      format: '{model} {version} loaded by {provider}',
      doc: 'A model runs, by this execution provider.',
    },
    LoadFailed: {
      id: 1,
      severity: 'warning-high',
      args: { model: string(40), code: string(32), reason: string(160) },
      format: '{model} not loaded: {code}: {reason}',
      throttle: 20,
      doc: 'A verified model could not be loaded; what was loaded before still runs.',
    },
    ProviderUnavailable: {
      id: 2,
      severity: 'diagnostic',
      args: { provider: string(20), reason: string(160) },
      format: 'execution provider {provider} is not available: {reason}',
      throttle: 10,
      doc: 'A provider earlier in the list did not load a model.',
    },
    RunFailed: {
      id: 3,
      severity: 'warning-high',
      args: { model: string(40), code: string(32), reason: string(160) },
      format: '{model} run failed: {code}: {reason}',
      throttle: 20,
      doc: 'A run ended in an error, which its client was told.',
    },
    DeadlineMissed: {
      id: 4,
      severity: 'warning-high',
      args: { model: string(40), items: U16, deadlineUs: U32 },
      format: '{model} on {items} items was not done after {deadlineUs} us',
      throttle: 20,
      doc: 'A run was given up at its deadline; the engine starts afresh.',
    },
    EngineRestarted: {
      id: 5,
      severity: 'warning-high',
      args: { restarts: U32, reason: string(160) },
      format: 'inference engine restarted ({restarts} so far): {reason}',
      throttle: 20,
      doc: 'The engine was lost or given up; the new one has the same models.',
    },
    ModelReleased: {
      id: 6,
      severity: 'activity-high',
      args: { model: string(40) },
      format: '{model} released',
      doc: 'A model was released by command.',
    },
    ResultSuspect: {
      id: 7,
      severity: 'warning-low',
      args: { model: string(40), ticket: U32, reason: string(160) },
      format: '{model}, request {ticket}: the result is suspect and is not given out: {reason}',
      throttle: 50,
      doc: 'A live copy of the weights has changed; both sessions are loaded anew and the request is run again.',
    },
    CanaryMismatch: {
      id: 8,
      severity: 'warning-high',
      args: { model: string(40), runs: U32, reason: string(160) },
      format: '{model} has changed, within its last {runs} runs: {reason}',
      throttle: 50,
      doc: 'A canary no longer gives what it gave at the load. Without twins, results since the last good canary may be wrong.',
    },
    OfferRefused: {
      id: 9,
      severity: 'warning-high',
      args: { model: string(40), reason: string(160) },
      format: 'the version of {model} that was offered is not fit to fly: {reason}',
      throttle: 20,
      doc: 'Another version of a model did not load or did not pass its canary; the one before it runs on.',
    },
  },
  telemetry: {
    Provider: {
      id: 0,
      type: string(20),
      update: 'on-change',
      doc: 'Execution provider that really loaded the latest model.',
    },
    Runs: {
      id: 1,
      type: U32,
      update: 'on-change',
      doc: 'Requests that were answered with a result since boot.',
    },
    RunErrors: {
      id: 2,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Requests answered with NOT_LOADED or FAILED since boot.',
    },
    DeadlinesMissed: {
      id: 3,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0, red: 3 } },
      doc: 'Runs given up at their deadline since boot.',
    },
    LoadedModels: { id: 4, type: U16, update: 'on-change', doc: 'Models loaded now.' },
    EngineRestarts: {
      id: 5,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0, red: 3 } },
      doc: 'Times that the engine had to be started afresh since boot.',
    },
    CanaryRuns: { id: 6, type: U32, update: 'on-change', doc: 'Canaries run by live sessions since boot.' },
    CanaryMismatches: {
      id: 7,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Canaries that found a changed session since boot.',
    },
    ResultsSuspect: {
      id: 8,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Results that were not given out since boot, for two sessions did not agree.',
    },
    ResultsRedone: {
      id: 9,
      type: U32,
      update: 'on-change',
      doc: 'Results given out after a redo since boot.',
    },
    Reloads: {
      id: 10,
      type: U32,
      update: 'on-change',
      doc: 'Models loaded anew since boot, for a live copy had changed.',
    },
  },
  params: {
    Guard: {
      id: 0,
      type: Guard,
      default: 'CANARY',
      doc: 'How live sessions are watched. Holds for a model from its next load on: SWAP makes it so now.',
    },
    CanaryPeriodS: {
      id: 1,
      type: U16,
      default: 0,
      unit: 's',
      doc: 'Time from canary to canary of a loaded model; 0 runs none on schedule.',
    },
  },
  config: {
    providers: {
      type: string(80),
      default: 'tensorrt,cuda,cpu',
      doc: 'Execution providers to try in turn, comma separated.',
    },
    models: { type: string(200), default: '', doc: 'Models to load at start, comma separated.' },
    redos: {
      type: U8,
      default: 1,
      doc: 'How often a request is run again whose result was suspect, before it is answered with FAILED.',
    },
    deadlineUs: {
      type: U32,
      default: 5_000_000,
      min: 1,
      unit: 'us',
      doc: 'The longest that a run of a session may take.',
    },
    costUsPerRun: {
      type: U32,
      default: 2000,
      unit: 'us',
      doc: 'Flight time of a run in simulation, apart from its items.',
    },
    costUsPerItem: {
      type: U32,
      default: 1000,
      unit: 'us',
      doc: 'Flight time of each item of a run in simulation.',
    },
    loadCostUs: {
      type: U32,
      default: 500_000,
      unit: 'us',
      doc: 'Flight time of the load of a session in simulation.',
    },
    engine: {
      type: reference<() => Engine>('Engine'),
      default: onnxEngine,
      doc: 'Makes the engine that runs the models.',
    },
  },
});

/** A model that runs. */
export interface LoadedModel {
  readonly name: string;
  readonly version: string;
  /** Values of one item. */
  readonly itemSize: number;
  /** Names of its sessions in the engine: one, or twins. */
  readonly sessions: readonly string[];
  /** Its canary, and the exact outputs that its sessions gave when they were loaded. */
  readonly canary?: { readonly count: number; readonly input: Float32Array; readonly given: Outputs };
  /** When it was loaded or its canary was last good, flight time, and the runs since. */
  provenUs: number;
  runsSince: number;
}

export interface State {
  readonly engine: Engine;
  readonly loaded: Map<string, LoadedModel>;
  readonly reported: Set<string>;
  /** The engine has not answered by a deadline: it must be started afresh. */
  stuck: boolean;
  /** The ticket of an offer that is under trial. */
  trial?: number;
  /** Sessions made in this life: each has a name of its own. */
  sessions: number;
  runs: number;
  errors: number;
  deadlines: number;
  restarts: number;
  canaries: number;
  mismatches: number;
  suspects: number;
  redone: number;
  reloads: number;
}

export type Inference = SelfOf<typeof inferenceModel, State>;
