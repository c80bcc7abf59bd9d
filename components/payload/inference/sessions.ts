/** The live sessions of Inference: loaded beside those that run, proven by their canary, run, and given up. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { beforeDeadline } from '../../../fsw/runtimes/deadline';
import type { Canary, StoredModel } from '../ports';
import { classOutput } from './classes';
import type { Loaded, Outputs } from './engine';
import { sameBits, strays } from './outputs';
import type { Inference, LoadedModel } from './state';

/** Fetches a model, verified at this moment, and loads it in place of what runs under its name. */
export async function load(self: Inference, model: string): Promise<LoadedModel | undefined> {
  const stored = self.out.fetch({ model });
  if (stored === undefined) return undefined;
  const opened = await open(self, stored);
  if (opened.ok) return opened.value;
  const { code, text } = opened.error;
  self.event.LoadFailed({ model, code, reason: text });
  // Fresh from the store: an upset of a live copy is not the reason.
  if (code === 'ENGINE_CANARY' || code === 'ENGINE_LOAD')
    self.out.trouble({ model, kind: 'CANARY', reason: text });
  return undefined;
}

/**
 * Loads a model beside what runs under its name, lets its canary prove it, and only then lets it take over. `examine` has
 * another look at a session of it before, and says how much of the reference set it is right on, if there is one.
 * Errors: those of `Engine.load`, `runOn` and `examine`, ENGINE_CANARY; what ran before then runs on.
 */
export async function open(
  self: Inference,
  stored: StoredModel,
  examine: (session: string) => Promise<Result<number | undefined>> = async () => succeed(undefined),
): Promise<Result<LoadedModel>> {
  const { state, event, tlm, clock, param } = self;
  const { name, version } = stored;
  const twins = param.Guard === 'TWIN' ? 2 : 1;
  const sessions = Array.from({ length: twins }, () => `${name}#${++state.sessions}`);
  const born = await bear(self, stored, sessions);
  const examined = born.ok ? await examine(sessions[0]) : born;
  if (!born.ok || !examined.ok) {
    await release(self, sessions);
    return born.ok ? (examined as Failed) : born;
  }
  const { provider, canary } = born.value;
  const loaded: LoadedModel = {
    name,
    version,
    itemSize: itemSizeOf(stored),
    sessions,
    canary,
    output: classOutput(stored),
    classes: stored.classes,
    accuracy: examined.value,
    measuredUs: clock.nowUs(),
    provenUs: clock.nowUs(),
    runsSince: 0,
  };
  const before = state.loaded.get(name);
  state.loaded.set(name, loaded);
  if (before !== undefined) await release(self, before.sessions);
  tlm.Provider(provider);
  tlm.LoadedModels(state.loaded.size);
  event.ModelLoaded({ model: name, version, provider });
  return succeed(loaded);
}

/** Loads all sessions of a model and runs its canary on each. Errors: as for `open`. */
export async function bear(
  self: Inference,
  stored: StoredModel,
  sessions: readonly string[],
): Promise<Result<{ readonly provider: string; readonly canary?: LoadedModel['canary'] }>> {
  const { state, event, clock, config, param } = self;
  const { name: model } = stored;
  const providers = listed(config.providers);
  // At once: each copies the bytes as they were verified.
  const loads = Promise.all(sessions.map((session) => state.engine.load(session, stored, providers)));
  const ready: Loaded[] = [];
  for (const each of await clock.work(loads, config.loadCostUs * sessions.length)) {
    if (!each.ok) return each;
    ready.push(each.value);
  }
  const [{ provider, refused }] = ready;
  for (const other of refused) {
    if (state.reported.has(other.provider)) continue;
    state.reported.add(other.provider);
    event.ProviderUnavailable(other);
  }
  const stranger = ready.find((each) => each.provider !== provider)?.provider;
  if (stranger !== undefined)
    return fail('ENGINE_LOAD', { model, reason: `${provider} loaded one twin, ${stranger} the other` });
  const shipped = param.Guard === 'NONE' ? undefined : stored.canary;
  const asked = shipped ?? (param.Guard === 'TWIN' ? ownCanary(stored) : undefined);
  if (asked === undefined) return succeed({ provider });
  let given: Outputs | undefined;
  for (const session of sessions) {
    const run = await runCanary(self, model, session, asked);
    if (!run.ok) return run;
    const stray = shipped && strays(run.value, shipped.outputs, shipped.tolerance);
    if (stray !== undefined) return fail('ENGINE_CANARY', { model, reason: stray });
    given ??= run.value;
    if (!sameBits(given, run.value))
      return fail('ENGINE_CANARY', { model, reason: 'its twins give different bits' });
  }
  return succeed({ provider, canary: given && { count: asked.count, input: asked.input.slice(), given } });
}

/** For a model that brings no canary: two items of fixed bytes. What whole sessions give for them shows at the load. */
function ownCanary(stored: StoredModel): Pick<Canary, 'count' | 'input'> {
  const count = 2;
  const bytes = seededRandom(count, stored.name);
  return {
    count,
    input: Float32Array.from({ length: count * itemSizeOf(stored) }, () => bytes.integer(256)),
  };
}

function itemSizeOf({ input }: StoredModel): number {
  return input.shape.slice(1).reduce<number>((size, side) => size * Number(side), 1);
}

/**
 * Whether sessions of a loaded model still give for its canary, bit for bit, what they gave at the load.
 * Errors: those of `runOn`, ENGINE_SUSPECT.
 */
export async function check(
  self: Inference,
  { name: model, canary }: LoadedModel,
  sessions: readonly string[],
): Promise<Result<void>> {
  if (canary === undefined) return succeed(undefined);
  for (const session of sessions) {
    const run = await runCanary(self, model, session, canary);
    if (!run.ok) return run;
    if (!sameBits(run.value, canary.given))
      return fail('ENGINE_SUSPECT', {
        model,
        reason: `the canary of ${session} has other bits than at its load`,
      });
  }
  return succeed(undefined);
}

/**
 * Runs a request on every session of a model. With twins its outputs are the same bits from both, and one of them
 * has then passed its canary: copies that were hit so hard that each saturates agree too.
 * Errors: those of `runOn`, ENGINE_SUSPECT.
 */
export async function runGuarded(
  self: Inference,
  loaded: LoadedModel,
  count: number,
  items: Float32Array,
): Promise<Result<Outputs>> {
  const { name: model, sessions } = loaded;
  const [one, twin] = sessions;
  loaded.runsSince++;
  const first = await runOn(self, model, one, count, items);
  if (!first.ok || twin === undefined) return first;
  const second = await runOn(self, model, twin, count, items);
  if (!second.ok) return second;
  if (!sameBits(first.value, second.value))
    return fail('ENGINE_SUSPECT', { model, reason: 'two sessions gave different bits' });
  const whole = await check(self, loaded, [one]);
  return whole.ok ? first : whole;
}

/** One run of one session. Errors: those of `Engine.run`, ENGINE_DEADLINE (the engine must then be started afresh). */
export async function runOn(
  self: Inference,
  model: string,
  session: string,
  count: number,
  items: Float32Array,
): Promise<Result<Outputs>> {
  const { state, event, tlm, config } = self;
  const { deadlineUs } = config;
  const run = await timed(self, session, { count, items, deadlineUs });
  if (run !== undefined) return run;
  tlm.DeadlinesMissed(++state.deadlines);
  event.DeadlineMissed({ model, items: count, deadlineUs });
  return fail('ENGINE_DEADLINE', { model, deadlineUs });
}

/** One run; undefined when it is not done at the deadline, and the engine is stuck. Errors: those of `Engine.run`. */
export async function timed(
  { state, clock, config }: Inference,
  session: string,
  {
    count,
    items,
    deadlineUs,
  }: { readonly count: number; readonly items: Float32Array; readonly deadlineUs: number },
): Promise<Result<Outputs> | undefined> {
  const costUs = config.costUsPerRun + count * config.costUsPerItem;
  const run = await beforeDeadline(clock, deadlineUs, state.engine.run(session, count, items), costUs);
  if (run === undefined) state.stuck = true;
  return run;
}

function runCanary(
  self: Inference,
  model: string,
  session: string,
  { count, input }: { readonly count: number; readonly input: Float32Array },
): Promise<Result<Outputs>> {
  self.tlm.CanaryRuns(++self.state.canaries);
  return runOn(self, model, session, count, input);
}

/** Gives up the sessions of a model. */
export async function forget(self: Inference, { name, sessions }: LoadedModel): Promise<void> {
  const { loaded } = self.state;
  loaded.delete(name);
  self.tlm.LoadedModels(loaded.size);
  await release(self, sessions);
}

/** An engine that is lost or stuck has nothing to release. */
export async function release({ state, clock }: Inference, sessions: readonly string[]): Promise<void> {
  if (!usable(state)) return;
  await clock.work(Promise.all(sessions.map((session) => state.engine.release(session))), 0);
}

export function usable({ engine, stuck }: Inference['state']): boolean {
  return engine.alive && !stuck;
}

export function listed(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
