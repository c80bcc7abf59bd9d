/** Tensors that protect their own exponents (`native/exponentContract.ts`), chosen by name when a bundle is packed. */
import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { fail, type Result, succeed } from '../../fsw/errors';
import { readSafetensors, type TensorInfo } from '../../fsw/models';
import { exponent, type FloatDtype, floatLayouts } from '../../native/exponent';
import { floatOf } from '../../native/reference/ecc/exponent';
import type { FolderModel } from './folder';

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
 * The model with the exponents of the chosen tensors protected, bounded by their own largest value. They must be floats
 * and lie last in the file: the graph knows where each tensor is. Errors: MODEL_PROTECTION, those of `readSafetensors`.
 */
export function protectModel(model: FolderModel, rules: readonly ProtectRule[]): Result<FolderModel> {
  if (rules.length === 0) return succeed(model);
  const { manifest } = model;
  const bad = (reason: string) => fail('MODEL_PROTECTION', { model: manifest.name, reason });
  const tensors = readSafetensors(model.weights, manifest.weights.path);
  if (!tensors.ok) return tensors;
  const chosen = ({ name }: TensorInfo) => rules.some((rule) => rule.test(name));
  const first = tensors.value.findIndex(chosen);
  if (first < 0) return bad('no tensor has such a name');
  const last = tensors.value.slice(first);
  const stranger = last.find((tensor) => !chosen(tensor) || !(tensor.dtype in floatLayouts));
  if (stranger)
    return bad(
      chosen(stranger)
        ? `${stranger.name} is ${stranger.dtype}, not a float of 2 or 4 bytes`
        : `${stranger.name} lies after ${last[0].name}, and was not chosen`,
    );
  const weights = model.weights.slice();
  const bounds = last.map(({ name, offset, length, dtype }) => {
    const values = weights.slice(offset, offset + length);
    exponent.protect(values, dtype as FloatDtype);
    weights.set(values, offset);
    return { tensor: name, bound: largest(values, dtype as FloatDtype) };
  });
  const eccBytes = last[0].offset;
  return succeed({
    ...model,
    weights,
    manifest: {
      ...manifest,
      weights: { ...manifest.weights, sha256: sha256(weights) },
      protection: { eccBytes, eccSha256: sha256(weights.subarray(0, eccBytes)), exponent: bounds },
    },
  });
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
