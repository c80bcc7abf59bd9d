/** The two golden copies of each version: where they are, written, scrubbed, removed. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import type { RegionScrub } from '../ports';
import { type ContentChunk, openGolden, readGolden, type Writer, writeGolden } from './goldenFile';
import { goldenPages, memoryPages, scrubGolden } from './goldenScrub';
import type { Sizes } from './layout';
import { entryOf } from './ledger';
import { contentChunk } from './region';
import { type GoldenPage, nothingFound } from './repair';
import { type Held, heldVersion } from './slots';
import { account, type Store, showCounts } from './state';
import { asHostWork, type Steps } from './steps';

/** One model's version, by name and serial. */
export interface VersionName {
  readonly model: string;
  readonly serial: number;
}

export const COPIES = ['a', 'b'] as const;
export type Copy = (typeof COPIES)[number];

export const otherCopy = (copy: Copy): Copy => (copy === 'a' ? 'b' : 'a');

export function goldenPath({ config }: Store, copy: Copy, { model, serial }: VersionName): string {
  return `${config.storeFolder}/${copy}/${fileOf({ model, serial })}`;
}

function fileOf({ model, serial }: VersionName): string {
  return `${model}-${serial}.golden`;
}

/** The version of a golden copy's file name. */
export function versionOf(file: string): VersionName | undefined {
  const [, model, serial] = /^(.+)-(\d+)[.]golden$/.exec(file) ?? [];
  return model === undefined ? undefined : { model, serial: Number(serial) };
}

export function regionName({ model, serial }: VersionName, copy?: Copy): string {
  return copy === undefined ? `${model}:${serial}` : `${model}:${serial}/${copy}`;
}

/** Pages of a version from its golden copies. */
export function goldenSources(self: Store, version: VersionName): GoldenPage[] {
  return COPIES.map((copy) => goldenPages(self.board.files, goldenPath(self, copy, version)));
}

/** Both copies of what memory holds, or the first of them. Errors: those of `writeGolden`. */
export function* writeCopies(self: Store, held: Held): Steps<Result<void>> {
  const { name, serial } = held.manifest;
  const version = { model: name, serial };
  for (const copy of COPIES) {
    const written = yield* writeCopy(self, copy, version, held);
    if (!written.ok) return written;
  }
  return succeed(undefined);
}

/** One copy anew, from memory or, where the version is not there, from the other copy. */
export function* writeCopy(
  self: Store,
  copy: Copy,
  version: VersionName,
  held = heldVersion(self, version.model, version.serial),
  writer: Writer = 'store',
): Steps<Result<void>> {
  const { files } = self.board;
  const path = goldenPath(self, copy, version);
  const source = sourceFor(self, copy, version, held);
  const done = source.ok
    ? yield* writeGolden(files, path, source.value.sizes, source.value.chunk, writer)
    : source;
  noteGolden(self, regionName(version, copy), done.ok ? undefined : done);
  return done;
}

function sourceFor(
  self: Store,
  copy: Copy,
  version: VersionName,
  held: Held | undefined,
): Result<{ readonly sizes: Sizes; readonly chunk: ContentChunk }> {
  if (held !== undefined) {
    const { region } = held;
    return succeed({
      sizes: region.sizes,
      chunk: (first, count) => succeed(contentChunk(region, first, count)),
    });
  }
  const { files } = self.board;
  const other = openGolden(files, goldenPath(self, otherCopy(copy), version));
  if (!other.ok) return other;
  return succeed({
    sizes: other.value.sizes,
    chunk: (first, count) => readGolden(files, other.value, first, count),
  });
}

export function removeCopies(self: Store, version: VersionName): void {
  for (const copy of COPIES) {
    self.board.files.remove(goldenPath(self, copy, version));
    self.state.golden.delete(regionName(version, copy));
    self.state.lostCopies.delete(regionName(version, copy));
  }
  showCounts(self);
}

/** Scrubs pages of one copy. A copy that is missing or has no head is written anew when its first page's turn comes. */
export async function scrubCopy(
  self: Store,
  copy: Copy,
  version: VersionName,
  { first, count, pages }: { readonly first: number; readonly count: number; readonly pages: number },
): Promise<RegionScrub> {
  const { board } = self;
  const region = regionName(version, copy);
  const golden = openGolden(board.files, goldenPath(self, copy, version));
  if (!golden.ok) {
    if (first > 0) return nothingFound;
    const written = await asHostWork(writeCopy(self, copy, version, undefined, 'scrub'));
    if (!isKnown(self, version)) removeCopies(self, version);
    return written.ok ? counted({ ...nothingFound, goldenPages: pages }) : nothingFound;
  }
  const here = Math.min(count, golden.value.content.contentPages - first);
  if (here <= 0) return nothingFound;
  const held = heldVersion(self, version.model, version.serial);
  const sources = [
    ...(held ? [memoryPages(held.region)] : []),
    goldenPages(board.files, goldenPath(self, otherCopy(copy), version)),
  ];
  const scrubbed = await scrubGolden(board.files, golden.value, first, here, sources);
  // Its version was dropped meanwhile.
  if (!isKnown(self, version)) return nothingFound;
  if (!scrubbed.ok) {
    noteGolden(self, region, scrubbed);
    return nothingFound;
  }
  const last = first + here === golden.value.content.contentPages;
  noteLost(self, region, version, { first: first === 0, last, lostPages: scrubbed.value.lostPages });
  return counted(scrubbed.value);

  function counted(scrub: RegionScrub): RegionScrub {
    account(self, region, scrub);
    return scrub;
  }
}

/** The ground is asked once for what a copy has lost; the copy is whole again when a pass finds nothing lost. */
function noteLost(
  self: Store,
  region: string,
  version: VersionName,
  { first, last, lostPages }: { readonly first: boolean; readonly last: boolean; readonly lostPages: number },
): void {
  const { golden, lostCopies } = self.state;
  const known = lostCopies.get(region);
  if (lostPages > 0) {
    lostCopies.set(region, true);
    if (known !== undefined) return;
    const lost = fail('MODEL_LOST', { model: region, pages: lostPages });
    noteGolden(self, region, lost);
    self.event.ReuplinkNeeded({ ...version, reason: lost.error.text });
    return;
  }
  const found = known !== undefined && known && !first;
  if (known !== undefined) lostCopies.set(region, found);
  const whole = known === undefined || (last && !found);
  if (whole && golden.get(region) === false) noteGolden(self, region, undefined);
}

/** Notes whether a copy is whole, and reports what is wrong with it. */
export function noteGolden(self: Store, region: string, failure: Failed | undefined): void {
  self.state.golden.set(region, failure === undefined);
  if (failure === undefined) self.state.lostCopies.delete(region);
  if (![...self.state.golden.values()].includes(false)) self.clearThrottle('GoldenFailed');
  showCounts(self);
  if (failure) self.event.GoldenFailed({ region, code: failure.error.code, reason: failure.error.text });
}

/** Removes files of versions that the ledger does not know: what a cut left of an installation or a promotion. */
export function sweepCopies(self: Store): void {
  const { files } = self.board;
  for (const copy of COPIES) {
    const folder = `${self.config.storeFolder}/${copy}`;
    const names = files.list(folder);
    if (!names.ok) continue;
    for (const name of names.value) {
      const version = versionOf(name);
      if (version === undefined || !isKnown(self, version)) files.remove(`${folder}/${name}`);
    }
  }
}

/** Whether the ledger names a version. */
export function isKnown({ state }: Store, { model, serial }: VersionName): boolean {
  const entry = entryOf(state.ledger, model);
  return entry !== undefined && [entry.current, entry.previous, entry.candidate].includes(serial);
}
