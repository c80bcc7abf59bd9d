/** What was learned becomes a signed delta: merged into the weights, proven by its own canary outputs, sealed with the own key. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { writeWhole } from '../../../fsw/framework';
import type { LearnedWeights } from '../../../fsw/learning/engines/workshop';
import { learnedManifest, readOwnKey, sealDelta } from '../../../fsw/models';
import type { Canary, ServedVersion, StoredModel } from '../../payload/ports';
import { fetchBase } from './begin';
import { newestCheckpoint } from './checkpoints';
import { deltaPath, type FineTuner, inTime, providersOf } from './state';

export interface Adopted {
  readonly path: string;
  readonly bytes: number;
  readonly serial: number;
}

/**
 * Errors: TRAINING_NOTHING (no job is done), TRAINING_BASE (another version flies meanwhile), TRAINING_WORSE (unless forced),
 * MODEL_OWN_KEY, those of the engine, of `sealDelta` and of the store. Nothing is written then.
 */
export async function adopt(
  self: FineTuner,
  { version, force }: { readonly version: string; readonly force: boolean },
): Promise<Result<Adopted>> {
  const { config, param, out } = self;
  const newest = newestCheckpoint(self);
  if (newest?.progress.standing !== 'done')
    return fail('TRAINING_NOTHING', { what: 'adopt', why: 'no training is done' });
  const { task, state, progress } = newest;
  const { accuracyBefore: before, accuracyAfter: after } = progress;
  const least = before + param.MinGain;
  if (!force && !(after >= least)) return fail('TRAINING_WORSE', { before, after, least });
  const base = fetchBase(self, task);
  if (!base.ok) return base;
  const served = out.served({ model: task.model });
  if (served === undefined) return fail('MODEL_UNKNOWN', { model: task.model, known: 'none' });
  const { graph, weights, weightsName } = base.value;
  const model = { graph, weights, weightsName, output: config.output };
  const what = { parameters: state.parameters, rounded: param.RoundAdapters };
  const merging = self.state.engine.merge(model, task.choice, what);
  const merged = await inTime(self, merging, config.loadCostUs);
  if (!merged.ok) return merged;
  const about = { learned: task.choice.what, steps: state.step, before, after };
  return seal(self, base.value, served, merged.value, { version, about });
}

/** New weights as a delta that the own key signed, in the file store. Errors: MODEL_OWN_KEY, those of the engine, of `sealDelta` and of the store. */
export async function seal(
  self: FineTuner,
  base: StoredModel,
  served: ServedVersion,
  { weights, delta }: LearnedWeights,
  { version, about }: { readonly version: string; readonly about: Readonly<Record<string, unknown>> },
): Promise<Result<Adopted>> {
  const { board } = self;
  const outputs = base.canary === undefined ? succeed({}) : await answers(self, base, weights, base.canary);
  if (!outputs.ok) return outputs;
  const key = readOwnKey(board.storage);
  if (!key.ok) return key;
  const manifest = learnedManifest(served.manifest, {
    serial: served.nextSerial,
    version,
    weights,
    outputs: outputs.value,
    about,
  });
  const sealed = sealDelta(served.manifest, manifest, delta, key.value);
  if (!sealed.ok) return sealed;
  const path = deltaPath(self, served.nextSerial);
  const written = writeWhole(board.files, path, sealed.value);
  return written.ok ? succeed({ path, bytes: sealed.value.length, serial: served.nextSerial }) : written;
}

/** What the graph that flies gives with the new weights. */
export async function answers(
  self: FineTuner,
  { graph, weightsName, input }: StoredModel,
  weights: Uint8Array,
  canary: Pick<Canary, 'count' | 'input'>,
): Promise<Result<Readonly<Record<string, Float32Array>>>> {
  const { state, config } = self;
  const dims = [canary.count, ...input.shape.slice(1).map(Number)];
  const work = async () => {
    const loaded = await state.engine.load(
      'adopted',
      graph,
      { name: weightsName, bytes: weights },
      providersOf(self),
    );
    if (!loaded.ok) return loaded;
    return state.engine.run('adopted', { [input.name]: { dims, data: canary.input } });
  };
  const costUs = config.loadCostUs + canary.count * config.answerUsPerTile;
  return inTime(self, work(), costUs);
}
