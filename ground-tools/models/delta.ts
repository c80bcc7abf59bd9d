/** Deltas as files: made of two versions, checked, shown. */
import { createHash, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  applyDelta,
  type Change,
  checkPayload,
  type Delta,
  hexOf,
  openDelta,
  packDelta,
  resultOf,
  sealDelta,
  type TrustedKeys,
} from '../../fsw/models';
import { type CheckedModel, checkModelFile, readFile } from './bundle';

export interface CheckedDelta {
  readonly delta: Delta;
  readonly bytes: number;
}

/** What makes `next` of `base`, signed. Errors: those of `packDelta` and `sealDelta`. */
export function makeDelta(base: CheckedModel, next: CheckedModel, key: KeyObject): Result<Uint8Array> {
  const packed = packDelta(base.weights, next.weights);
  if (!packed.ok) return packed;
  return sealDelta(base.envelope.manifest, next.envelope.manifest, packed.value, key);
}

/**
 * Checks a delta as flight software does; where its base is not at hand (`baseFile`), all but what comes out. Errors: those of
 * `openDelta`, `checkPayload`, `checkModelFile`, `resultOf` and `applyDelta`, MODEL_MISSING, MODEL_HASH.
 */
export function checkDeltaFile(file: string, keys: TrustedKeys, baseFile?: string): Result<CheckedDelta> {
  const read = readFile(file, file);
  if (!read.ok) return read;
  const opened = openDelta(read.value, read.value.length, keys, file);
  if (!opened.ok) return opened;
  const delta = opened.value;
  const payload = read.value.subarray(delta.payload.at);
  const whole = checkPayload(delta, payload, file);
  if (!whole.ok) return whole;
  const checked = succeed({ delta, bytes: read.value.length });
  if (baseFile === undefined) return checked;
  const base = checkModelFile(baseFile, keys);
  if (!base.ok) return base;
  const result = resultOf(delta, base.value.envelope.manifest, keys, file);
  if (!result.ok) return result;
  const made = applyDelta(base.value.weights, { changes: delta.changes, payload }, file);
  if (!made.ok) return made;
  const found = createHash('sha256').update(made.value).digest('hex');
  const { name, weights } = result.value.manifest;
  if (found === weights.sha256) return checked;
  return fail('MODEL_HASH', {
    model: name,
    file,
    found: found.slice(0, 8),
    expected: weights.sha256.slice(0, 8),
  });
}

/** One line: what it makes of what, and how large it is. */
export function deltaHeadline({ delta: { base, manifest, keyId }, bytes }: CheckedDelta): string {
  const { model, serial } = base;
  const { version, serial: next } = manifest;
  return `${model} ${version}, serial ${next} of serial ${serial}, ${bytes} bytes, key ${hexOf(keyId)}`;
}

export function deltaDescription(checked: CheckedDelta): string[] {
  const { base, changes, payload, manifest } = checked.delta;
  const count = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
  return [
    deltaHeadline(checked),
    `base     ${base.model}, serial ${base.serial}, weights sha256 ${base.sha256}`,
    `head     ${payload.at} bytes, manifest and canary outputs among them`,
    `changes  ${payload.bytes} bytes: ${count('lora')} low-rank products, ${count('sparse')} tensors in part, ${count('tensor')} whole`,
    ...changes.map((change) => `         ${change.tensor}: ${sizeOf(change)}`),
    ...(manifest.about ? [`about    ${JSON.stringify(manifest.about)}`] : []),
  ];
}

function sizeOf(change: Change): string {
  if (change.kind === 'lora') return `rank ${change.rank}, ${change.coding}`;
  return change.kind === 'sparse' ? `${change.count} elements` : 'whole';
}
