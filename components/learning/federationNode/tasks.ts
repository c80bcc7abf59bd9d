/** Tasks: taken in, kept over boots, given up. */
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import { type Id, idOf, openTask, type Task, unpack, valuesIn, vectorId } from '../../../fsw/federation';
import { bytesOf, floatsOf } from '../../../fsw/federation/compress';
import { isConnected } from '../../../fsw/framework';
import { shortOf } from './shelf';
import { type FederationNode, type Held, nowMs, refuseTask, show, stored } from './state';

/** Starting parameters that are kept: the model's own, the last round's, the one before. */
const VECTORS = 3;

/**
 * Takes a task from its bytes, for us or for another. What is refused changes nothing; `silent`: a duplicate is no event, for
 * neighbours say things twice. Errors: those of `checkTask` and `keepStart`, FED_DUPLICATE, those of the store.
 */
export function takeTask(
  self: FederationNode,
  bytes: Uint8Array,
  source: string,
  silent = false,
): Result<void> {
  const { state, config, event, tlm } = self;
  const name = shortOf(idOf(bytes));
  const isKnown = state.held.has(name) || state.answered.has(name) || state.others.has(name);
  if (isKnown && silent) return succeed(undefined);
  const checked = isKnown ? fail('FED_DUPLICATE', { what: 'task', id: name }) : checkTask(self, bytes);
  if (!checked.ok) {
    refuseTask(self, source, checked.error);
    return checked;
  }
  const { id, task } = checked.value;
  const isOurs = task.node === config.node || task.node === '*';
  const start = isOurs ? keepStart(self, task) : succeed(undefined);
  if (!start.ok) {
    refuseTask(self, source, start.error);
    return start;
  }
  const shelf = isOurs ? state.tasks : state.carried;
  const kept = shelf.put(bytes);
  if (!kept.ok) {
    refuseTask(self, source, kept.error);
    return kept;
  }
  if (!isOurs) {
    state.others.set(name, checked.value);
    tlm.Carried(++state.taken);
    event.TaskCarried({ task: name, node: task.node });
    return succeed(undefined);
  }
  state.held.set(name, checked.value);
  const { run, round, steps } = task;
  event.TaskAccepted({ task: shortOf(id), run, round, steps, waiting: state.held.size });
  show(self);
  return succeed(undefined);
}

/** Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE, FED_EXPIRED, FED_FULL, FED_BASE. */
function checkTask(self: FederationNode, bytes: Uint8Array): Result<Held> {
  const { state, config } = self;
  const opened = openTask(bytes, state.roster.ground());
  if (!opened.ok) return opened;
  const { id, content: task } = opened.value;
  const seconds = Math.ceil((nowMs(self) - task.expiresMs) / 1000);
  if (seconds > 0) return fail('FED_EXPIRED', { task: shortOf(id), seconds });
  const isOurs = task.node === config.node || task.node === '*';
  if ((isOurs ? state.held : state.others).size >= config.maxTasks)
    return fail('FED_FULL', { what: isOurs ? 'tasks' : 'tasks for others', max: config.maxTasks });
  const fits = isOurs ? checkBase(self, task) : succeed(undefined);
  return fits.ok ? succeed({ id, task }) : fits;
}

/** Errors: FED_BASE. Without a model store to ask, the trainer will say. */
function checkBase({ out }: FederationNode, { model, base }: Task): Result<void> {
  const served = isConnected(out.served) ? out.served({ model }) : undefined;
  if (served === undefined) return succeed(undefined);
  const found = served.manifest.weights.sha256;
  return found === base
    ? succeed(undefined)
    : fail('FED_BASE', { what: 'task', model, found: shortOf(base), expected: shortOf(found) });
}

/** Makes the parameters that a task begins with, and keeps them. Errors: FED_START, FED_PACKED, FED_NUMBER, those of the store. */
function keepStart(self: FederationNode, { start, layout }: Task): Result<void> {
  if (start === undefined) return succeed(undefined);
  const values = valuesIn(layout);
  const known = vectorOf(self, start.id);
  if (known !== undefined)
    return known.length === values
      ? succeed(undefined)
      : fail('FED_LAYOUT', { what: 'task', found: `${values} values`, expected: known.length });
  const unknown = (id: Id) =>
    fail('FED_START', { what: 'task', found: shortOf(id), expected: 'a known one' });
  if (start.packed === undefined) return unknown(start.id);
  const packed = unpack(start.packed, values);
  if (!packed.ok) return packed;
  const against = start.against === undefined ? undefined : vectorOf(self, start.against);
  if (start.against !== undefined && against?.length !== values) return unknown(start.against);
  const whole = against ? packed.value.map((value, i) => value + against[i]) : packed.value;
  const found = vectorId(whole);
  if (found !== start.id)
    return fail('FED_START', { what: 'task', found: shortOf(found), expected: shortOf(start.id) });
  return keepVector(self, whole);
}

export function vectorOf({ state }: FederationNode, id: Id): Float32Array | undefined {
  const bytes = state.vectors.read(shortOf(id));
  return bytes && floatsOf(bytes);
}

/** Keeps starting parameters, and those of tasks that wait; of others the last few. Errors: those of the store. */
export function keepVector({ state }: FederationNode, values: Float32Array): Result<void> {
  const kept = state.vectors.put(bytesOf(values));
  if (!kept.ok) return kept;
  const needed = new Set([...state.held.values()].map(({ task }) => shortOf(task.start?.id ?? '')));
  const spare = [...state.vectors.names].filter((name) => !needed.has(name) && name !== kept.value);
  for (const name of spare.slice(0, Math.max(0, spare.length + 1 - VECTORS))) state.vectors.remove(name);
  return succeed(undefined);
}

/** At boot: what is on the medium, less what was answered just before the end. */
export function readTasks(self: FederationNode): void {
  const { state } = self;
  for (const [shelf, into] of [
    [state.tasks, state.held],
    [state.carried, state.others],
  ] as const)
    for (const name of [...shelf.names]) {
      const opened = openTask(shelf.read(name) ?? new Uint8Array(0), state.roster.ground());
      if (opened.ok && !state.answered.has(name))
        into.set(name, { id: opened.value.id, task: opened.value.content });
      // A key that is not known now may be known again.
      else if (opened.ok || opened.error.code !== 'FED_KEY')
        stored(self, shelf.pathOf(name), shelf.remove(name));
      if (!opened.ok) refuseTask(self, shelf.pathOf(name), opened.error);
    }
}

/** Tasks to train for: the one that expires first comes first. */
export function byExpiry({ state }: FederationNode): readonly [string, Held][] {
  return [...state.held].sort(([a, x], [b, y]) => x.task.expiresMs - y.task.expiresMs || (a < b ? -1 : 1));
}

/** No update will come of a task. When that cannot be written down, it is tried again later. */
export function giveUp(self: FederationNode, name: string, { code, text }: Fault): boolean {
  const { state, tlm, event } = self;
  if (!endTask(self, name)) return false;
  tlm.TasksRefused(++state.refused);
  event.TaskGivenUp({ task: name, code, reason: text });
  return true;
}

/** Notes that a task was answered, then removes it. */
export function endTask(self: FederationNode, name: string): boolean {
  const { state } = self;
  if (!stored(self, 'answered', state.answered.add(name))) return false;
  stored(self, state.tasks.pathOf(name), state.tasks.remove(name));
  state.held.delete(name);
  if (state.training?.name === name) state.training = undefined;
  state.failures = 0;
  show(self);
  return true;
}

/** A task for another has come to it, or nobody wants it any more. */
export function dropCarried(self: FederationNode, name: string): void {
  const { state } = self;
  if (!stored(self, 'answered', state.answered.add(name))) return;
  if (stored(self, state.carried.pathOf(name), state.carried.remove(name))) state.others.delete(name);
}

/** Tasks that nobody wants an answer to any more. */
export function expire(self: FederationNode): void {
  const { state } = self;
  const now = nowMs(self);
  for (const [name, { task }] of [...state.held]) {
    const seconds = Math.ceil((now - task.expiresMs) / 1000);
    if (seconds > 0) giveUp(self, name, fail('FED_EXPIRED', { task: name, seconds }).error);
  }
  for (const [name, { task }] of [...state.others]) if (now > task.expiresMs) dropCarried(self, name);
}
