/** The manifest of a version that was learned on board. */
import { createHash } from 'node:crypto';
import type { ManifestModel } from './manifest';

export interface LearnedVersion {
  readonly serial: number;
  readonly version: string;
  readonly weights: Uint8Array;
  /** What these weights give for the canary of the base. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** For people: how it was learned. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/**
 * As the base, with other weights and what they give for its canary. Tensors that protected their own exponents do so no
 * more, as learning changes the bits in which they did: error correction covers all of it.
 */
export function learnedManifest(
  base: ManifestModel,
  { serial, version, weights, outputs, about }: LearnedVersion,
): ManifestModel {
  const { protection, learned, about: before, canary, ...same } = base;
  return {
    ...same,
    serial,
    version,
    weights: {
      ...base.weights,
      bytes: weights.length,
      sha256: createHash('sha256').update(weights).digest('hex'),
    },
    ...(canary && { canary: { ...canary, outputs } }),
    learned: { serial: base.serial, sha256: base.weights.sha256, depth: (learned?.depth ?? 0) + 1 },
    ...(about && { about }),
  };
}
