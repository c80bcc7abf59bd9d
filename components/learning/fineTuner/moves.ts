/** A job goes on move by move: some reference tiles, or one step. Between two moves the queue is served. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { startOf } from './begin';
import { allowance } from './budget';
import { keep, lossOf, mark, newestCheckpoint } from './checkpoints';
import { STATE_NAME, withinBounds } from './guardedState';
import { type FineTuner, inTime, type Job } from './state';

/** Reference tiles of one move. */
const SCORED_AT_ONCE = 32;

/** Puts the next move of a job into the queue. */
export function goOn(self: FineTuner, job: Job): void {
  job.pending = true;
  self.in.advance({ job: job.number });
}

/** One move, if the budget allows one now. */
export async function advance(self: FineTuner, job: Job): Promise<void> {
  const { state, event, tlm } = self;
  job.pending = false;
  const allowed = allowance(self, job.energyJ);
  if (allowed.kind === 'over') {
    await stop(self, job, fail('TRAINING_BUDGET', { why: allowed.reason }));
    return;
  }
  if (allowed.kind === 'wait') {
    if (job.waits === '') {
      event.JobWaits({ step: job.step, reason: allowed.reason });
      tlm.Stage('WAITING');
      if (job.step > job.kept) await guarded(self, job, keep(self, job, 'running'));
    }
    job.waits = allowed.reason;
    return;
  }
  job.waits = '';
  tlm.Stage(job.phase === 'train' ? 'TRAINING' : 'MEASURING');
  await guarded(self, job, job.phase === 'train' ? await step(self, job) : await score(self, job));
  if (state.job === job && !job.paused) goOn(self, job);
}

/** What went wrong leads back to the last checkpoint. */
export async function guarded(self: FineTuner, job: Job, done: Result<void>): Promise<void> {
  if (!done.ok && self.state.job === job) await rollBack(self, job, done.error);
}

async function step(self: FineTuner, job: Job): Promise<Result<void>> {
  const { param, tlm, clock } = self;
  const { session, guarded: memory, task, plan } = job;
  const taken = memory.take();
  if (!taken.ok) return taken;
  const restored = session.restore(taken.value);
  if (!restored.ok) return restored;
  const startUs = clock.nowUs();
  const done = await timed(self, job, stepCostUs(self, job), session.step());
  if (!done.ok) return done;
  const bounds = { maxLoss: param.MaxLoss, maxNorm: param.MaxNorm, maxGrowth: param.MaxGrowth };
  const sound = withinBounds(done.value, session.live, job.startLength, bounds);
  if (!sound.ok) return sound;
  memory.put(session.live);
  const { loss, accuracy, norm } = done.value;
  job.step = done.value.step;
  job.losses = [...job.losses, loss].slice(-Math.ceil(job.examples.length / plan.choice.batch));
  tlm.Step(job.step);
  tlm.Loss(loss);
  tlm.BatchAccuracy(accuracy);
  tlm.GradientNorm(norm);
  tlm.StepMs((clock.nowUs() - startUs) / 1000);
  const last = job.step >= task.steps;
  if (last) job.phase = 'after';
  return last || job.step - Math.max(0, job.kept) >= param.CheckpointSteps
    ? checkpoint(self, job)
    : succeed(undefined);
}

/** A state is kept after the engine has shown that no copy of what it computes with has changed. */
async function checkpoint(self: FineTuner, job: Job): Promise<Result<void>> {
  const { config } = self;
  const costUs = (config.trainUsPerTile + config.answerUsPerTile) * job.plan.microBatch;
  const proven = await timed(self, job, costUs, job.session.prove());
  return proven.ok ? keep(self, job, 'running') : proven;
}

async function score(self: FineTuner, job: Job): Promise<Result<void>> {
  const { config, event, tlm } = self;
  const { reference, scored, session } = job;
  const some = reference.slice(scored.count, scored.count + SCORED_AT_ONCE);
  if (some.length > 0) {
    const taken = job.guarded.take();
    if (!taken.ok) return taken;
    const restored = session.restore(taken.value);
    if (!restored.ok) return restored;
    const done = await timed(self, job, some.length * config.answerUsPerTile, session.score(some));
    if (!done.ok) return done;
    const weight = some.reduce((sum, example) => sum + example.weight, 0);
    scored.count += some.length;
    scored.loss += done.value.loss * weight;
    scored.accuracy += done.value.accuracy * weight;
    scored.weight += weight;
    if (scored.count < reference.length) return succeed(undefined);
  }
  const accuracy = scored.accuracy / scored.weight;
  if (scored.count > 0)
    event.Measured({ step: job.step, accuracy, loss: scored.loss / scored.weight, tiles: scored.count });
  job.scored = { count: 0, loss: 0, accuracy: 0, weight: 0 };
  if (job.phase === 'before') {
    job.accuracyBefore = accuracy;
    job.phase = 'train';
    if (scored.count > 0) tlm.AccuracyBefore(accuracy);
    return checkpoint(self, job);
  }
  job.accuracyAfter = accuracy;
  if (scored.count > 0) tlm.AccuracyAfter(accuracy);
  return finish(self, job);
}

async function finish(self: FineTuner, job: Job): Promise<Result<void>> {
  const { event, out } = self;
  const { task, ticket, energyJ, rollbacks, accuracyBefore, accuracyAfter, examples } = job;
  const taken = job.guarded.take();
  if (!taken.ok) return taken;
  const kept = keep(self, job, 'done');
  if (!kept.ok) return kept;
  const loss = lossOf(job);
  event.JobDone({ model: task.model, steps: job.step, loss, energyJ, rollbacks });
  await clear(self, job);
  if (ticket !== undefined) {
    const { parameters } = taken.value;
    const initial = task.initial ?? job.plan.initial;
    const { parameters: layout } = job.plan;
    const learned = { initial, parameters, examples: examples.length };
    const result = { layout, ...learned, loss, accuracyBefore, accuracyAfter };
    out.doneOut({ ticket, status: 'DONE', reason: '', result });
  }
  return succeed(undefined);
}

/** Back to the last checkpoint, or the beginning, with an engine that is loaded anew; too often is the end of the job. */
async function rollBack(
  self: FineTuner,
  job: Job,
  { code, text }: { code: string; text: string },
): Promise<void> {
  const { state, param, event, tlm } = self;
  const from = job.step;
  await freed(self, job);
  if (job.rollbacks >= param.MaxRollbacks) {
    await stop(
      self,
      job,
      fail('TRAINING_STATE', { why: `rolled back ${job.rollbacks} times, then: ${text}` }),
    );
    return;
  }
  job.rollbacks++;
  tlm.Rollbacks(++state.rollbacks);
  const newest = newestCheckpoint(self);
  const own = newest?.id === job.id ? newest.state : undefined;
  // What the session has now may be what went wrong: the beginning is the plan's.
  const initial = job.task.initial ?? job.plan.initial;
  const restored = job.session.restore(own ?? startOf(job.session, { ...job.task, initial }));
  if (!restored.ok) {
    await stop(self, job, restored);
    return;
  }
  job.guarded.put(job.session.live);
  job.step = job.session.live.step;
  job.kept = own === undefined ? -1 : job.step;
  job.phase = own === undefined ? 'before' : job.step >= job.task.steps ? 'after' : 'train';
  job.scored = { count: 0, loss: 0, accuracy: 0, weight: 0 };
  tlm.Step(job.step);
  event.RolledBack({ step: from, to: job.step, code, reason: text });
}

/** Ends a job that can't go on; the same task, given again, goes on from its checkpoint. */
export async function stop(self: FineTuner, job: Job, why: Result<unknown>): Promise<void> {
  const { event } = self;
  const { code, text } = why.ok ? { code: '', text: '' } : why.error;
  mark(self, job.id, 'stopped');
  event.JobFailed({ step: job.step, code, reason: text });
  await clear(self, job);
  answer(self, job, 'FAILED', `${code}: ${text}`);
}

export function answer(self: FineTuner, { ticket }: Job, status: 'FAILED', reason: string): void {
  if (ticket !== undefined) self.out.doneOut({ ticket, status, reason, result: undefined });
}

/** The engine's process ends with the job: what it held is free. */
export async function clear(self: FineTuner, job: Job): Promise<void> {
  const { state, board, tlm } = self;
  state.job = undefined;
  board.memory.release(STATE_NAME);
  await freed(self, job);
  tlm.Stage('IDLE');
}

/** Ends the engine's process, and with it what the job holds there. */
async function freed({ state, clock }: FineTuner, { session }: Job): Promise<void> {
  const ended = async () => {
    if (state.engine.alive) await session.close();
    await state.engine.restart();
  };
  await clock.work(ended(), 0);
}

/** Work in the engine's process: takes its declared flight time in simulation, and energy. Error: ENGINE_DEADLINE. */
async function timed<T>(
  self: FineTuner,
  job: Job,
  costUs: number,
  work: Promise<Result<T>>,
): Promise<Result<T>> {
  const { clock, param, tlm } = self;
  const startUs = clock.nowUs();
  const done = await inTime(self, work, costUs);
  job.energyJ += (param.Watts * (clock.nowUs() - startUs)) / 1e6;
  tlm.EnergyJ(job.energyJ);
  return done;
}

function stepCostUs({ config }: FineTuner, { plan, examples, step: taken }: Job): number {
  const { batch, what } = plan.choice;
  const tiles = Math.min(batch, examples.length);
  if (plan.features === undefined)
    return tiles * (what === 'head' ? config.answerUsPerTile : config.trainUsPerTile);
  // The trunk answers each tile once, in the first epoch.
  const fresh = taken * batch < examples.length ? tiles * config.answerUsPerTile : 0;
  return fresh + config.headUsPerStep;
}
