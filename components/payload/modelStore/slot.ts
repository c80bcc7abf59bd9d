/** One model in shared memory: its bytes, and whether they are still what the manifest says. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import type { ManifestFile, ManifestModel } from './manifest';
import { readSafetensors } from './safetensors';

export interface Slot {
  readonly model: ManifestModel;
  /** Both over a SharedArrayBuffer of exactly the manifest's length. */
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

/** Reads a model's two files from `folder` into shared memory. Errors: MODEL_MISSING, MODEL_SIZE. */
export function loadSlot(folder: string, model: ManifestModel): Result<Slot> {
  const graph = loadFile(folder, model.name, model.graph);
  if (!graph.ok) return graph;
  const weights = loadFile(folder, model.name, model.weights);
  if (!weights.ok) return weights;
  return succeed({ model, graph: graph.value, weights: weights.value });
}

function loadFile(folder: string, model: string, { path, bytes }: ManifestFile): Result<Uint8Array> {
  const read = readBytes(folder, path);
  if (!read.ok) return fail('MODEL_MISSING', { model, file: path, reason: read.reason });
  const { length } = read.bytes;
  if (length !== bytes) return fail('MODEL_SIZE', { model, file: path, length, expected: bytes });
  const shared = new Uint8Array(new SharedArrayBuffer(bytes));
  shared.set(read.bytes);
  return succeed(shared);
}

/** Reads a file; `reason` is the operating system's code when it can't be read. */
export function readBytes(
  folder: string,
  name: string,
): { ok: true; bytes: Uint8Array } | { ok: false; reason: string } {
  try {
    return { ok: true, bytes: readFileSync(join(folder, name)) };
  } catch (error) {
    return { ok: false, reason: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/**
 * Whether the slot is fit to fly at this moment: both hashes first, then the layout of the weights.
 * Errors: MODEL_HASH, and what `readSafetensors` refuses.
 */
export function verifySlot({ model, graph, weights }: Slot): Result<void> {
  const changed = hashFault(model.name, model.graph, graph) ?? hashFault(model.name, model.weights, weights);
  if (changed) return changed;
  const tensors = readSafetensors(weights, model.weights.path);
  return tensors.ok ? succeed(undefined) : tensors;
}

function hashFault(model: string, { path, sha256 }: ManifestFile, bytes: Uint8Array): Failed | undefined {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return undefined;
  return fail('MODEL_HASH', {
    model,
    file: path,
    found: found.slice(0, 8),
    expected: sha256.slice(0, 8),
  });
}
