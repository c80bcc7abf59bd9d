/** A version from a delta: what it is made of is read from verified pages, and what comes out has to be what was signed. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import {
  checkPayload,
  type Delta,
  deltaHeadLength,
  type Envelope,
  hexOf,
  openDelta,
  openEnvelope,
  patchedRead,
  patchesOf,
  type Read,
  readSafetensors,
  resultOf,
} from '../../../fsw/models';
import { PAGE_BYTES } from '../../../native/ecc';
import { goldenSources } from './goldenCopies';
import { memoryPages } from './goldenScrub';
import { entryOf } from './ledger';
import { coveredWeights, envelopeBytes } from './region';
import { inMemory, verifyHeld } from './serve';
import type { Held } from './slots';
import type { ModelSource, SentFile } from './source';
import type { Store } from './state';
import type { Steps } from './steps';

/** What a delta makes, and the version that it is read from, which must stay in its slot until then. */
export interface DeltaSource {
  readonly source: ModelSource;
  readonly base: Held;
}

/**
 * Errors: those of `openDelta`, `resultOf` and `patchesOf`, MODEL_DELTA_BASE (no such version here), MODEL_KEY_OWN, MODEL_DELTA_DEPTH,
 * those of the store and of `inMemory`.
 */
export function* deltaSource(self: Store, file: SentFile): Steps<Result<DeltaSource>> {
  const { path, size, head, read } = file;
  const { keys } = self.state;
  const length = deltaHeadLength(head, path);
  if (!length.ok) return length;
  const bytes = new Uint8Array(Math.min(length.value, size));
  const whole = read(0, bytes);
  if (!whole.ok) return whole;
  const delta = openDelta(bytes, size, keys, path);
  if (!delta.ok) return delta;
  const payload = new Uint8Array(delta.value.payload.bytes);
  const loaded = read(delta.value.payload.at, payload);
  if (!loaded.ok) return loaded;
  const checked = checkPayload(delta.value, payload, path);
  if (!checked.ok) return checked;
  const base = yield* baseOf(self, delta.value);
  if (!base.ok) return base;
  const { held, envelope } = base.value;
  const result = resultOf(delta.value, envelope.manifest, keys, path);
  if (!result.ok) return result;
  const overstep = ownKeyFault(self, delta.value, envelope, result.value);
  if (overstep !== undefined) return overstep;
  const { weights } = envelope.manifest;
  const tensors = readSafetensors(coveredWeights(held.region), weights.path, weights.bytes);
  if (!tensors.ok) return tensors;
  const patches = patchesOf(delta.value.changes, payload, tensors.value, path);
  if (!patches.ok) return patches;
  const { graphAt, weightsAt } = held.region.layout;
  const content = contentRead(self, held);
  return succeed({
    base: held,
    source: {
      envelope: result.value,
      graph: (offset, into) => content(graphAt + offset, into),
      weights: patchedRead((offset, into) => content(weightsAt + offset, into), patches.value),
    },
  });
}

/** The version that the delta names, in memory and verified at this moment. */
function* baseOf(
  self: Store,
  { base: { model, serial, sha256 } }: Delta,
): Steps<Result<{ readonly held: Held; readonly envelope: Envelope }>> {
  const { ledger, serving, keys } = self.state;
  const entry = entryOf(ledger, model);
  const known = [entry?.current, entry?.previous, entry?.candidate, serving.get(model)?.manifest.serial];
  if (!known.includes(serial))
    return fail('MODEL_DELTA_BASE', {
      model,
      serial,
      sha256: sha256.slice(0, 8),
      found: `serial ${[...new Set(known)].filter((one) => one !== undefined).join(', ') || 'none'}`,
    });
  const held = yield* inMemory(self, { model, serial });
  if (!held.ok) return held;
  const fit = verifyHeld(self, held.value);
  if (!fit.ok) return fit;
  const envelope = openEnvelope(envelopeBytes(held.value.region), keys, model);
  return envelope.ok ? succeed({ held: held.value, envelope: envelope.value }) : envelope;
}

/** The own key signs nothing but steps from what the mission signed, and so many of them at most. */
function ownKeyFault(
  { state, param }: Store,
  { keyId }: Delta,
  base: Envelope,
  { manifest: { name: model, learned } }: Envelope,
): Failed | undefined {
  const key = hexOf(keyId);
  if (key !== state.ownId) return undefined;
  const { manifest } = base;
  const depth = (manifest.learned?.depth ?? 0) + 1;
  const told =
    learned?.serial === manifest.serial &&
    learned.sha256 === manifest.weights.sha256 &&
    learned.depth === depth;
  if (!told)
    return fail('MODEL_KEY_OWN', { file: model, key, why: 'and it does not say what it was learned from' });
  if (depth <= param.MaxLearned) return undefined;
  return fail('MODEL_DELTA_DEPTH', { model, depth, max: param.MaxLearned });
}

/** Reads a version's content; each page from memory or a golden copy, and only when it is what its CRC says. */
function contentRead(self: Store, { manifest, region }: Held): Read {
  const { name: model, serial } = manifest;
  const sources = [memoryPages(region), ...goldenSources(self, { model, serial })];
  return (offset, into) => {
    for (let done = 0; done < into.length; ) {
      const at = offset + done;
      const page = Math.floor(at / PAGE_BYTES);
      let content: Uint8Array | undefined;
      for (const source of sources) content ??= source(page);
      if (content === undefined) return fail('MODEL_LOST', { model, pages: 1 });
      const part = content.subarray(at % PAGE_BYTES, (at % PAGE_BYTES) + into.length - done);
      into.set(part, done);
      done += part.length;
    }
    return succeed(undefined);
  };
}
