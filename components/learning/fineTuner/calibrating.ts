/**
 * Before anything is learned: twelve numbers undo what years in orbit do to a camera's bands (`fsw/learning/calibration.ts`). What
 * comes out is a version like any other: a signed delta, a canary, the reference tiles.
 */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Example } from '../../../fsw/learning';
import { calibrate } from '../../../fsw/learning/calibration';
import type { ClassColours } from '../../../fsw/learning/colour';
import { packDelta } from '../../../fsw/models';
import type { StoredModel } from '../../payload/ports';
import { type Adopted, answers, seal } from './adopt';
import { fetchBase } from './begin';
import { allowance } from './budget';
import { examplesOf } from './labelBook';
import { type FineTuner, inTime } from './state';

/** Tiles of one calibration, and how often they are answered: while it runs, the queue waits. */
const MOST_TILES = 96;
const ANSWERS = 6;

/**
 * Errors: TRAINING_CHOICE (`colours` are not of the model's classes), TRAINING_BUDGET, TRAINING_NOTHING (no labelled tiles, or
 * no map is better than none), TRAINING_WORSE (on the reference tiles, unless forced), those of `calibrate` and of `seal`. Nothing
 * is written then.
 */
export async function calibrated(
  self: FineTuner,
  asked: { readonly colours: string; readonly version: string; readonly force: boolean },
): Promise<Result<Adopted>> {
  const { state, config, param, out } = self;
  const served = out.served({ model: config.model });
  if (served === undefined) return fail('MODEL_UNKNOWN', { model: config.model, known: 'none' });
  const colours = coloursOf(asked.colours, served.manifest.classes.length);
  if (!colours.ok) return colours;
  const allowed = allowance(self, 0);
  if (allowed.kind !== 'go') return fail('TRAINING_BUDGET', { why: allowed.reason });
  const base = fetchBase(self, { model: config.model, base: served.manifest.weights.sha256 });
  if (!base.ok) return base;
  const kept = (tile: number) => out.tile({ tile });
  const examples = examplesOf(state.book, 'train', kept).examples.slice(0, MOST_TILES);
  if (examples.length === 0)
    return fail('TRAINING_NOTHING', { what: 'calibrate by', why: 'no labelled tile is kept' });
  const { graph, weightsName } = base.value;
  // A copy: what lies in the store is verified now, and read several times.
  const weights = new Uint8Array(base.value.weights);
  const working = calibrate(
    state.engine,
    { graph, weights, weightsName, output: config.output },
    examples,
    colours.value,
  );
  const found = await inTime(self, working, ANSWERS * examples.length * config.answerUsPerTile);
  if (!found.ok) return found;
  if (!(found.value.after < found.value.before))
    return fail('TRAINING_NOTHING', { what: 'calibrate', why: 'no map of colours is better than none' });
  const reference = examplesOf(state.book, 'reference', kept).examples.slice(0, MOST_TILES);
  const before = await accuracyOf(self, base.value, weights, reference);
  if (!before.ok) return before;
  const after = await accuracyOf(self, base.value, found.value.weights, reference);
  if (!after.ok) return after;
  const least = before.value + param.MinGain;
  if (!asked.force && !(after.value >= least))
    return fail('TRAINING_WORSE', { before: before.value, after: after.value, least });
  const delta = packDelta(weights, found.value.weights);
  if (!delta.ok) return delta;
  const about = { learned: 'colours', before: before.value, after: after.value };
  const learned = { weights: found.value.weights, delta: delta.value };
  return seal(self, base.value, served, learned, { version: asked.version, about });
}

/** `red green blue; …`, one a class in their order, counts of 255; `-` where nothing is known of a class. */
export function coloursOf(text: string, classes: number): Result<ClassColours> {
  const parts = text.split(';').map((part) => part.trim());
  const means = parts.map((part) => (part === '-' ? [0, 0, 0] : part.split(/\s+/).map(Number)));
  const bad = means.findIndex(
    (mean) => mean.length !== 3 || !mean.every((value) => value >= 0 && value <= 255),
  );
  if (parts.length !== classes || bad >= 0)
    return fail('TRAINING_CHOICE', {
      why:
        parts.length === classes
          ? `colour ${parts[bad]} is none`
          : `${parts.length} colours, ${classes} classes`,
    });
  return succeed({ means, weights: parts.map((part) => Number(part !== '-')) });
}

/** Share of right answers; NaN where there are no tiles. */
async function accuracyOf(
  self: FineTuner,
  model: StoredModel,
  weights: Uint8Array,
  examples: readonly Example[],
): Promise<Result<number>> {
  if (examples.length === 0) return succeed(Number.NaN);
  const count = examples.length;
  const input = Float32Array.from(examples.flatMap((example) => [...example.input]));
  const run = await answers(self, model, weights, { count, input });
  if (!run.ok) return run;
  const probabilities = run.value[self.config.output];
  const classes = probabilities.length / count;
  const right = examples.filter(({ target }, i) => {
    const own = probabilities.subarray(i * classes, (i + 1) * classes);
    return target[own.indexOf(Math.max(...own))] === Math.max(...target);
  });
  return succeed(right.length / count);
}
