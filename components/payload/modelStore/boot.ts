/**
 * What flies after a boot, whatever instant the last flight ended at: of each model the current version, else the
 * previous one, else the mission's own; a newer one of the mission is installed first.
 */
import { fail } from '../../../fsw/errors';
import { factoryModels, trustedKeys } from './factory';
import {
  COPIES,
  goldenPath,
  noteGolden,
  regionName,
  removeCopies,
  sweepCopies,
  versionOf,
  writeCopies,
  writeCopy,
} from './goldenCopies';
import { openGolden } from './goldenFile';
import { emptyLedger, entryOf, type Ledger, type LedgerEntry, readLedger, withEntry } from './ledger';
import { loadSource } from './load';
import { serve, serveBest } from './serve';
import type { ModelSource } from './source';
import { reject, type Store, saveLedger } from './state';
import { atOnce } from './steps';
import { beginWatch, countBoot } from './watch';

export function boot(self: Store): void {
  const { state, board, config, event } = self;
  Object.assign(state, trustedKeys(self));
  for (const copy of COPIES) board.files.makeFolder(`${config.storeFolder}/${copy}`);
  const { ledger, faults, agree } = readLedger(board.files, config.storeFolder);
  for (const { code, text } of faults) event.LedgerFault({ code, reason: text });
  state.ledger = ledger ?? ledgerOfCopies(self);
  sweepCopies(self);
  const before = state.ledger;
  const factory = factoryModels(self);
  const models = new Set([...state.ledger.entries.map(({ model }) => model), ...factory.keys()]);
  for (const model of [...models].sort()) bootModel(self, model, factory.get(model));
  if (!agree && state.ledger === before && before.entries.length > 0) saveLedger(self, before);
}

function bootModel(self: Store, model: string, factory: ModelSource | undefined): void {
  const known = entryOf(self.state.ledger, model);
  const entry = known && countBoot(self, known);
  const installed = factory && isNewer(factory, entry) ? installFactory(self, factory, entry) : false;
  if (entry && !installed) beginWatch(self, entry);
  if (!installed) serveBest(self, model, factory);
  mendCopies(self, model);
}

function isNewer({ envelope }: ModelSource, entry: LedgerEntry | undefined): boolean {
  return envelope.manifest.serial > (entry?.highest ?? 0);
}

/** Makes a model of the mission the current one. False when it is not good, or storage takes no golden copies. */
function installFactory(self: Store, source: ModelSource, entry: LedgerEntry | undefined): boolean {
  const { name: model, serial, version } = source.envelope.manifest;
  const loaded = atOnce(loadSource(self, source));
  if (!loaded.ok) {
    reject(self, model, loaded);
    return false;
  }
  serve(self, loaded.value);
  // Without copies or ledger it is flown from the mission's files, at the next boot as well.
  if (!atOnce(writeCopies(self, loaded.value)).ok) {
    removeCopies(self, { model, serial });
    return true;
  }
  const ledger = withEntry(self.state.ledger, {
    model,
    current: serial,
    previous: entry?.current,
    highest: serial,
  });
  if (saveLedger(self, ledger).ok && entry !== undefined)
    self.event.ModelPromoted({ model, version, serial });
  return true;
}

/** Writes golden copies anew that are missing or have lost their head; damaged pages are the scrubber's. */
function mendCopies(self: Store, model: string): void {
  const entry = entryOf(self.state.ledger, model);
  for (const serial of [entry?.current, entry?.previous, entry?.candidate]) {
    if (serial === undefined) continue;
    const version = { model, serial };
    for (const copy of COPIES) {
      const opened = openGolden(self.board.files, goldenPath(self, copy, version));
      if (opened.ok) noteGolden(self, regionName(version, copy), undefined);
      else {
        noteGolden(self, regionName(version, copy), opened);
        atOnce(writeCopy(self, copy, version));
      }
    }
  }
}

/** What the golden copies say, when both ledgers are gone: of each model the newest version is the current one. */
function ledgerOfCopies(self: Store): Ledger {
  const { files } = self.board;
  const names = COPIES.flatMap((copy) => {
    const listed = files.list(`${self.config.storeFolder}/${copy}`);
    return listed.ok ? listed.value : [];
  });
  const versions = names.flatMap((name) => versionOf(name) ?? []).sort((a, b) => b.serial - a.serial);
  if (versions.length === 0) return emptyLedger;
  const lost = fail('MODEL_LEDGER', { file: self.config.storeFolder, why: 'both copies are gone' });
  self.event.LedgerFault({ code: lost.error.code, reason: lost.error.text });
  return [...new Set(versions.map(({ model }) => model))].reduce((ledger, model) => {
    const serials = [...new Set(versions.filter((one) => one.model === model).map(({ serial }) => serial))];
    const [current, previous] = serials;
    return withEntry(ledger, { model, current, previous, highest: current });
  }, emptyLedger);
}
