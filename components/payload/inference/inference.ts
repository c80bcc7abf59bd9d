/** Runs models for its clients, one run at a time, each before its deadline, and watches their live copies. */
import { fail } from '../../../fsw/errors';
import { component, ok, refused, type Value } from '../../../fsw/framework';
import type { InferStatus, StoredModel } from '../ports';
import { giveUp, need, ready, watch } from './care';
import type { Outputs } from './engine';
import { examine, remeasure } from './exam';
import { inferenceModel } from './model';
import { forget, listed, load, open, runGuarded, usable } from './sessions';
import { askedOf, endShadow, endWhenDue, openShadow, runShadow } from './shadow';
import type { Inference, State } from './state';
import { faultOf, tried } from './trial';

export { inferenceModel, Prepare } from './model';

export const inference = component(inferenceModel, {
  state: ({ config }): State => ({
    engine: config.engine(),
    loaded: new Map(),
    shadow: undefined,
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
      const asked = askedOf(self, model, { count, items, outputs: served.outputs });
      self.out.result[client]({ ticket, ...served });
      if (asked === undefined) return;
      await runShadow(self, asked);
      await ready(self, 'a shadow run took it along');
    },
    async prepare({ model }) {
      await need(self, model);
    },
    offered: ({ ticket, model, compare, fetch }) =>
      tried(self, ticket, model, async () => {
        if (self.state.shadow?.model === model) await endShadow(self, 'another version was offered');
        const take = (stored: StoredModel) =>
          open(self, stored, compare ? (session) => examine(self, stored, session) : undefined);
        return faultOf(self, model, fetch, take);
      }),
    shadow: ({ ticket, model, runs, seconds, fetch }) =>
      tried(self, ticket, model, async () => {
        const { shadow } = self.state;
        if (shadow !== undefined) return `${shadow.model} ${shadow.version} runs beside already`;
        return faultOf(self, model, fetch, (stored) => openShadow(self, stored, { runs, seconds }));
      }),
    versionOf: ({ model }) => self.state.loaded.get(model)?.version ?? '',
    async schedIn() {
      const { state, param, clock } = self;
      await endWhenDue(self);
      for (const loaded of [...state.loaded.values()]) {
        const provenUs = loaded.provenUs + param.CanaryPeriodS * 1e6;
        if (param.CanaryPeriodS > 0 && clock.nowUs() >= provenUs) await watch(self, loaded);
        if (state.loaded.get(loaded.name) === loaded) await remeasure(self, loaded);
      }
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
    async END_SHADOW() {
      if (self.state.shadow === undefined) return refused('no version runs beside another');
      await endShadow(self, 'by command');
      return ok;
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
      self.out.trouble({ model, kind: 'DEADLINE', reason: text });
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
