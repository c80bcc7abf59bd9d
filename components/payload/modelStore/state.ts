import type { Failed, Result } from '../../../fsw/errors';
import type { SelfOf } from '../../../fsw/framework';
import type { TrustedKeys } from '../../../fsw/models';
import type { RegionScrub } from '../ports';
import { type Ledger, writeLedger } from './ledger';
import type { modelStoreModel } from './model';
import { sumOf } from './repair';
import type { Held, Slot } from './slots';
import type { Watch } from './watch';

/** What a runtime says of an offer. */
export interface VerdictOf {
  readonly fit: boolean;
  readonly reason: string;
}

export interface State {
  /** Of those who may sign whatever flies. */
  missionKeys: TrustedKeys;
  /** And the spacecraft's own, for what it learned. */
  keys: TrustedKeys;
  /** The own key's id, in hex; undefined where there is none. */
  ownId: string | undefined;
  ledger: Ledger;
  readonly slots: Slot[];
  /** What is handed out, by model: the current version, or what it fell back to. */
  readonly serving: Map<string, Held>;
  readonly good: Set<string>;
  /** Golden copies, by region name: whether each was whole when last looked at. */
  readonly golden: Map<string, boolean>;
  /** Those with pages that nothing healed, and whether the pass under way has found some. */
  readonly lostCopies: Map<string, boolean>;
  rejected: number;
  scrubbed: RegionScrub;
  /** The one change of versions that is under way, in words. */
  busy: string | undefined;
  readonly offers: Map<number, (verdict: VerdictOf) => void>;
  lastTicket: number;
  /** Versions under watch since their promotion. */
  readonly watches: Map<string, Watch>;
  /** Models that wait for their way back, and why. */
  readonly troubled: Map<string, string>;
}

export type Store = SelfOf<typeof modelStoreModel, State>;

export function reject({ state, event, tlm }: Store, model: string, failure: Failed): Failed {
  state.good.delete(model);
  tlm.ModelsGood(state.good.size);
  tlm.ModelsRejected(++state.rejected);
  event.ModelRejected({ model, code: failure.error.code, reason: failure.error.text });
  return failure;
}

/** Adds to the counts what a scrub of a region found, and reports what it did. */
export function account({ state, event, tlm }: Store, region: string, scrub: RegionScrub): void {
  const { correctedBits: bits, parityPages, goldenPages, lostPages } = scrub;
  if (bits + parityPages + goldenPages + lostPages === 0) return;
  state.scrubbed = sumOf(state.scrubbed, scrub);
  tlm.BitsCorrected(state.scrubbed.correctedBits);
  tlm.PagesByParity(state.scrubbed.parityPages);
  tlm.PagesByGolden(state.scrubbed.goldenPages);
  tlm.PagesLost(state.scrubbed.lostPages);
  if (lostPages === 0) event.PagesRepaired({ region, bits, parityPages, goldenPages });
}

export function showCounts({ state, tlm }: Store): void {
  tlm.ModelsGood(state.good.size);
  tlm.ModelsRejected(state.rejected);
  tlm.GoldenGood([...state.golden.values()].filter((whole) => whole).length);
}

/** Errors: those of the file store; then the ledger is as it was. */
export function saveLedger(self: Store, ledger: Ledger): Result<void> {
  const { state, board, config, event } = self;
  const written = writeLedger(board.files, config.storeFolder, ledger);
  if (written.ok) {
    state.ledger = ledger;
    self.clearThrottle('LedgerFault');
  } else event.LedgerFault({ code: written.error.code, reason: written.error.text });
  return written;
}
