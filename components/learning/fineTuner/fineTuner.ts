/** Trains a model on labelled tiles, step by step, within a budget, from guarded state. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { component, ok, readWhole, refused } from '../../../fsw/framework';
import { adamw } from '../../../fsw/learning';
import { MAX_LABEL_FILE_BYTES } from '../../../fsw/learning/labels';
import type { TrainTask } from '../ports';
import { type Adopted, adopt } from './adopt';
import { jobOf } from './begin';
import { calibrated } from './calibrating';
import { keep, mark, newestCheckpoint } from './checkpoints';
import { forgotten, openBook, taken, withOwn } from './labelBook';
import { fineTunerModel } from './model';
import { advance, answer, clear, goOn, guarded } from './moves';
import { MAX_SELF_LABELS, selfLabels } from './selfLabels';
import { type FineTuner, labelsPath, type State, said } from './state';
import type { Progress } from './task';

export { fineTunerModel } from './model';

const KINDS = { HEAD: 'head', LORA: 'lora', ALL: 'all', ENDS: 'ends', FIRST: 'first' } as const;
const NAMES = { head: 'HEAD', lora: 'LORA', all: 'ALL', ends: 'ENDS', first: 'FIRST' } as const;
/** What `advance` is called with at boot. */
const AT_BOOT = 0;

export const fineTuner = component(fineTunerModel, {
  state: ({ config, board }): State => ({
    engine: config.engine(),
    job: undefined,
    jobs: 0,
    book: openBook(board.files, `${config.folder}/labels`),
    sequence: 0,
    damage: new Set(),
    hot: false,
    rollbacks: 0,
    checkpoints: 0,
    refused: 0,
  }),
  start(self) {
    const { tlm, state } = self;
    tlm.Stage('IDLE');
    tlm.LabelsHeld(state.book.labels.size);
    for (const count of [tlm.Rollbacks, tlm.Checkpoints, tlm.LabelsRefused]) count(0);
    // Through the own queue: then all that a job needs has started.
    self.in.advance({ job: AT_BOOT });
  },
  stop: ({ state }) => state.engine.close(),
  ports: (self) => ({
    schedIn() {
      const { job } = self.state;
      if (job !== undefined && !job.paused && !job.pending) goOn(self, job);
    },
    async advance({ job: number }) {
      const { job } = self.state;
      if (number === AT_BOOT) await resume(self);
      else if (job?.number === number && !job.paused) await advance(self, job);
    },
    async orderIn({ ticket, order }) {
      const begun = await begin(self, order, 'order', ticket);
      if (begun.ok) return;
      const { code, text } = begun.error;
      const status = code === 'MODEL_BUSY' ? 'BUSY' : 'REFUSED';
      self.event.OrderRefused({ ticket, code, reason: text });
      self.out.doneOut({ ticket, status, reason: `${code}: ${text}`, result: undefined });
    },
    installed: ({ path, installed, reason }) => self.event.InstallEnded({ path, installed, reason }),
  }),
  commands: (self) => ({
    TAKE_LABELS: ({ path }) => reply(takeLabels(self, path)),
    FORGET_LABELS() {
      const { state, board, tlm } = self;
      const book = forgotten(state.book, { files: board.files, path: labelsPath(self) });
      if (book.ok) state.book = book.value;
      tlm.LabelsHeld(state.book.labels.size);
      return reply(book);
    },
    async SELF_LABEL(asked) {
      const { state, clock } = self;
      if (state.job !== undefined) return reply(fail('MODEL_BUSY', { busy: 'training' }));
      const done = await selfLabel(self, asked);
      await clock.work(state.engine.restart(), 0);
      return reply(done);
    },
    async TRAIN({ what, rank, batch, steps, rate, seed }) {
      const { config, param, out } = self;
      const base = out.served({ model: config.model })?.manifest.weights.sha256 ?? '';
      const choice = {
        what: KINDS[what],
        ...(what === 'LORA' && { rank, alpha: 2 * rank }),
        ...(what === 'HEAD' && { features: 'cached' as const }),
        batch,
        microBatch: param.MicroBatch,
        optimizer: adamw,
      };
      return reply(
        await begin(self, { model: config.model, base, choice, steps, rate, seed }, 'command', undefined),
      );
    },
    async PAUSE() {
      const { job } = self.state;
      if (job === undefined || job.paused) return refused('no training is under way');
      job.paused = true;
      self.tlm.Stage('PAUSED');
      await guarded(self, job, keep(self, job, 'running'));
      return ok;
    },
    RESUME() {
      const { job } = self.state;
      if (job === undefined || !job.paused) return refused('no training is paused');
      job.paused = false;
      goOn(self, job);
      return ok;
    },
    async ABORT() {
      const { job } = self.state;
      if (job === undefined) return refused('no training is under way');
      await clear(self, job);
      mark(self, job.id, 'aborted');
      self.event.JobAborted({ step: job.step });
      answer(self, job, 'FAILED', 'aborted');
      return ok;
    },
    ADOPT: (args) => adopting(self, () => adopt(self, args)),
    CALIBRATE: (args) => adopting(self, () => calibrated(self, args)),
  }),
});

/** A version that was made on board goes to the store, or why there is none is told. */
async function adopting(
  self: FineTuner,
  make: () => Promise<Result<Adopted>>,
): Promise<ReturnType<typeof reply>> {
  const { state, event, config, out, clock } = self;
  if (state.job !== undefined) return reply(fail('MODEL_BUSY', { busy: 'training' }));
  const adopted = await make();
  await clock.work(state.engine.restart(), 0);
  if (adopted.ok) {
    event.Adopted({ model: config.model, ...adopted.value });
    out.install({ path: adopted.value.path });
  } else event.AdoptRefused({ code: adopted.error.code, reason: adopted.error.text });
  return reply(adopted);
}

function reply(result: Result<unknown>) {
  return result.ok ? ok : refused(said(result));
}

/** Begins a task, from its checkpoint where there is one. Errors: MODEL_BUSY, those of `jobOf`. */
async function begin(
  self: FineTuner,
  task: TrainTask,
  origin: Progress['origin'],
  ticket: number | undefined,
): Promise<Result<void>> {
  const { state, event, tlm, clock } = self;
  if (state.job !== undefined) return fail('MODEL_BUSY', { busy: 'training' });
  const begun = await jobOf(self, task, origin, ticket);
  if (!begun.ok) {
    await clock.work(state.engine.restart(), 0);
    return begun;
  }
  const job = begun.value;
  state.job = job;
  const { plan, examples, reference } = job;
  if (job.kept >= 0) event.JobResumed({ model: task.model, step: job.step, steps: task.steps });
  else
    event.JobStarted({
      model: task.model,
      what: NAMES[task.choice.what],
      parameters: plan.initial.length,
      examples: examples.length,
      reference: reference.length,
      steps: task.steps,
    });
  if (job.step >= task.steps) job.phase = 'after';
  tlm.Step(job.step);
  tlm.EnergyJ(job.energyJ);
  goOn(self, job);
  return succeed(undefined);
}

/** A commanded job that a boot has cut goes on. */
async function resume(self: FineTuner): Promise<void> {
  const newest = newestCheckpoint(self);
  if (newest?.progress.standing !== 'running' || newest.progress.origin !== 'command') return;
  const begun = await begin(self, newest.task, 'command', undefined);
  if (begun.ok) return;
  const { code, text } = begun.error;
  self.event.JobFailed({ step: newest.state.step, code, reason: text });
  mark(self, newest.id, 'stopped');
}

/** Errors: TRAINING_CHOICE (a weight that is none), MODEL_UNKNOWN, those of `selfLabels` and of the store; nothing changed then. */
async function selfLabel(
  self: FineTuner,
  asked: { readonly from: number; readonly count: number; readonly weight: number },
): Promise<Result<void>> {
  const { state, board, config, out, event, tlm } = self;
  if (!(asked.weight > 0 && asked.weight <= 1))
    return fail('TRAINING_CHOICE', { why: `a weight of ${asked.weight}, up to 1 is allowed` });
  const { model } = config;
  const stored = out.fetch({ model });
  if (stored === undefined) return fail('MODEL_UNKNOWN', { model, known: 'none that is fit to fly' });
  const labels = await selfLabels(self, stored, asked);
  if (!labels.ok) return labels;
  const at = { files: board.files, path: labelsPath(self), name: 'own' };
  const book = withOwn(state.book, labels.value, at, { model, classes: stored.classes });
  if (!book.ok) return book;
  state.book = book.value;
  const held = state.book.labels.size;
  tlm.LabelsHeld(held);
  event.SelfLabelled({ tiles: labels.value.length, asked: Math.min(asked.count, MAX_SELF_LABELS), held });
  return succeed(undefined);
}

function takeLabels(self: FineTuner, path: string): Result<void> {
  const { state, board, event, tlm, out, config } = self;
  const { model } = config;
  const classes = out.served({ model })?.manifest.classes ?? [];
  const bytes = readWhole(board.files, path, MAX_LABEL_FILE_BYTES);
  const at = { files: board.files, path: labelsPath(self), name: path };
  const book = bytes.ok
    ? taken(state.book, bytes.value, at, { model, classes }, (tile) => out.tile({ tile }))
    : bytes;
  if (!book.ok) {
    tlm.LabelsRefused(++state.refused);
    event.LabelsRefused({ path, code: book.error.code, reason: book.error.text });
    return book;
  }
  const { entries, name } = book.value.file;
  const count = (use: string) => entries.filter((entry) => entry.use === use).length;
  state.book = book.value.book;
  const held = state.book.labels.size;
  tlm.LabelsHeld(held);
  event.LabelsTaken({ path, name, train: count('train'), reference: count('reference'), held });
  return succeed(undefined);
}
