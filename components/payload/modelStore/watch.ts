/**
 * After a promotion a version is watched: what the runtime finds wrong with it in that time leads back to the version before,
 * without the ground. The ledger says so, so that a boot goes on watching, and a version that lets the computer boot again
 * and again is left, too.
 */
import { entryOf, type Ledger, type LedgerEntry, withEntry } from './ledger';
import { type Store, saveLedger } from './state';

/** A version under watch. */
export interface Watch {
  readonly serial: number;
  /** Runs that were late. */
  late: number;
  cancel(): void;
}

/** Begins, or goes on, to watch the current version of an entry that is unproven; ends the watch of one that is not. */
export function beginWatch(self: Store, { model, current: serial, unproven }: LedgerEntry): void {
  const { state, clock, param } = self;
  state.watches.get(model)?.cancel();
  state.watches.delete(model);
  if (unproven === undefined || serial === undefined) return;
  const timer = clock.after(param.WatchS * 1e6, async () => proven(self, model));
  state.watches.set(model, { serial, late: 0, cancel: () => timer.cancel() });
}

/** Its time is over, and nothing was found. */
function proven(self: Store, model: string): void {
  const { state, event } = self;
  const entry = entryOf(state.ledger, model);
  const serial = state.watches.get(model)?.serial;
  state.watches.delete(model);
  if (entry === undefined || serial === undefined || entry.current !== serial) return;
  const { unproven, ...rest } = entry;
  // Where it can't be noted, the next boot watches once more.
  saveLedger(self, withEntry(state.ledger, rest));
  event.ModelProven({ model, serial });
}

/** Whether what was found wrong with a model calls for the version before. */
export function callsForRollback(
  { state, param }: Store,
  model: string,
  kind: 'CANARY' | 'DEADLINE' | 'ACCURACY',
): boolean {
  const watch = state.watches.get(model);
  if (watch === undefined) return false;
  return kind !== 'DEADLINE' || ++watch.late >= param.WatchDeadlines;
}

/** At boot: an unproven version has one boot less; after the last one the version before is the current one again. */
export function countBoot(self: Store, entry: LedgerEntry): LedgerEntry {
  const { state, param, event } = self;
  const { model, current, previous, unproven } = entry;
  if (unproven === undefined || current === undefined) return entry;
  const { unproven: _, ...proven } = entry;
  const back = unproven + 1 >= param.WatchBoots && previous !== undefined;
  const counted: LedgerEntry = back
    ? { ...proven, current: previous, previous: current }
    : { ...entry, unproven: unproven + 1 };
  const ledger: Ledger = withEntry(state.ledger, counted);
  if (!saveLedger(self, ledger).ok) return entry;
  if (back)
    event.RolledBack({
      model,
      from: current,
      to: previous,
      reason: `${unproven + 1} boots while it was watched`,
    });
  return counted;
}
