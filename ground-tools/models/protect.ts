/** Tensors that protect their own exponents (`native/exponentContract.ts`), chosen by name when a bundle is packed. */
import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { fail, type Result, succeed } from '../../fsw/errors';
import { type ManifestFile, readSafetensors, type TensorInfo } from '../../fsw/models';
import { exponent, type FloatDtype, floatLayouts } from '../../native/exponent';
import { floatOf } from '../../native/reference/ecc/exponent';
import type { FolderModel } from './folder';
import { putLast } from './relayout';

/** Tensor names, `*` for any text. */
export type ProtectRule = RegExp;

/** Reads `pattern=exponent`, and adds it to those before. */
export function protectRule(given: string, before: readonly ProtectRule[]): readonly ProtectRule[] {
  const [, pattern] = /^(.+)=exponent$/.exec(given) ?? [];
  if (pattern === undefined) throw new InvalidArgumentError('It must be <pattern>=exponent.');
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return [...before, new RegExp(`^${parts.join('.*')}$`)];
}

/**
 * The model with the exponents of the chosen tensors protected, bounded by their own largest value, and put last, where
 * no check rows are. They must be floats. Errors: MODEL_PROTECTION, those of `readSafetensors`.
 */
export function protectModel(model: FolderModel, rules: readonly ProtectRule[]): Result<FolderModel> {
  if (rules.length === 0) return succeed(model);
  const { manifest } = model;
  const bad = (reason: string) => fail('MODEL_PROTECTION', { model: manifest.name, reason });
  const tensors = readSafetensors(model.weights, manifest.weights.path);
  if (!tensors.ok) return tensors;
  const chosen = ({ name }: TensorInfo) => rules.some((rule) => rule.test(name));
  const bare = tensors.value.filter(chosen);
  if (bare.length === 0) return bad('no tensor has such a name');
  const stranger = bare.find(({ dtype }) => !(dtype in floatLayouts));
  if (stranger) return bad(`${stranger.name} is ${stranger.dtype}, not a float of 2 or 4 bytes`);
  const laid = putLast(manifest.name, model, tensors.value, chosen);
  if (!laid.ok) return laid;
  const { graph, weights } = laid.value;
  let at = weights.length - bare.reduce((sum, { length }) => sum + length, 0);
  const eccBytes = at;
  const bounds = bare.map(({ name, length, dtype }) => {
    const values = weights.slice(at, at + length);
    exponent.protect(values, dtype as FloatDtype);
    weights.set(values, at);
    at += length;
    return { tensor: name, bound: largest(values, dtype as FloatDtype) };
  });
  return succeed({
    graph,
    weights,
    manifest: {
      ...manifest,
      graph: fileOf(manifest.graph.path, graph),
      weights: fileOf(manifest.weights.path, weights),
      protection: { eccBytes, eccSha256: sha256(weights.subarray(0, eccBytes)), exponent: bounds },
    },
  });
}

function fileOf(path: string, bytes: Uint8Array): ManifestFile {
  return { path, bytes: bytes.length, sha256: sha256(bytes) };
}

/** Of the magnitudes; of a tensor of zeros the smallest that can be. */
function largest(bytes: Uint8Array, dtype: FloatDtype): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = floatLayouts[dtype].bytes;
  let most = 0;
  for (let at = 0; at < bytes.length; at += size)
    most = Math.max(most, Math.abs(valueAt(view, at, dtype)) || 0);
  return most || 2 ** -24;
}

function valueAt(view: DataView, at: number, dtype: FloatDtype): number {
  return floatOf(dtype, dtype === 'F32' ? view.getUint32(at, true) : view.getUint16(at, true));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
