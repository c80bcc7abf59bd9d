/** Whether a model in memory is fit to fly at this moment. */
import { createHash } from 'node:crypto';
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import {
  type ManifestModel,
  openEnvelope,
  readSafetensors,
  type TensorInfo,
  type TrustedKeys,
} from '../../../fsw/models';
import { floatLayouts } from '../../../native/exponent';
import { coveredWeights, envelopeBytes, graphBytes, type Region } from './region';
import type { Steps } from './steps';

const STEP_BYTES = 1 << 20;

/**
 * The signature, both hashes, then the layout of the weights. `all`: the tail has to be as it was signed, too; later
 * upsets there are voted and clipped, not found. Returns the manifest as it stands in protected memory.
 * Errors: those of `openEnvelope` and `readSafetensors`, MODEL_HASH, MODEL_PROTECTION.
 */
export function* verifyRegion(
  region: Region,
  keys: TrustedKeys,
  { name, all }: { readonly name: string; readonly all: boolean },
): Steps<Result<ManifestModel>> {
  const envelope = openEnvelope(envelopeBytes(region), keys, name);
  if (!envelope.ok) return envelope;
  const { manifest } = envelope.value;
  const { graph, weights, protection } = manifest;
  const covered = coveredWeights(region);
  const checks: [string, readonly Uint8Array[], string][] = [
    [graph.path, [graphBytes(region)], graph.sha256],
  ];
  if (all || protection === undefined) checks.push([weights.path, [covered, region.tail], weights.sha256]);
  if (protection !== undefined)
    checks.push([weights.path, [covered.subarray(0, protection.eccBytes)], protection.eccSha256]);
  for (const [file, parts, expected] of checks) {
    const found = yield* sha256(parts);
    if (found !== expected)
      return fail('MODEL_HASH', {
        model: manifest.name,
        file,
        found: found.slice(0, 8),
        expected: expected.slice(0, 8),
      });
  }
  const tensors = readSafetensors(covered, weights.path, weights.bytes);
  if (!tensors.ok) return tensors;
  return protectionFault(manifest, tensors.value) ?? succeed(manifest);
}

function* sha256(parts: readonly Uint8Array[]): Steps<string> {
  const hash = createHash('sha256');
  for (const part of parts)
    for (let at = 0; at < part.length; at += STEP_BYTES) {
      hash.update(part.subarray(at, at + STEP_BYTES));
      yield;
    }
  return hash.digest('hex');
}

/** What has no check rows must be the last tensors, all of them named. */
function protectionFault(
  { name, weights, protection }: ManifestModel,
  tensors: readonly TensorInfo[],
): Failed | undefined {
  if (protection === undefined) return undefined;
  const bad = (reason: string) => fail('MODEL_PROTECTION', { model: name, reason });
  const bare = tensors.filter(({ offset, length }) => offset + length > protection.eccBytes);
  const [first] = bare;
  if ((first?.offset ?? weights.bytes) !== protection.eccBytes)
    return bad(`byte ${protection.eccBytes} is not the start of a tensor`);
  const stranger = bare.find(({ dtype }) => !(dtype in floatLayouts));
  if (stranger) return bad(`${stranger.name} is ${stranger.dtype}, whose exponent is not known`);
  const names = bare.map((tensor) => tensor.name);
  const listed = protection.exponent.map(({ tensor }) => tensor);
  if (names.join('\n') !== listed.join('\n'))
    return bad(
      `from byte ${protection.eccBytes} on lie ${names.join(', ')}, listed are ${listed.join(', ')}`,
    );
  return undefined;
}
