/** A shadow run: a candidate is asked what the version that flies is asked, and compared; its answers go nowhere. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { classOutput, type Said, saidOf } from './classes';
import type { Outputs } from './engine';
import { bear, release, timed, usable } from './sessions';
import type { Inference } from './state';

const MAX_CLASSES = 16;

export interface Shadow {
  readonly model: string;
  readonly version: string;
  readonly session: string;
  readonly output: string;
  readonly classes: readonly string[];
  /** When it ends, flight time; and the runs until then. */
  readonly endUs: number;
  runsLeft: number;
  items: number;
  agreed: number;
  /** Sums over the items: of the candidate, and of what flies. */
  confidence: number;
  flying: number;
  /** Items on which they differ, by the class that what flies gave. */
  readonly unlike: number[];
}

/** A request that was answered, for the shadow: what it asked, and what was said. */
export interface Asked {
  readonly count: number;
  /** A copy: the asker has its own back. */
  readonly items: Float32Array;
  readonly said: readonly Said[];
}

/** Loads a candidate to run beside what flies. Errors: ENGINE_SHADOW, those of `bear`. */
export async function openShadow(
  self: Inference,
  stored: StoredModel,
  { runs, seconds }: { readonly runs: number; readonly seconds: number },
): Promise<Result<void>> {
  const { state, event, clock } = self;
  const { name: model, version, classes } = stored;
  const output = classOutput(stored);
  if (output === undefined || classes.length > MAX_CLASSES)
    return fail('ENGINE_SHADOW', { model, why: `it has not 2 to ${MAX_CLASSES} classes to compare` });
  if (runs === 0 && seconds === 0) return fail('ENGINE_SHADOW', { model, why: 'it would never end' });
  const session = `${model}#${++state.sessions}`;
  const born = await bear(self, stored, [session]);
  if (!born.ok) {
    await release(self, [session]);
    return born;
  }
  state.shadow = {
    model,
    version,
    session,
    output,
    classes,
    endUs: seconds > 0 ? clock.nowUs() + seconds * 1e6 : Number.POSITIVE_INFINITY,
    runsLeft: runs > 0 ? runs : Number.POSITIVE_INFINITY,
    items: 0,
    agreed: 0,
    confidence: 0,
    flying: 0,
    unlike: Array.from({ length: MAX_CLASSES }, () => 0),
  };
  event.ShadowStarted({ model, version, runs, seconds });
  show(self, state.shadow);
  return succeed(undefined);
}

/** What the shadow will be asked of a request that was just answered; undefined where there is none, or nothing to compare. */
export function askedOf(
  { state }: Inference,
  model: string,
  {
    count,
    items,
    outputs,
  }: { readonly count: number; readonly items: Float32Array; readonly outputs: Outputs },
): Asked | undefined {
  const { shadow } = state;
  if (shadow?.model !== model) return undefined;
  const said = saidOf(outputs, shadow.output, shadow.classes.length, count);
  return said.length === count ? { count, items: items.slice(), said } : undefined;
}

/** Runs the candidate, too. One that fails or is late is ended; the engine may then have to be started afresh. */
export async function runShadow(self: Inference, { count, items, said }: Asked): Promise<void> {
  const { shadow } = self.state;
  if (shadow === undefined || (await endWhenDue(self))) return;
  const { shadowDeadlineUs: deadlineUs } = self.config;
  const run = await timed(self, shadow.session, { count, items, deadlineUs });
  // Ended meanwhile: the engine was started afresh.
  if (self.state.shadow !== shadow) return;
  const late = fail('ENGINE_DEADLINE', { model: shadow.model, deadlineUs });
  if (run === undefined || !run.ok) return failShadow(self, (run ?? late).error.text);
  const mine = saidOf(run.value, shadow.output, shadow.classes.length, count);
  if (mine.length !== count) return failShadow(self, `its ${shadow.output} is not of ${count} items`);
  mine.forEach(({ best, confidence }, i) => {
    const flown = said[i];
    shadow.items++;
    if (best === flown.best) shadow.agreed++;
    else shadow.unlike[flown.best]++;
    shadow.confidence += confidence;
    shadow.flying += flown.confidence;
  });
  shadow.runsLeft--;
  show(self, shadow);
  await endWhenDue(self);
}

/** Ends a shadow whose runs or time are over; says whether it did. */
export async function endWhenDue(self: Inference): Promise<boolean> {
  const { shadow } = self.state;
  if (shadow === undefined) return false;
  const over = shadow.runsLeft <= 0 || self.clock.nowUs() >= shadow.endUs;
  if (over) await endShadow(self, 'as commanded');
  return over;
}

/** Ends the shadow run, and says what it found. */
export async function endShadow(self: Inference, reason: string): Promise<void> {
  const { state, event } = self;
  const { shadow } = state;
  if (shadow === undefined) return;
  state.shadow = undefined;
  const { model, version, session, items, agreed, classes, unlike } = shadow;
  const against = classes.flatMap((name, i) => (unlike[i] > 0 ? [`${name} ${unlike[i]}`] : [])).join(', ');
  event.ShadowEnded({
    model,
    version,
    items,
    agreed,
    confidence: mean(shadow.confidence, items),
    flying: mean(shadow.flying, items),
    against: against || 'none',
    reason,
  });
  if (usable(state)) await release(self, [session]);
}

async function failShadow(self: Inference, reason: string): Promise<void> {
  const { shadow } = self.state;
  if (shadow === undefined) return;
  const { model, version } = shadow;
  self.event.ShadowFailed({ model, version, reason });
  await endShadow(self, 'failed');
}

function show({ tlm }: Inference, { items, agreed, confidence, unlike }: Shadow): void {
  tlm.ShadowItems(items);
  tlm.ShadowAgreement(mean(agreed, items));
  tlm.ShadowConfidence(mean(confidence, items));
  tlm.ShadowUnlike(unlike.map((count) => Math.min(count, 0xffff)));
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
