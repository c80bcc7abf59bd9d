/** Keeps the engine and its sessions alive and true: started afresh when lost, loaded anew when a copy has changed. */
import { check, forget, load, usable } from './sessions';
import { endShadow } from './shadow';
import type { Inference, LoadedModel } from './state';

/** The model, loaded now if it wasn't; an engine that was lost meanwhile is brought back first. */
export async function need(self: Inference, model: string): Promise<LoadedModel | undefined> {
  await ready(self);
  return self.state.loaded.get(model) ?? (await load(self, model));
}

/** Runs the canary of a loaded model: true when it is as it was. What has changed is loaded anew. */
export async function watch(self: Inference, loaded: LoadedModel): Promise<boolean> {
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
export async function giveUp(self: Inference, loaded: LoadedModel): Promise<void> {
  self.tlm.Reloads(++self.state.reloads);
  await forget(self, loaded);
}

/** Starts an engine that is lost or stuck afresh, and gives it the models that it had. */
export async function ready(self: Inference, why = 'it ended between two runs'): Promise<void> {
  const { state, event, tlm, clock } = self;
  if (usable(state)) return;
  const reason = state.stuck ? 'a run was beyond its deadline' : why;
  const models = [...state.loaded.keys()];
  state.loaded.clear();
  await endShadow(self, 'the engine was started afresh');
  await clock.work(state.engine.restart(), 0);
  state.stuck = false;
  tlm.EngineRestarts(++state.restarts);
  event.EngineRestarted({ restarts: state.restarts, reason });
  // What a second loss leaves out is loaded when it is asked for.
  for (const model of models) if (usable(state)) await load(self, model);
  tlm.LoadedModels(state.loaded.size);
}
