/** From a task to its update: training is ordered, its result packed with what is owed, signed, and written in one go. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  checkCanary,
  estimate,
  fallenBack,
  type GossipPlan,
  idOf,
  layoutId,
  normOf,
  packWithFeedback,
  sealUpdate,
  type Task,
  trained,
  valuesIn,
  vectorId,
} from '../../../fsw/federation';
import type { Arguments } from '../../../fsw/framework';
import type { TrainDone, Trained, TrainTask } from '../ports';
import { gossipFor, saveGossip } from './gossiping';
import { OWED_FILE, type Owed, writeOwed } from './owed';
import { shortOf } from './shelf';
import { type FederationNode, type Held, nowMs, show } from './state';
import { byExpiry, endTask, giveUp, keepVector, vectorOf } from './tasks';
import { hasRoom, keepUpdate } from './updates';

const FOR_GOOD: readonly string[] = ['FED_LAYOUT', 'FED_START'];

/** What is left to do: of the tasks, by expiry, the first that can go on. */
export function advance(self: FederationNode): void {
  const { state, clock, param } = self;
  // A trainer that lost the order (its component was restarted) never answers; asked twice it says that it is busy.
  if (state.training && clock.nowUs() < state.training.sinceUs + param.ReorderS * 1e6) return;
  state.training = undefined;
  for (const [name, held] of byExpiry(self)) if (goOn(self, name, held)) return;
}

/** Finishes a task's update, ends its gossip, or orders its training; false when it has to wait and others may go on. */
function goOn(self: FederationNode, name: string, held: Held): boolean {
  const { state, clock } = self;
  const { task, id } = held;
  if (state.owed?.task === id) {
    finish(self, name, state.owed);
    return true;
  }
  if (clock.nowUs() < state.retryUs || state.ownKey === undefined || !hasRoom(self)) return true;
  const start = task.start && vectorOf(self, task.start.id);
  if (task.start !== undefined && start === undefined) {
    const lost = fail('FED_START', { what: 'task', found: 'no vector', expected: shortOf(task.start.id) });
    giveUp(self, name, lost.error);
  } else if (task.gossip === undefined || start === undefined) order(self, name, held, start, task.seed);
  else return goOnGossip(self, name, held, task.gossip, start);
  return true;
}

function goOnGossip(
  self: FederationNode,
  name: string,
  held: Held,
  { everyMs, untilMs }: GossipPlan,
  start: Float32Array,
): boolean {
  const now = nowMs(self);
  const average = gossipFor(self, held.task);
  const { own, trainedMs } = average;
  if (now >= untilMs) endGossip(self, name, held);
  else if (own.weight > 0 && now < trainedMs + everyMs) return false;
  else {
    const { delta } = estimate(average);
    const initial = start.map((value, i) => value + delta[i]);
    // Each training takes the tiles in another order; one that is asked again, in the same.
    order(self, name, held, initial, (held.task.seed + trainedMs) % 2 ** 32);
  }
  return true;
}

function order(
  self: FederationNode,
  name: string,
  held: Held,
  initial: Float32Array | undefined,
  seed: number,
): void {
  const { state, out, event, clock } = self;
  const { model, base, choice, steps, rate } = held.task;
  const trainTask: TrainTask = { model, base, choice, steps, rate, seed, ...(initial && { initial }) };
  const ticket = ticketOf(self, held);
  state.training = { name, sinceUs: clock.nowUs() };
  event.TrainingOrdered({ task: name, steps });
  show(self);
  out.trainOrder({ ticket, order: trainTask });
}

/** The same over boots: a trainer that went on by itself answers what is asked. */
function ticketOf({ state }: FederationNode, { id, task }: Held): number {
  const again = task.gossip === undefined ? '' : String(state.gossip?.trainedMs);
  return Number.parseInt(idOf(Buffer.from(id + again)).slice(0, 8), 16);
}

/** The trainer's answer. One to an order that was given up is nobody's. */
export function onTrained(self: FederationNode, done: Arguments<typeof TrainDone>): void {
  const { state } = self;
  const [name, held] = [...state.held].find(([, each]) => ticketOf(self, each) === done.ticket) ?? [];
  if (name === undefined || held === undefined || state.owed?.task === held.id) return;
  state.training = undefined;
  show(self);
  const untrained = fail('FED_TRAINING', { task: name, why: done.reason });
  if (done.status === 'BUSY') retryLater(self);
  else if (done.status === 'REFUSED') giveUp(self, name, untrained.error);
  else {
    const used = done.result === undefined ? untrained : use(self, held, done.result);
    if (used.ok) state.failures = 0;
    // What begins or ends with other parameters than the task means will do so again.
    else if (FOR_GOOD.includes(used.error.code)) giveUp(self, name, used.error);
    else failed(self, name, used.error.text);
    advance(self);
  }
}

function failed(self: FederationNode, name: string, reason: string): void {
  const { state, event, param } = self;
  const failures = ++state.failures;
  event.TrainingFailed({ task: name, failures, reason });
  if (
    failures < param.TrainTries ||
    !giveUp(self, name, fail('FED_TRAINING', { task: name, why: reason }).error)
  )
    retryLater(self);
}

function retryLater({ state, clock, param }: FederationNode): void {
  state.retryUs = clock.nowUs() + param.RetryS * 1e6;
}

/** Errors: FED_LAYOUT, FED_START, FED_NUMBER (what the trainer gave is not what was asked), those of the store. */
function use(self: FederationNode, held: Held, result: Trained): Result<void> {
  const { task } = held;
  const values = valuesIn(task.layout);
  const { initial, parameters } = result;
  if (initial.length !== values || parameters.length !== values)
    return fail('FED_LAYOUT', { what: 'training', found: `${parameters.length} values`, expected: values });
  const [found, expected] = [result.layout ?? task.layout, task.layout].map(layoutId);
  if (found !== expected)
    return fail('FED_LAYOUT', { what: 'task', found: shortOf(expected), expected: shortOf(found) });
  if (task.gossip !== undefined) return useInGossip(self, task, result);
  const begun = vectorId(initial);
  if (task.start !== undefined && task.start.id !== begun)
    return fail('FED_START', { what: 'training', found: shortOf(begun), expected: shortOf(task.start.id) });
  const kept = keepVector(self, initial);
  if (!kept.ok) return kept;
  const delta = parameters.map((value, i) => value - initial[i]);
  return makeUpdate(self, held, { ...result, start: begun, delta });
}

/** Training that began with an average tells what that is worth: one that is worse than what we had is not gone on from. */
function useInGossip(self: FederationNode, task: Task, result: Trained): Result<void> {
  const { param, event } = self;
  const { initial, parameters, examples, accuracyBefore, accuracyAfter } = result;
  const average = gossipFor(self, task);
  const before = average.good?.accuracy;
  if (before !== undefined && !Number.isNaN(accuracyBefore)) {
    const limits = { accuracyLoss: param.MaxAccuracyLoss };
    const fit = checkCanary({ before, after: accuracyBefore }, Object.keys(average.peers), limits);
    if (!fit.ok) {
      event.AverageRefused({ code: fit.error.code, reason: fit.error.text });
      return saveGossip(self, fallenBack(average));
    }
  }
  const start = (task.start && vectorOf(self, task.start.id)) ?? initial;
  const delta = parameters.map((value, i) => value - start[i]);
  return saveGossip(self, trained(average, delta, examples, nowMs(self), accuracyAfter));
}

/** The average with the neighbours is what was learned. */
function endGossip(self: FederationNode, name: string, held: Held): void {
  const { weight, delta } = estimate(gossipFor(self, held.task));
  const { start } = held.task;
  const examples = Math.round(weight);
  if (start === undefined || examples === 0) {
    giveUp(self, name, fail('FED_TRAINING', { task: name, why: 'nothing was learned in its time' }).error);
    return;
  }
  const none = { loss: 0, accuracyBefore: Number.NaN, accuracyAfter: Number.NaN };
  const made = makeUpdate(self, held, { ...none, start: start.id, delta, examples });
  if (made.ok) advance(self);
  else failed(self, name, made.error.text);
}

interface Learned extends Omit<Trained, 'layout' | 'initial' | 'parameters'> {
  /** Vector id of what the delta adds to. */
  readonly start: string;
  readonly delta: Float32Array;
}

function makeUpdate(self: FederationNode, { id, task }: Held, learned: Learned): Result<void> {
  const { state, config, board, tlm } = self;
  const { delta, start, examples, loss, accuracyBefore, accuracyAfter } = learned;
  const { run, round, model, base, coding } = task;
  if (state.ownKey === undefined) return fail('MODEL_OWN_KEY', { files: 'the storage' });
  const layout = layoutId(task.layout);
  const key = `${model} ${base} ${layout}`;
  const owed = state.owed?.key === key ? state.owed.residual : new Float32Array(delta.length);
  const packed = packWithFeedback(delta, owed, coding);
  if (!packed.ok) return packed;
  const { bytes, residual } = packed.value;
  const accuracies = Object.entries({ accuracyBefore, accuracyAfter }).filter(([, value]) =>
    Number.isFinite(value),
  );
  const update = sealUpdate(
    {
      ...{ task: id, run, round, node: config.node, model, base, start, layout, examples, delta: bytes },
      metrics: { loss, ...Object.fromEntries(accuracies) },
      madeMs: nowMs(self),
    },
    state.ownKey,
  );
  const made: Owed = { key, residual, task: id, update };
  const written = writeOwed(board.files, `${config.folder}/${OWED_FILE}`, made);
  if (!written.ok) return written;
  state.owed = made;
  tlm.OwedNorm(normOf(residual));
  tlm.TasksDone(++state.tasksDone);
  self.event.UpdateReady({
    task: shortOf(id),
    update: shortOf(idOf(update)),
    bytes: update.length,
    examples,
    loss,
  });
  return succeed(undefined);
}

/** The update is on the medium: it gets its own file, and the task is over. Each step may come again after a kill. */
function finish(self: FederationNode, name: string, { update }: Owed): void {
  if (keepUpdate(self, update, self.config.node)) endTask(self, name);
}
