/** The mission's surface-vit as a subject: as it was trained (fp32), and with its weights rounded to fp16 in the store. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Result, succeed } from '../../../fsw/errors';
import { readSafetensors } from '../../../fsw/models/safetensors';
import { projectRoot } from '../../../fsw/root';
import type { EvaluationSet } from './evaluationSet';
import { toFloats, toHalves } from './float16';
import type { FloatField, Subject } from './subject';

const FOLDER = join(projectRoot, 'fsw/missions/earth-watch/models');
const WEIGHTS = 'surface-vit.safetensors';
const CLASSES = 3;

export type Precision = 'fp32' | 'fp16';

/** Errors: those of the weights' file. */
export function visionTransformer(precision: Precision, set: EvaluationSet): Result<Subject> {
  const graph = new Uint8Array(readFileSync(join(FOLDER, 'surface-vit.onnx')));
  const file = new Uint8Array(readFileSync(join(FOLDER, WEIGHTS)));
  const tensors = readSafetensors(file, WEIGHTS);
  if (!tensors.ok) return tensors;
  const start = tensors.value[0].offset;
  const floats = new Float32Array(file.slice(start).buffer);
  const bytes = precision === 'fp32' ? 4 : 2;
  const fields = tensors.value.map(({ offset, length }): FloatField => {
    const first = (offset - start) / 4;
    const values = floats.subarray(first, first + length / 4);
    return {
      dtype: precision === 'fp32' ? 'F32' : 'F16',
      at: first * bytes,
      stride: bytes,
      count: values.length,
      bound: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    };
  });
  const weights = new Uint8Array((precision === 'fp32' ? floats : toHalves(floats)).buffer);
  const calmAccuracy = new WeakMap<Uint8Array, number>();

  const accuracyOf = async (stored: Uint8Array): Promise<number> => {
    const expanded = new Float32Array(floats.length);
    if (precision === 'fp32') new Uint8Array(expanded.buffer).set(stored);
    else toFloats(new Uint16Array(stored.slice().buffer), expanded);
    const whole = file.slice();
    whole.set(new Uint8Array(expanded.buffer), start);
    const session = await InferenceSession.create(graph, {
      externalData: [{ path: WEIGHTS, data: whole }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const { probabilities } = await session.run({
      tiles: new Tensor('float32', set.tiles, [set.count, 3, 32, 32]),
    });
    await session.release();
    return accuracy(probabilities.data as Float32Array, set.labels);
  };

  return succeed({
    name: `surface-vit ${precision}`,
    weights,
    floats: fields,
    unit: 'points of accuracy',
    about: `${(weights.length / 1e6).toFixed(2)} MB, ${set.count} tiles of seed 41, a third of each class`,
    async damage(stored, truth) {
      const calm = calmAccuracy.get(truth) ?? (await accuracyOf(truth));
      calmAccuracy.set(truth, calm);
      return 100 * (calm - (await accuracyOf(stored)));
    },
    close: async () => undefined,
  });
}

/** The share of tiles whose most probable class is the label; a tile whose probabilities are no numbers is wrong. */
function accuracy(probabilities: Float32Array, labels: Uint8Array): number {
  let right = 0;
  for (const [tile, label] of labels.entries()) {
    const row = probabilities.subarray(tile * CLASSES, (tile + 1) * CLASSES);
    if (row.every((p, i) => i === label || p < row[label])) right++;
  }
  return right / labels.length;
}
