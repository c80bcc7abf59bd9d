/** Runs models for its clients, one run at a time, each before its deadline, and watches their live copies. */
import { fail } from '../../../fsw/errors';
import { component, ok, refused, type Value } from '../../../fsw/framework';
import type { InferStatus, StoredModel } from '../ports';
import type { Outputs } from './engine';
import { type Inference, inferenceModel, type LoadedModel, type State } from './model';
import { check, forget, listed, load, open, runGuarded, usable } from './sessions';

export { inferenceModel, Prepare } from './model';

export const inference = component(inferenceModel, {
  state: ({ config }): State => ({
    engine: config.engine(),
    loaded: new Map(),
    reported: new Set(),
    stuck: false,
    sessions: 0,
    runs: 0,
    errors: 0,
    deadlines: 0,
    restarts: 0,
    canaries: 0,
    mismatches: 0,
    suspects: 0,
    redone: 0,
    reloads: 0,
  }),
  start(self) {
    // Through the own queue, so that loading keeps the component busy as a request does.
    for (const model of listed(self.config.models)) self.in.prepare({ model });
  },
  stop({ state, out }) {
    if (state.trial !== undefined)
      out.verdict({ ticket: state.trial, fit: false, reason: 'inference ended during the trial' });
    return state.engine.close();
  },
  ports: (self) => ({
    async request({ ticket, model, count, input: items }, client) {
      const served = await serve(self, ticket, model, count, items);
      self.out.result[client]({ ticket, ...served });
    },
    async prepare({ model }) {
      await need(self, model);
    },
    async offered({ ticket, model, fetch }) {
      self.state.trial = ticket;
      const reason = await faultOf(self, model, fetch);
      self.state.trial = undefined;
      if (reason !== undefined) self.event.OfferRefused({ model, reason });
      self.out.verdict({ ticket, fit: reason === undefined, reason: reason ?? '' });
    },
    versionOf: ({ model }) => self.state.loaded.get(model)?.version ?? '',
    async schedIn() {
      const { state, param, clock } = self;
      if (param.CanaryPeriodS === 0) return;
      for (const loaded of [...state.loaded.values()])
        if (clock.nowUs() >= loaded.provenUs + param.CanaryPeriodS * 1e6) await watch(self, loaded);
    },
  }),
  commands: (self) => ({
    async LOAD({ model }) {
      return (await need(self, model)) ? ok : refused(`${model} could not be loaded`);
    },
    async SWAP({ model }) {
      if (!self.state.loaded.has(model)) return refused(`${model} is not loaded`);
      await ready(self);
      return (await load(self, model)) ? ok : refused(`the old ${model} runs on`);
    },
    async RELEASE({ model }) {
      const loaded = self.state.loaded.get(model);
      if (loaded === undefined) return refused(`${model} is not loaded`);
      await forget(self, loaded);
      self.event.ModelReleased({ model });
      return ok;
    },
    async CHECK({ model }) {
      const loaded = self.state.loaded.get(model);
      if (loaded === undefined) return refused(`${model} is not loaded`);
      if (loaded.canary === undefined) return refused(`${model} has no canary`);
      return (await watch(self, loaded)) ? ok : refused(`${model} had changed`);
    },
  }),
});

interface Served {
  readonly status: Value<typeof InferStatus>;
  readonly redone: boolean;
  readonly outputs: Outputs;
}

/** Answers a request. With twins a result that is not beyond doubt is run again, on sessions that are loaded anew. */
async function serve(
  self: Inference,
  ticket: number,
  model: string,
  count: number,
  items: Float32Array,
): Promise<Served> {
  const { state, event, tlm, config } = self;
  for (let redo = 0; ; redo++) {
    const loaded = await need(self, model);
    if (loaded === undefined) return without('NOT_LOADED');
    const run =
      items.length === count * loaded.itemSize
        ? await runGuarded(self, loaded, count, items)
        : fail('INFER_ASKED', { model, items: count, size: loaded.itemSize, length: items.length });
    if (run.ok) {
      if (redo > 0) tlm.ResultsRedone(++state.redone);
      tlm.Runs(++state.runs);
      return { status: 'OK', redone: redo > 0, outputs: run.value };
    }
    const { code, text } = run.error;
    if (code === 'ENGINE_DEADLINE') {
      await ready(self);
      return { status: 'DEADLINE', redone: false, outputs: {} };
    }
    const doubtful = loaded.sessions.length > 1 && code !== 'INFER_ASKED';
    if (doubtful) {
      tlm.ResultsSuspect(++state.suspects);
      event.ResultSuspect({ model, ticket, reason: text });
      if (usable(state)) await giveUp(self, loaded);
    }
    if (doubtful && redo < config.redos) continue;
    event.RunFailed({ model, code, reason: text });
    await ready(self, text);
    return without('FAILED');
  }

  function without(status: Served['status']): Served {
    tlm.RunErrors(++state.errors);
    return { status, redone: false, outputs: {} };
  }
}

/** The model, loaded now if it wasn't; an engine that was lost meanwhile is brought back first. */
async function need(self: Inference, model: string): Promise<LoadedModel | undefined> {
  await ready(self);
  return self.state.loaded.get(model) ?? (await load(self, model));
}

/** Puts another version of a model on trial; why it is not fit to fly, or undefined when it has taken over. */
async function faultOf(
  self: Inference,
  model: string,
  fetch: () => StoredModel | undefined,
): Promise<string | undefined> {
  await ready(self);
  const stored = fetch();
  if (stored === undefined) return 'the store has no whole copy of it';
  if (stored.name !== model) return `it is a version of ${stored.name}`;
  const opened = await open(self, stored);
  // A trial that took the engine along must not take the others: they fly on before the verdict is out.
  await ready(self);
  return opened.ok ? undefined : opened.error.text;
}

/** Runs the canary of a loaded model: true when it is as it was. What has changed is loaded anew. */
async function watch(self: Inference, loaded: LoadedModel): Promise<boolean> {
  const { state, event, tlm, clock } = self;
  const { name: model } = loaded;
  await ready(self);
  // Sessions that were loaded meanwhile have just been proven.
  if (loaded.canary === undefined || state.loaded.get(model) !== loaded) return true;
  const startUs = clock.nowUs();
  const same = await check(self, loaded, loaded.sessions);
  if (same.ok) {
    loaded.provenUs = startUs;
    loaded.runsSince = 0;
    return true;
  }
  const { text } = same.error;
  if (usable(state)) {
    tlm.CanaryMismatches(++state.mismatches);
    event.CanaryMismatch({ model, runs: loaded.runsSince, reason: text });
    await giveUp(self, loaded);
    await load(self, model);
  }
  await ready(self, text);
  return false;
}

/** Ends sessions whose copies have changed: the next load takes the model from the store, which verifies it. */
async function giveUp(self: Inference, loaded: LoadedModel): Promise<void> {
  self.tlm.Reloads(++self.state.reloads);
  await forget(self, loaded);
}

/** Starts an engine that is lost or stuck afresh, and gives it the models that it had. */
async function ready(self: Inference, why = 'it ended between two runs'): Promise<void> {
  const { state, event, tlm, clock } = self;
  if (usable(state)) return;
  const reason = state.stuck ? 'a run was beyond its deadline' : why;
  const models = [...state.loaded.keys()];
  state.loaded.clear();
  await clock.work(state.engine.restart(), 0);
  state.stuck = false;
  tlm.EngineRestarts(++state.restarts);
  event.EngineRestarted({ restarts: state.restarts, reason });
  // What a second loss leaves out is loaded when it is asked for.
  for (const model of models) if (usable(state)) await load(self, model);
  tlm.LoadedModels(state.loaded.size);
}
