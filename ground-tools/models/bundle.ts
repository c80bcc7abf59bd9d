/** Bundles and signed manifests as files: made, checked, shown. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  BUNDLE_EXTENSION,
  checkBundleLength,
  type Envelope,
  openEnvelope,
  readSafetensors,
  type TensorInfo,
  type TrustedKeys,
} from '../../fsw/models';

export interface CheckedModel {
  readonly envelope: Envelope;
  readonly tensors: readonly TensorInfo[];
  readonly weights: Uint8Array;
}

/**
 * Checks a bundle, or a signed manifest with the files beside it, as flight software does: signature, lengths, hashes,
 * tensors. Errors: those of `openEnvelope`, `checkBundleLength` and `readSafetensors`, MODEL_MISSING, MODEL_HASH.
 */
export function checkModelFile(file: string, keys: TrustedKeys): Result<CheckedModel> {
  const bytes = readFile(file, file);
  if (!bytes.ok) return bytes;
  const envelope = openEnvelope(bytes.value, keys, file);
  if (!envelope.ok) return envelope;
  const { manifest } = envelope.value;
  const parts = file.endsWith(BUNDLE_EXTENSION)
    ? bundleParts(envelope.value, bytes.value, file)
    : folderParts(envelope.value, dirname(file));
  if (!parts.ok) return parts;
  for (const [{ path, sha256 }, content] of [
    [manifest.graph, parts.value.graph],
    [manifest.weights, parts.value.weights],
  ] as const) {
    const found = createHash('sha256').update(content).digest('hex');
    if (found !== sha256)
      return fail('MODEL_HASH', {
        model: manifest.name,
        file: path,
        found: found.slice(0, 8),
        expected: sha256.slice(0, 8),
      });
  }
  const tensors = readSafetensors(parts.value.weights, manifest.weights.path);
  return tensors.ok
    ? succeed({ envelope: envelope.value, tensors: tensors.value, weights: parts.value.weights })
    : tensors;
}

interface Parts {
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

function bundleParts(envelope: Envelope, bytes: Uint8Array, file: string): Result<Parts> {
  const fits = checkBundleLength(envelope, bytes.length, file);
  if (!fits.ok) return fits;
  const graphAt = envelope.bytes.length;
  const weightsAt = graphAt + envelope.manifest.graph.bytes;
  return succeed({ graph: bytes.subarray(graphAt, weightsAt), weights: bytes.subarray(weightsAt) });
}

function folderParts({ manifest }: Envelope, folder: string): Result<Parts> {
  const graph = readFile(manifest.name, join(folder, manifest.graph.path));
  if (!graph.ok) return graph;
  const weights = readFile(manifest.name, join(folder, manifest.weights.path));
  return weights.ok ? succeed({ graph: graph.value, weights: weights.value }) : weights;
}

export function readFile(model: string, file: string): Result<Uint8Array> {
  try {
    return succeed(new Uint8Array(readFileSync(file)));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('MODEL_MISSING', { model, file, reason });
  }
}
