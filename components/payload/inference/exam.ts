/** Measures versions of a model on the reference set that is held on board. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { ReferenceSet, StoredModel } from '../ports';
import { ready } from './care';
import { classOutput, saidOf } from './classes';
import { runOn } from './sessions';
import type { Inference, LoadedModel } from './state';

/**
 * The accuracy of a candidate on the reference set, beside that of what flies; undefined, and an event, where there is nothing to
 * measure by. Errors: ENGINE_REFERENCE (it is worse by more than the margin), those of `runOn`.
 */
export async function examine(
  self: Inference,
  stored: StoredModel,
  session: string,
): Promise<Result<number | undefined>> {
  const { state, event, param } = self;
  const { name: model, version } = stored;
  const output = classOutput(stored);
  const reference = self.out.reference({ model });
  const unfit = unfitness(reference, stored.classes, output);
  if (reference === undefined || output === undefined || unfit !== undefined) {
    event.ReferenceMissing({ model, reason: unfit ?? '' });
    return succeed(undefined);
  }
  const mine = await accuracyOf(self, model, session, { output, reference });
  if (!mine.ok) return mine;
  const flying = state.loaded.get(model);
  const its = flying && (await accuracyOf(self, model, flying.sessions[0], { output, reference }));
  if (its && !its.ok) return its;
  const items = reference.labels.length;
  const before = its?.value ?? 0;
  event.ReferenceMeasured({ model, version, items, accuracy: mine.value, flying: before });
  if (mine.value >= before - param.ReferenceMargin) return mine;
  const [found, known] = [mine.value, before].map((share) => share.toFixed(3));
  return fail('ENGINE_REFERENCE', { model, items, found, known, margin: param.ReferenceMargin.toFixed(3) });
}

/** Measures a version that flies, when its time has come; one that is worse than when it took over is in trouble. */
export async function remeasure(self: Inference, loaded: LoadedModel): Promise<void> {
  const { param, clock, event, out } = self;
  const { name: model, output, accuracy: before, classes } = loaded;
  if (param.ReferencePeriodS === 0 || clock.nowUs() < loaded.measuredUs + param.ReferencePeriodS * 1e6)
    return;
  loaded.measuredUs = clock.nowUs();
  const reference = out.reference({ model });
  if (reference === undefined || output === undefined || unfitness(reference, classes, output) !== undefined)
    return;
  const measured = await accuracyOf(self, model, loaded.sessions[0], { output, reference });
  if (!measured.ok) return ready(self, measured.error.text);
  const accuracy = measured.value;
  self.tlm.ReferenceAccuracy(accuracy);
  loaded.accuracy ??= accuracy;
  if (before === undefined || accuracy >= before - param.ReferenceMargin) return;
  event.AccuracyDropped({ model, accuracy, before });
  const reason = `right on ${accuracy.toFixed(3)} of the reference items, ${before.toFixed(3)} at its promotion`;
  out.trouble({ model, kind: 'ACCURACY', reason });
}

/** Why nothing can be measured, if so. */
function unfitness(
  reference: ReferenceSet | undefined,
  classes: readonly string[],
  output: string | undefined,
): string | undefined {
  if (reference === undefined || reference.labels.length === 0) return 'no reference set is on board';
  if (output === undefined) return 'it has no classes';
  return reference.classes.join() === classes.join() ? undefined : 'the reference set is for other classes';
}

/** Share of the items on which a session says what their label says. Errors: those of `runOn`. */
async function accuracyOf(
  self: Inference,
  model: string,
  session: string,
  { output, reference }: { readonly output: string; readonly reference: ReferenceSet },
): Promise<Result<number>> {
  const { labels, classes } = reference;
  let right = 0;
  for (let first = 0; first < labels.length; first += self.config.referenceBatch) {
    const count = Math.min(self.config.referenceBatch, labels.length - first);
    const run = await runOn(self, model, session, count, reference.items(first, count));
    if (!run.ok) return run;
    const said = saidOf(run.value, output, classes.length, count);
    right += said.filter(({ best }, i) => best === labels[first + i]).length;
  }
  return succeed(right / labels.length);
}
