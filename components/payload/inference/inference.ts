/** Runs models for its clients, one run at a time, each before its deadline. */
import { type Fault, fail } from '../../../fsw/errors';
import {
  type Clock,
  component,
  defineComponent,
  input,
  ok,
  output,
  port,
  reference,
  refused,
  type Self,
  string,
  U16,
  U32,
  type Value,
} from '../../../fsw/framework';
import { InferRequest, InferResult, type InferStatus, ModelFetch } from '../ports';
import type { Engine, Outputs } from './engine';
import { onnxEngine } from './onnxEngine';

const CLIENTS = 4;

/** Asks to have a model loaded before the first request for it comes. */
export const Prepare = port('Prepare', { model: string(40) });

export const inferenceModel = defineComponent({
  kind: 'active',
  doc: 'Runs verified models in a process of their own, one run at a time, each before its deadline.',
  ports: {
    request: input.async(InferRequest, CLIENTS),
    prepare: input.async(Prepare),
    result: output(InferResult, CLIENTS),
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
  },
  telemetry: {
    Provider: {
      id: 0,
      type: string(20),
      update: 'on-change',
      doc: 'Execution provider that really loaded the latest model.',
    },
    Runs: { id: 1, type: U32, update: 'on-change', doc: 'Runs that gave an answer since boot.' },
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
  },
  config: {
    providers: {
      type: string(80),
      default: 'tensorrt,cuda,cpu',
      doc: 'Execution providers to try in turn, comma separated.',
    },
    models: { type: string(200), default: '', doc: 'Models to load at start, comma separated.' },
    deadlineUs: {
      type: U32,
      default: 5_000_000,
      min: 1,
      unit: 'us',
      doc: 'The longest that a run may take.',
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
    loadCostUs: { type: U32, default: 500_000, unit: 'us', doc: 'Flight time of a load in simulation.' },
    engine: {
      type: reference<() => Engine>('Engine'),
      default: onnxEngine,
      doc: 'Makes the engine that runs the models.',
    },
  },
});

interface LoadedModel {
  /** Values of one item. */
  readonly itemSize: number;
}

interface State {
  readonly engine: Engine;
  readonly loaded: Map<string, LoadedModel>;
  readonly reported: Set<string>;
  runs: number;
  errors: number;
  deadlines: number;
  restarts: number;
}

type M = typeof inferenceModel;
type Inference = Self<M['ports'], M['events'], M['telemetry'], M['params'], M['config'], State>;

export const inference = component(inferenceModel, {
  state: ({ config }): State => ({
    engine: config.engine(),
    loaded: new Map(),
    reported: new Set(),
    runs: 0,
    errors: 0,
    deadlines: 0,
    restarts: 0,
  }),
  start(self) {
    // Through the own queue, so that loading keeps the component busy as a request does.
    for (const model of listed(self.config.models)) self.in.prepare({ model });
  },
  stop: ({ state }) => state.engine.close(),
  ports: (self) => ({
    async request({ ticket, model, count, input: items }, client) {
      const { status, outputs } = await serve(self, model, count, items);
      self.out.result[client]({ ticket, status, outputs });
    },
    async prepare({ model }) {
      await need(self, model);
    },
  }),
  commands: (self) => ({
    async LOAD({ model }) {
      return (await need(self, model)) ? ok : refused(`${model} could not be loaded`);
    },
    async SWAP({ model }) {
      if (!self.state.loaded.has(model)) return refused(`${model} is not loaded`);
      return (await load(self, model)) ? ok : refused(`the old ${model} runs on`);
    },
    async RELEASE({ model }) {
      const { state, event, tlm } = self;
      if (!state.loaded.delete(model)) return refused(`${model} is not loaded`);
      tlm.LoadedModels(state.loaded.size);
      await self.clock.work(state.engine.release(model), 0);
      event.ModelReleased({ model });
      return ok;
    },
  }),
});

interface Served {
  readonly status: Value<typeof InferStatus>;
  readonly outputs: Outputs;
}

async function serve(self: Inference, model: string, count: number, items: Float32Array): Promise<Served> {
  const { state, event, tlm, clock, config } = self;
  const loaded = await need(self, model);
  if (loaded === undefined) {
    tlm.RunErrors(++state.errors);
    return { status: 'NOT_LOADED', outputs: {} };
  }
  const size = loaded.itemSize;
  if (items.length !== count * size)
    return failed(fail('INFER_ASKED', { model, items: count, size, length: items.length }).error);
  const costUs = config.costUsPerRun + count * config.costUsPerItem;
  const run = await before(clock, config.deadlineUs, state.engine.run(model, count, items), costUs);
  if (run === undefined) {
    tlm.DeadlinesMissed(++state.deadlines);
    event.DeadlineMissed({ model, items: count, deadlineUs: config.deadlineUs });
    await revive(self, 'a run was beyond its deadline');
    return { status: 'DEADLINE', outputs: {} };
  }
  if (!run.ok) {
    const answer = failed(run.error);
    if (!state.engine.alive) await revive(self, run.error.text);
    return answer;
  }
  tlm.Runs(++state.runs);
  return { status: 'OK', outputs: run.value };

  function failed({ code, text }: Fault): Served {
    tlm.RunErrors(++state.errors);
    event.RunFailed({ model, code, reason: text });
    return { status: 'FAILED', outputs: {} };
  }
}

/** The model, loaded now if it wasn't; an engine that was lost meanwhile is brought back first. */
async function need(self: Inference, model: string): Promise<LoadedModel | undefined> {
  const { engine, loaded } = self.state;
  if (!engine.alive) await revive(self, 'it ended between two runs');
  return loaded.get(model) ?? (await load(self, model));
}

/** Fetches a model, verified at this moment, and loads it in place of the one of the same name. */
async function load(self: Inference, model: string): Promise<LoadedModel | undefined> {
  const { state, out, event, tlm, clock, config } = self;
  const stored = out.fetch({ model });
  if (stored === undefined) return undefined;
  const done = await clock.work(state.engine.load(stored, listed(config.providers)), config.loadCostUs);
  if (!done.ok) {
    event.LoadFailed({ model, code: done.error.code, reason: done.error.text });
    return undefined;
  }
  const { provider, refused: others } = done.value;
  for (const other of others) {
    if (state.reported.has(other.provider)) continue;
    state.reported.add(other.provider);
    event.ProviderUnavailable(other);
  }
  const itemSize = stored.input.shape.slice(1).reduce<number>((size, side) => size * Number(side), 1);
  const entry = { itemSize };
  state.loaded.set(model, entry);
  tlm.Provider(provider);
  tlm.LoadedModels(state.loaded.size);
  event.ModelLoaded({ model, version: stored.version, provider });
  return entry;
}

/** Starts the engine afresh and gives it the models that it had. */
async function revive(self: Inference, reason: string): Promise<void> {
  const { state, event, tlm, clock } = self;
  const models = [...state.loaded.keys()];
  state.loaded.clear();
  await clock.work(state.engine.restart(), 0);
  tlm.EngineRestarts(++state.restarts);
  event.EngineRestarted({ restarts: state.restarts, reason });
  for (const model of models) await load(self, model);
  tlm.LoadedModels(state.loaded.size);
}

/** The result of `work`, or undefined when it is not there at the deadline. */
function before<T>(
  clock: Clock,
  deadlineUs: number,
  work: Promise<T>,
  costUs: number,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(deadlineUs, async () => resolve(undefined));
    clock.work(work, costUs).then((value) => {
      timer.cancel();
      resolve(value);
    }, reject);
  });
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
