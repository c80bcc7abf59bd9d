/** From a task to a job: the model as the store hands it out now, the plan, the examples, the state to begin with. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type TrainingEngine, TuningSession, type TuningState } from '../../../fsw/learning';
import type { StoredModel } from '../../payload/ports';
import type { TrainTask } from '../ports';
import { newestCheckpoint } from './checkpoints';
import { GuardedState, lengthOf } from './guardedState';
import { examplesOf } from './labelBook';
import { type FineTuner, inTime, type Job, providersOf } from './state';
import { type Checkpoint, type Progress, taskFault, taskId } from './task';

/**
 * Errors: MODEL_UNKNOWN, TRAINING_BASE (other weights are flown), TRAINING_CHOICE and others of `planTuning`, TRAINING_VECTOR (a
 * starting vector of another length, or with a value that is no number), TRAINING_NOTHING (no labelled tiles),
 * MEMORY_EXHAUSTED. Nothing has changed then.
 */
export async function jobOf(
  self: FineTuner,
  task: TrainTask,
  origin: Progress['origin'],
  ticket: number | undefined,
): Promise<Result<Job>> {
  const { state, param, board, config, out, event } = self;
  const fault = taskFault(task);
  if (!fault.ok) return fault;
  const fetched = fetchBase(self, task);
  if (!fetched.ok) return fetched;
  const { graph, weights, weightsName } = fetched.value;
  const choice = { ...task.choice, microBatch: task.choice.microBatch ?? param.MicroBatch };
  const model = { graph, weights, weightsName, output: config.output };
  const planning = state.engine.plan(model, choice);
  const plan = await inTime(self, planning, config.loadCostUs);
  if (!plan.ok) return plan;
  const kept = (tile: number) => out.tile({ tile });
  const train = examplesOf(state.book, 'train', kept, task.only);
  const reference = examplesOf(state.book, 'reference', kept);
  const missing = train.missing + reference.missing;
  if (missing > 0) event.TilesMissing({ tiles: missing });
  const session = new TuningSession({
    plan: plan.value,
    engine: verifyingEngine(self, task),
    weights: { name: weightsName, bytes: weights },
    providers: providersOf(self),
    settings: { rate: task.rate, decay: param.Decay, clip: param.Clip, seed: task.seed, steps: task.steps },
    name: 'tuning',
  });
  const learns = session.learn(train.examples);
  if (!learns.ok)
    return train.examples.length > 0
      ? learns
      : fail('TRAINING_NOTHING', { what: 'learn from', why: 'no labelled tile is kept' });
  const id = taskId(task);
  const before = goesOn(self, id);
  const begun = session.restore(before?.state ?? startOf(session, task));
  if (!begun.ok) return begun;
  const guarded = GuardedState.allocate(board.memory, session.live);
  if (!guarded.ok) return guarded;
  guarded.value.put(session.live);
  const { step } = session.live;
  const progress = before?.progress;
  return succeed({
    number: ++state.jobs,
    task,
    id,
    origin,
    ticket,
    plan: plan.value,
    session,
    guarded: guarded.value,
    examples: train.examples,
    reference: reference.examples,
    startLength: lengthOf(task.initial ?? plan.value.initial),
    phase: before === undefined ? 'before' : 'train',
    scored: { count: 0, loss: 0, accuracy: 0, weight: 0 },
    step,
    losses: progress === undefined || Number.isNaN(progress.loss) ? [] : [progress.loss],
    energyJ: progress?.energyJ ?? 0,
    accuracyBefore: progress?.accuracyBefore ?? Number.NaN,
    accuracyAfter: Number.NaN,
    rollbacks: progress?.rollbacks ?? 0,
    paused: false,
    waits: '',
    kept: before === undefined ? -1 : step,
    pending: false,
  });
}

/** The model, verified now. Errors: MODEL_UNKNOWN, TRAINING_BASE. */
export function fetchBase(
  self: FineTuner,
  { model, base }: Pick<TrainTask, 'model' | 'base'>,
): Result<StoredModel> {
  const { config, out } = self;
  if (model !== config.model) return fail('MODEL_UNKNOWN', { model, known: config.model });
  const found = out.served({ model })?.manifest.weights.sha256;
  if (found !== base)
    return fail('TRAINING_BASE', { model, wanted: base.slice(0, 8), found: found?.slice(0, 8) ?? 'none' });
  const stored = out.fetch({ model });
  return stored === undefined
    ? fail('MODEL_UNKNOWN', { model, known: 'none that is fit to fly' })
    : succeed(stored);
}

/** The state of a task's own beginning. */
export function startOf(session: TuningSession, { initial }: TrainTask): TuningState {
  const own = session.snapshot();
  const moments = own.moments.map((moment) => new Float32Array(moment.length));
  return { parameters: initial ?? own.parameters, moments, step: 0 };
}

function goesOn(self: FineTuner, id: string): Checkpoint | undefined {
  const newest = newestCheckpoint(self);
  const open = newest?.progress.standing === 'running' || newest?.progress.standing === 'stopped';
  return newest?.id === id && open ? newest : undefined;
}

/** Every load takes the weights from the store, which verifies them at that moment. */
function verifyingEngine(self: FineTuner, task: TrainTask): TrainingEngine {
  const { engine } = self.state;
  return {
    get alive() {
      return engine.alive;
    },
    async load(session, graph, weights, providers) {
      const fetched = fetchBase(self, task);
      if (!fetched.ok) return fetched;
      return engine.load(session, graph, weights && { ...weights, bytes: fetched.value.weights }, providers);
    },
    run: (session, inputs) => engine.run(session, inputs),
    release: (session) => engine.release(session),
    restart: () => engine.restart(),
    close: () => engine.close(),
  };
}
