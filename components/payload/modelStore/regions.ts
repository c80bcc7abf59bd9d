/** Everything in the store that is to be scrubbed: each version in memory, and each golden copy. */
import { PAGE_BYTES } from '../../../native/ecc';
import type { RegionScrub, ScrubRegion } from '../ports';
import {
  COPIES,
  type Copy,
  goldenPath,
  goldenSources,
  regionName,
  scrubCopy,
  type VersionName,
} from './goldenCopies';
import { openGolden } from './goldenFile';
import { readLedger } from './ledger';
import { nothingFound, scrubPages } from './repair';
import { type Held, heldOf, heldVersion } from './slots';
import { account, type Store, saveLedger } from './state';

export function scrubRegions(self: Store): readonly ScrubRegion[] {
  const { slots, ledger } = self.state;
  const versions = ledger.entries.flatMap(({ model, current, previous, candidate }) =>
    [current, previous, candidate].flatMap((serial) => (serial === undefined ? [] : [{ model, serial }])),
  );
  return [
    ...heldOf(slots).map((held) => memoryRegion(self, held)),
    ...versions.flatMap((version) => COPIES.flatMap((copy) => goldenRegion(self, copy, version) ?? [])),
    ...(versions.length > 0 ? [ledgerRegion(self)] : []),
  ];
}

/** Both copies of the ledger: what differs from the one in use is written anew. */
function ledgerRegion(self: Store): ScrubRegion {
  return {
    name: 'ledger',
    pages: 1,
    pageBytes: PAGE_BYTES,
    urgent: false,
    async scrub() {
      const { ledger } = self.state;
      const found = readLedger(self.board.files, self.config.storeFolder);
      if (found.agree && found.ledger?.sequence === ledger.sequence) return nothingFound;
      if (!saveLedger(self, ledger).ok) return nothingFound;
      const healed = { ...nothingFound, goldenPages: 1 };
      account(self, 'ledger', healed);
      return healed;
    },
  };
}

function memoryRegion(self: Store, held: Held): ScrubRegion {
  const { manifest, region } = held;
  const version = { model: manifest.name, serial: manifest.serial };
  const { pages } = region.layout;
  return {
    name: regionName(version),
    pages,
    pageBytes: PAGE_BYTES,
    urgent: held.candidate || !held.handedOut,
    async scrub(first, count) {
      const within = clamp(first, count, pages);
      if (within === 0) return nothingFound;
      const scrub = await scrubPages(region, first, within, goldenSources(self, version));
      account(self, regionName(version), scrub);
      tellLost(self, held, version, scrub);
      return scrub;
    },
  };
}

/** The ground is asked for a model once, when pages of it are first found lost. */
function tellLost(self: Store, held: Held, version: VersionName, { lostPages }: RegionScrub): void {
  // A fetch may have replaced it while it was scrubbed.
  if (lostPages === 0 || held.lost || self.state.slots[held.slot] !== held) return;
  held.lost = true;
  self.event.ReuplinkNeeded({ ...version, reason: `${lostPages} pages are lost in memory and both copies` });
}

/** Undefined where it isn't known how long the copy is: neither it nor the version in memory can be read. */
function goldenRegion(self: Store, copy: Copy, version: VersionName): ScrubRegion | undefined {
  const pages = contentPages(self, copy, version);
  if (pages === undefined) return undefined;
  return {
    name: regionName(version, copy),
    pages,
    pageBytes: PAGE_BYTES,
    urgent: false,
    async scrub(first, count) {
      const within = clamp(first, count, pages);
      return within === 0 ? nothingFound : scrubCopy(self, copy, version, { first, count: within, pages });
    },
  };
}

function contentPages(self: Store, copy: Copy, version: VersionName): number | undefined {
  const held = heldVersion(self, version.model, version.serial);
  if (held) return held.region.layout.contentPages;
  for (const one of [copy, ...COPIES]) {
    const opened = openGolden(self.board.files, goldenPath(self, one, version));
    if (opened.ok) return opened.value.content.contentPages;
  }
  return undefined;
}

/** How many of `count` pages from `first` there are. */
function clamp(first: number, count: number, pages: number): number {
  return first < 0 ? 0 : Math.max(0, Math.min(count, pages - first));
}
