/**
 * Repairs pages of a region, step by step: SECDED, then parity, then the golden copies. A page is written only with
 * content that its CRC names; or, where the CRC itself was hit, that both golden copies give. The SHA-256 of the
 * manifest, checked before each load, has the last word.
 */
import { ecc, type PagesReport, type ParityLayout } from '../../../native/ecc';
import { votedCrc } from '../../../native/reference/ecc/pages';
import type { RegionScrub } from '../ports';
import { type Region, replacePage } from './region';

/** Gives a page of a golden copy, corrected; undefined where that copy hasn't got it whole. */
export type GoldenPage = (page: number) => Uint8Array | undefined;

export const nothingFound: RegionScrub = {
  correctedBits: 0,
  correctedPages: 0,
  parityPages: 0,
  goldenPages: 0,
  lostPages: 0,
};

export function sumOf(a: RegionScrub, b: RegionScrub): RegionScrub {
  return {
    correctedBits: a.correctedBits + b.correctedBits,
    correctedPages: a.correctedPages + b.correctedPages,
    parityPages: a.parityPages + b.parityPages,
    goldenPages: a.goldenPages + b.goldenPages,
    lostPages: a.lostPages + b.lostPages,
  };
}

/** All pages at once, in the caller. */
export function scrubNow(region: Region, golden: readonly GoldenPage[]): RegionScrub {
  return escalate(region, ecc.scrub(region.protected, 0, region.layout.pages), golden);
}

/** Some pages, off the main thread where the addon is; what SECDED can't repair, in the caller. */
export async function scrubPages(
  region: Region,
  first: number,
  count: number,
  golden: readonly GoldenPage[],
): Promise<RegionScrub> {
  return escalate(region, await ecc.scrubAsync(region.protected, first, count), golden);
}

function escalate(
  region: Region,
  { correctedBits, correctedPages, badPages }: PagesReport,
  golden: readonly GoldenPage[],
): RegionScrub {
  const byParity = parityRepair(region, badPages);
  const byGolden = byParity.filter((page) => !goldenRepair(region, page, golden));
  // With fewer pages missing, parity may do what it could not: a group's parity pages among them.
  const lost = byGolden.length < byParity.length ? parityRepair(region, byGolden) : byGolden;
  const reencoded = reencodeParity(region, lost);
  return {
    correctedBits,
    correctedPages,
    parityPages: badPages.length - byParity.length + (byGolden.length - lost.length) + reencoded,
    goldenPages: byParity.length - byGolden.length,
    lostPages: lost.length - reencoded,
  };
}

/** Returns the pages that stay bad. Other pages of a group may be bad too: they are found first. */
function parityRepair({ protected: all, layout }: Region, badPages: readonly number[]): number[] {
  const { parity } = layout;
  const groups = new Set(badPages.map((page) => groupOf(parity, page)));
  const stay = [...groups].flatMap((group) => {
    const bad = pagesOfGroup(parity, group).flatMap((page) => ecc.scrub(all, page, 1).badPages);
    return bad.length === 0 ? [] : ecc.parityRecover(all, parity, group, bad);
  });
  return badPages.filter((page) => stay.includes(page));
}

function groupOf({ dataPages, groups }: ParityLayout, page: number): number {
  return (page < dataPages ? page : page - dataPages) % groups;
}

function pagesOfGroup({ dataPages, groups, parityPerGroup }: ParityLayout, group: number): number[] {
  const ofData = Array.from(
    { length: Math.ceil((dataPages - group) / groups) },
    (_, i) => group + i * groups,
  );
  const ofParity = Array.from({ length: parityPerGroup }, (_, j) => dataPages + j * groups + group);
  return [...ofData, ...ofParity];
}

function goldenRepair({ protected: all, layout }: Region, page: number, golden: readonly GoldenPage[]): boolean {
  if (page >= layout.dataPages) return false;
  const pages = golden.flatMap((copy) => copy(page) ?? []);
  const crc = votedCrc(all, page);
  const named = pages.find((content) => ecc.crc32c(content) === crc);
  const agreed = pages.length === 2 && Buffer.compare(pages[0], pages[1]) === 0 ? pages[0] : undefined;
  const content = named ?? agreed;
  if (content) replacePage(all, page, content);
  return content !== undefined;
}

/** Parity pages whose CRC was hit are made anew from whole data. Returns how many of the lost pages are then good. */
function reencodeParity({ protected: all, layout }: Region, lost: readonly number[]): number {
  const { dataPages, pages, parity } = layout;
  if (lost.length === 0 || lost.some((page) => page < dataPages)) return 0;
  if (ecc.scrub(all, 0, dataPages).badPages.length > 0) return 0;
  ecc.parityEncode(all.pages, parity);
  ecc.protect(all, dataPages, pages - dataPages);
  return lost.length;
}
