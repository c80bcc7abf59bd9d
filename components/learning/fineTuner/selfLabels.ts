/**
 * Labels without a ground: a tile whose turned and mirrored views are all answered alike is taken at its word, softly. What the
 * ground says of a tile is never overruled. Weak beside that: the network is taught by itself.
 */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Label } from '../../../fsw/learning/labels';
import type { StoredModel } from '../../payload/ports';
import { allowance } from './budget';
import { type FineTuner, inTime, providersOf } from './state';

/** Of a square: four turns, and each mirrored. Seen from above, a place is the same. */
const VIEWS = 8;
/** Tiles of one command: what is asked of the engine at once keeps the queue waiting. */
export const MAX_SELF_LABELS = 64;

/** Labels of the tiles `from` and on, those that are kept, not labelled yet, and agreed upon. Errors: TRAINING_BUDGET, those of the engine. */
export async function selfLabels(
  self: FineTuner,
  model: StoredModel,
  { from, count, weight }: { readonly from: number; readonly count: number; readonly weight: number },
): Promise<Result<readonly Label[]>> {
  const { state, out, config } = self;
  const allowed = allowance(self, 0);
  if (allowed.kind !== 'go') return fail('TRAINING_BUDGET', { why: allowed.reason });
  const { graph, weights, weightsName, input } = model;
  const sidePx = Number(input.shape[2]);
  const file = { name: weightsName, bytes: weights };
  const loaded = await inTime(
    self,
    state.engine.load('views', graph, file, providersOf(self)),
    config.loadCostUs,
  );
  if (!loaded.ok) return loaded;
  const labels: Label[] = [];
  for (let tile = from; tile < from + Math.min(count, MAX_SELF_LABELS); tile++) {
    if (state.book.labels.has(tile)) continue;
    const kept = out.tile({ tile });
    if (kept === undefined) continue;
    const data = viewsOf(kept.pixels, sidePx);
    const dims = [VIEWS, ...input.shape.slice(1).map(Number)];
    const running = state.engine.run('views', { [input.name]: { dims, data } });
    const run = await inTime(self, running, VIEWS * config.answerUsPerTile);
    if (!run.ok) return run;
    const says = agreed(run.value[config.output]);
    if (says !== undefined) labels.push({ tile, says, weight, use: 'train' });
  }
  return succeed(labels);
}

/** The views of a channel-first square, one after the other. */
export function viewsOf(pixels: Uint8Array, sidePx: number): Float32Array {
  const plane = sidePx * sidePx;
  const views = new Float32Array(VIEWS * pixels.length);
  const last = sidePx - 1;
  for (let view = 0; view < VIEWS; view++)
    for (let i = 0; i < pixels.length; i++) {
      const at = i % plane;
      const [column, row] = [at % sidePx, Math.floor(at / sidePx)];
      const x = view & 1 ? last - column : column;
      const y = view & 2 ? last - row : row;
      views[view * pixels.length + i] = pixels[i - at + (view & 4 ? x * sidePx + y : y * sidePx + x)];
    }
  return views;
}

/** The mean of the views' probabilities in 1/255, if each has the same class first. */
export function agreed(probabilities: Float32Array): Uint8Array | undefined {
  const classes = probabilities.length / VIEWS;
  const mean = new Float32Array(classes);
  const first = new Set<number>();
  for (let view = 0; view < VIEWS; view++) {
    const own = probabilities.subarray(view * classes, (view + 1) * classes);
    first.add(own.indexOf(Math.max(...own)));
    for (let c = 0; c < classes; c++) mean[c] += own[c] / VIEWS;
  }
  if (first.size !== 1 || first.has(-1)) return undefined;
  return Uint8Array.from(mean, (share) => Math.round(share * 255));
}
