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

function escalate(region: Region, report: PagesReport, golden: readonly GoldenPage[]): RegionScrub {
  const { parity } = region.layout;
  if (report.badPages.length === 0)
    return { ...nothingFound, correctedBits: report.correctedBits, correctedPages: report.correctedPages };
  // Parity needs to know of every bad page of a group, also of those that were not asked for.
  const groups = [...new Set(report.badPages.map((page) => groupOf(parity, page)))];
  const found = groups.flatMap((group) => pagesOfGroup(parity, group)).map((page) => scrubOne(region, page));
  const bad = found.flatMap(({ badPages }) => badPages);
  const afterParity = parityRepair(region, groups, bad);
  const afterGolden = afterParity.filter((page) => !goldenRepair(region, page, golden));
  // With fewer pages missing, parity may do what it could not.
  const lost =
    afterGolden.length < afterParity.length ? parityRepair(region, groups, afterGolden) : afterGolden;
  const reencoded = reencodeParity(region, lost);
  return {
    correctedBits: report.correctedBits + sum(found.map(({ correctedBits }) => correctedBits)),
    correctedPages: report.correctedPages + sum(found.map(({ correctedPages }) => correctedPages)),
    parityPages: bad.length - afterParity.length + (afterGolden.length - lost.length) + reencoded,
    goldenPages: afterParity.length - afterGolden.length,
    lostPages: lost.length - reencoded,
  };
}

function scrubOne({ protected: all }: Region, page: number): PagesReport {
  return ecc.scrub(all, page, 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Returns the pages that stay bad. */
function parityRepair(region: Region, groups: readonly number[], badPages: readonly number[]): number[] {
  const { protected: all, layout } = region;
  return groups.flatMap((group) => {
    const bad = badPages.filter((page) => groupOf(layout.parity, page) === group);
    return bad.length === 0 ? [] : ecc.parityRecover(all, layout.parity, group, bad);
  });
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

function goldenRepair(
  { protected: all, layout }: Region,
  page: number,
  golden: readonly GoldenPage[],
): boolean {
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
