/** Changes of version: a bundle is installed as candidate, then promoted by the runtime's verdict, or rolled back. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import { isDelta } from '../../../fsw/models';
import { deltaSource } from './delta';
import { isKnown, removeCopies, type VersionName, writeCopies } from './goldenCopies';
import { entryOf, withEntry } from './ledger';
import { loadSource } from './load';
import { offer } from './offers';
import { inMemory, serve } from './serve';
import { freeSlot, type Held, heldOf } from './slots';
import { bundleSource, type ModelSource, openSent } from './source';
import { type Store, saveLedger, showCounts } from './state';
import { inTurns, type Steps } from './steps';
import { beginWatch } from './watch';

/**
 * Verifies a bundle or a delta, loads it beside what flies, writes its golden copies, and notes it as candidate: in this order, so
 * that a cut at any instant leaves the ledger as it was, or a candidate that is whole. Errors: those of `bundleSource`,
 * `deltaSource` and `loadSource`, MODEL_DOWNGRADE, those of the file store.
 */
export async function install(self: Store, path: string): Promise<Result<void>> {
  const { state, event } = self;
  const refuse = (failure: Failed): Failed => {
    event.InstallRefused({ path, code: failure.error.code, reason: failure.error.text });
    return failure;
  };
  const sent = await inTurns(sourceOf(self, path), self.clock);
  if (!sent.ok) return refuse(sent);
  const { source, base, bytes } = sent.value;
  const { name: model, serial, version, learned } = source.envelope.manifest;
  const entry = entryOf(state.ledger, model);
  const highest = entry?.highest ?? 0;
  const lost = serial === entry?.current && isLost(self, { model, serial });
  if (serial <= highest && !lost) return refuse(fail('MODEL_DOWNGRADE', { model, serial, highest }));
  if (base) base.isBase = true;
  const loaded = await inTurns(loadSource(self, source), self.clock);
  if (base) base.isBase = false;
  if (!loaded.ok) return refuse(loaded);
  const held = loaded.value;
  held.candidate = true;
  const copies = await inTurns(writeCopies(self, held), self.clock);
  const noted = copies.ok
    ? saveLedger(
        self,
        withEntry(state.ledger, {
          // As it is by now: a watch may have ended meanwhile.
          ...entryOf(state.ledger, model),
          model,
          candidate: serial,
          highest: Math.max(serial, highest),
        }),
      )
    : copies;
  if (!noted.ok) {
    freeSlot(self, held.slot);
    if (!lost) removeCopies(self, { model, serial });
    return refuse(noted);
  }
  if (entry?.candidate !== undefined && entry.candidate !== serial)
    drop(self, { model, serial: entry.candidate });
  self.clearThrottle('InstallRefused');
  if (base)
    event.DeltaApplied({
      model,
      serial,
      base: base.manifest.serial,
      bytes,
      depth: learned?.depth ?? 0,
    });
  event.ModelInstalled({ model, version, serial });
  return succeed(undefined);
}

interface Sent {
  readonly source: ModelSource;
  /** What a delta applies to. */
  readonly base?: Held;
  readonly bytes: number;
}

/** A bundle, which the mission has signed, or a delta. */
function* sourceOf(self: Store, path: string): Steps<Result<Sent>> {
  const sent = openSent(self.board.files, path);
  if (!sent.ok) return sent;
  const { size: bytes, head } = sent.value;
  if (isDelta(head)) {
    const made = yield* deltaSource(self, sent.value);
    return made.ok ? succeed({ ...made.value, bytes }) : made;
  }
  const source = bundleSource(sent.value, self.state.missionKeys);
  return source.ok ? succeed({ source: source.value, bytes }) : source;
}

/** The current version cannot be had any more: the ground has sent it again, which is no step back. */
function isLost({ state }: Store, { model, serial }: VersionName): boolean {
  const held = state.serving.get(model);
  return held?.manifest.serial !== serial || held.lost;
}

/**
 * Makes the candidate or the previous version the current one, once the runtime has loaded it and found it fit; until
 * the ledger says so, a boot flies the old one. Errors: MODEL_VERSION, MODEL_REFUSED, those of `loadVersion` and of
 * the ledger.
 */
export async function promote(
  self: Store,
  model: string,
  which: 'candidate' | 'previous',
): Promise<Result<void>> {
  const { state, event, param } = self;
  const entry = entryOf(state.ledger, model);
  const serial = entry?.[which];
  if (entry === undefined || serial === undefined) return fail('MODEL_VERSION', { model, what: which });
  const refuse = (failure: Failed): Failed => {
    event.PromotionRefused({ model, serial, reason: failure.error.text });
    return failure;
  };
  const held = await inTurns(inMemory(self, { model, serial }), self.clock);
  if (!held.ok) return refuse(held);
  // What serves by then: the one of now may be replaced meanwhile.
  const offerOld = async () => {
    const old = state.serving.get(model);
    if (old) await offer(self, old, false);
  };
  held.value.candidate = true;
  const verdict = await offer(self, held.value, which === 'candidate');
  // Refused, it waits in its golden copies, and its slot is there for others.
  held.value.candidate = false;
  if (!verdict.fit) {
    if (verdict.late) await offerOld();
    return refuse(fail('MODEL_REFUSED', { model, reason: verdict.reason }));
  }
  const { current, candidate, highest } = entry;
  const previous = current === serial ? entry.previous : current;
  const changed = {
    model,
    current: serial,
    previous,
    candidate: which === 'candidate' ? undefined : candidate,
    highest,
    // With a way back, it is watched before it counts as proven.
    ...(which === 'candidate' && previous !== undefined && param.WatchS > 0 && { unproven: 0 }),
  };
  const noted = saveLedger(self, withEntry(state.ledger, changed));
  if (!noted.ok) {
    await offerOld();
    return refuse(noted);
  }
  serve(self, held.value);
  beginWatch(self, changed);
  const { previous: older } = entry;
  if (older !== undefined && older !== previous && older !== serial) drop(self, { model, serial: older });
  for (const told of ['PromotionRefused', 'ReuplinkNeeded', 'FellBack'] as const) self.clearThrottle(told);
  event.ModelPromoted({ model, version: held.value.manifest.version, serial });
  return succeed(undefined);
}

/** Forgets a version that waits no more. What the ledger still names, or what is served, was sent again: it stays. */
function drop(self: Store, version: VersionName): void {
  const { model, serial } = version;
  const { slots, serving } = self.state;
  for (const held of heldOf(slots))
    if (held.manifest.name === model && held.manifest.serial === serial && held !== serving.get(model))
      freeSlot(self, held.slot);
  if (!isKnown(self, version)) removeCopies(self, version);
  showCounts(self);
}
