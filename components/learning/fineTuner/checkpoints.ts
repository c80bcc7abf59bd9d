/** Checkpoints of a job on the board's files: written whole, in turn, and only when the state is beyond doubt. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { readNewest, writeNext } from './alternating';
import { checkpointPath, type FineTuner, type Job } from './state';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type Progress } from './task';

/** The newest that is whole; what is damaged is reported once, until it is written over. */
export function newestCheckpoint(self: FineTuner): Checkpoint | undefined {
  const { state, board, event } = self;
  const { content, sequence, faults } = readNewest(board.files, checkpointPath(self));
  for (const { code, text } of faults) {
    if (!state.damage.has(text)) event.CheckpointFault({ code, reason: text });
    state.damage.add(text);
  }
  state.sequence = Math.max(state.sequence, sequence);
  if (content === undefined) return undefined;
  const decoded = decodeCheckpoint(content);
  if (decoded.ok) return decoded.value;
  event.CheckpointFault({ code: decoded.error.code, reason: decoded.error.text });
  return undefined;
}

/**
 * Keeps a job's state as it stands. The state is taken from guarded memory, so a damaged one is never kept: error
 * TRAINING_STATE. A store that is full is an event, and the checkpoint before counts.
 */
export function keep(self: FineTuner, job: Job, standing: Progress['standing']): Result<void> {
  const { state, event, tlm } = self;
  const taken = job.guarded.take();
  if (!taken.ok) return taken;
  const written = write(self, {
    task: job.task,
    id: job.id,
    progress: progressOf(job, standing),
    state: taken.value,
  });
  if (!written.ok) event.CheckpointFault({ code: written.error.code, reason: written.error.text });
  else {
    job.kept = taken.value.step;
    tlm.Checkpoints(++state.checkpoints);
  }
  return succeed(undefined);
}

/** The newest checkpoint with another standing. Error: TRAINING_NOTHING (there is none of this job), those of the store. */
export function mark(self: FineTuner, id: string, standing: Progress['standing']): Result<void> {
  const newest = newestCheckpoint(self);
  if (newest?.id !== id)
    return fail('TRAINING_NOTHING', { what: 'mark', why: 'no checkpoint of it is whole' });
  return write(self, { ...newest, progress: { ...newest.progress, standing } });
}

function write(self: FineTuner, checkpoint: Checkpoint): Result<void> {
  const { state, board } = self;
  const sequence = state.sequence + 1;
  const written = writeNext(board.files, checkpointPath(self), sequence, encodeCheckpoint(checkpoint));
  if (written.ok) {
    state.sequence = sequence;
    state.damage.clear();
  }
  return written;
}

function progressOf(job: Job, standing: Progress['standing']): Progress {
  const { origin, energyJ, accuracyBefore, accuracyAfter, rollbacks } = job;
  return { standing, origin, energyJ, loss: lossOf(job), accuracyBefore, accuracyAfter, rollbacks };
}

/** Mean over the last epoch; NaN before the first step. */
export function lossOf({ losses }: Job): number {
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
