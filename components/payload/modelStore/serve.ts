/** What is handed out: verified, and replaced by the best that can be had when it is not fit to fly. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { factoryModels } from './factory';
import { COPIES, goldenPath, goldenSources, regionName, type VersionName } from './goldenCopies';
import { storedModel } from './handOut';
import { entryOf } from './ledger';
import { loadGolden, loadSource } from './load';
import { scrubNow } from './repair';
import { freeSlot, type Held, heldVersion } from './slots';
import { account, reject, type Store, showCounts } from './state';
import { atOnce, type Steps } from './steps';
import { verifyRegion } from './verify';

/**
 * Loads the best version that can be had, puts it in the place of what was handed out, and verifies it. Errors: those
 * of the last one tried; each was reported.
 */
export function serveBest(
  self: Store,
  model: string,
  factory = factoryModels(self).get(model),
): Result<Held> {
  const entry = entryOf(self.state.ledger, model);
  const versions = [entry?.current, entry?.previous].flatMap((serial) =>
    serial === undefined ? [] : [{ model, serial }],
  );
  let failure = unknownModel(self, model);
  const attempts = [
    ...versions.map((version) => () => atOnce(loadVersion(self, version))),
    ...(factory ? [() => atOnce(loadSource(self, factory))] : []),
  ];
  for (const attempt of attempts) {
    const loaded = attempt();
    if (loaded.ok) return served(loaded.value);
    failure = reject(self, model, loaded);
  }
  if (attempts.length === 0) return reject(self, model, failure);
  self.event.ReuplinkNeeded({ model, serial: entry?.current ?? 0, reason: failure.error.text });
  return failure;

  function served(held: Held): Result<Held> {
    const { serial } = held.manifest;
    const wanted = entry?.current ?? serial;
    serve(self, held);
    if (serial !== wanted) self.event.FellBack({ model, wanted, serial });
    return succeed(held);
  }
}

/** Loads a version from copy A with the help of B, or the other way round. Errors: those of A. */
export function* loadVersion(self: Store, version: VersionName): Steps<Result<Held>> {
  const [a, b] = COPIES.map((copy) => goldenPath(self, copy, version));
  const first = yield* loadGolden(self, version.model, a, b);
  if (first.ok) return first;
  const second = yield* loadGolden(self, version.model, b, a);
  return second.ok ? second : first;
}

/** A version in its slot, loaded there if it is not. Errors: those of `loadVersion`. */
export function* inMemory(self: Store, version: VersionName): Steps<Result<Held>> {
  const held = heldVersion(self, version.model, version.serial);
  return held ? succeed(held) : yield* loadVersion(self, version);
}

export function serve(self: Store, held: Held): void {
  const { serving, good } = self.state;
  const { name } = held.manifest;
  const before = serving.get(name);
  serving.set(name, held);
  good.add(name);
  // After a fall-back, a rollback serves what is served already.
  if (before && before !== held && before.manifest.serial === held.manifest.serial)
    freeSlot(self, before.slot);
}

export function unknownModel({ state }: Store, model: string): Failed {
  const names = new Set([...state.ledger.entries.map((entry) => entry.model), ...state.serving.keys()]);
  return fail('MODEL_UNKNOWN', { model, known: [...names].sort().join(', ') || 'none' });
}

/**
 * Puts the current version from storage in the place of what is in memory, which stays when that can't be had.
 * Errors: MODEL_UNKNOWN, those of `loadVersion`.
 */
export function reload(self: Store, model: string): Result<Held> {
  const serial = entryOf(self.state.ledger, model)?.current;
  if (serial === undefined || !self.state.serving.has(model)) return serveBest(self, model);
  const loaded = atOnce(loadVersion(self, { model, serial }));
  if (!loaded.ok) return reject(self, model, loaded);
  serve(self, loaded.value);
  return loaded;
}

/** Scrubs and verifies a version in memory. Errors: what `verifyRegion` refuses, and it is reported. */
export function verifyHeld(self: Store, held: Held): Result<StoredModel> {
  const { name: model, serial } = held.manifest;
  const version = { model, serial };
  const scrubbed = scrubNow(held.region, goldenSources(self, version));
  account(self, regionName(version), scrubbed);
  const fit = atOnce(verifyRegion(held.region, self.state.keys, { name: model, all: false }));
  if (!fit.ok) return reject(self, model, fit);
  self.state.good.add(model);
  showCounts(self);
  return succeed(storedModel(fit.value, held.region));
}

/** The version that is flown, verified at this moment; a damaged one is replaced from storage first. */
export function fetch(self: Store, model: string): Result<StoredModel> {
  const { serving } = self.state;
  const held = serving.get(model);
  if (held === undefined) return reject(self, model, unknownModel(self, model));
  const fit = verifyHeld(self, held);
  if (fit.ok) {
    held.handedOut = true;
    return fit;
  }
  serving.delete(model);
  freeSlot(self, held.slot);
  const best = serveBest(self, model);
  if (!best.ok) return best;
  best.value.handedOut = true;
  return succeed(storedModel(best.value.manifest, best.value.region));
}
