/** A model as a runtime gets it. */
import { type ManifestModel, readSafetensors } from '../../../fsw/models';
import { exponent, type FloatDtype } from '../../../native/exponent';
import type { StoredModel } from '../ports';
import { coveredWeights, graphBytes, type Region } from './region';

/** Views of protected memory, verified just now; weights with a tail as a copy, in which that is voted and clipped. */
export function storedModel(manifest: ManifestModel, region: Region): StoredModel {
  const { name, version, input, outputs, classes, canary, weights } = manifest;
  return {
    name,
    version,
    graph: graphBytes(region),
    weightsName: weights.path,
    weights: region.tail.length === 0 ? coveredWeights(region) : mendedWeights(manifest, region),
    input,
    outputs,
    classes,
    ...(canary && { canary }),
  };
}

function mendedWeights({ weights: file, protection }: ManifestModel, region: Region): Uint8Array {
  const weights = new Uint8Array(new SharedArrayBuffer(file.bytes));
  const covered = coveredWeights(region);
  weights.set(covered);
  weights.set(region.tail, covered.length);
  const tensors = readSafetensors(covered, file.path, file.bytes);
  for (const { tensor, bound } of protection?.exponent ?? []) {
    const info = tensors.ok ? tensors.value.find(({ name }) => name === tensor) : undefined;
    if (info === undefined) continue;
    const { offset, length, dtype } = info;
    // A copy of its own: the kernels need floats aligned, the file doesn't.
    const values = weights.slice(offset, offset + length);
    exponent.vote(values, dtype as FloatDtype);
    exponent.clip(values, dtype as FloatDtype, bound);
    weights.set(values, offset);
  }
  return weights;
}
