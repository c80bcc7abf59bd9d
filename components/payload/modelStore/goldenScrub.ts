/** Scrubs golden copies where they lie: what SECDED can't repair comes from memory or the other copy. */
import { type Result, succeed } from '../../../fsw/errors';
import type { FileStore } from '../../../fsw/framework';
import { ecc, PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages } from '../../../native/ecc';
import { votedCrc } from '../../../native/reference/ecc/pages';
import type { RegionScrub } from '../ports';
import { type GoldenFile, openGolden, readGolden, writePages } from './goldenFile';
import { type Region, replacePage, scratchPages, wholePage } from './region';
import type { GoldenPage } from './repair';

/** Pages of the copy at `path`, each corrected on the way; none where there is no such copy. */
export function goldenPages(files: FileStore, path: string): GoldenPage {
  let opened: Result<GoldenFile> | undefined;
  return (page) => {
    opened ??= openGolden(files, path);
    if (!opened.ok || page >= opened.value.content.contentPages) return undefined;
    const read = readGolden(files, opened.value, page, 1);
    if (!read.ok) return undefined;
    return ecc.scrub(read.value, 0, 1).badPages.length === 0 ? read.value.pages : undefined;
  };
}

/** Pages of the content from memory, corrected first. The tail has nothing there that could vouch for it. */
export function memoryPages(region: Region): GoldenPage {
  return (page) => {
    if (page >= region.layout.dataPages) return undefined;
    ecc.scrub(region.protected, page, 1);
    return wholePage(region.protected, page);
  };
}

/** Memory that the last scrub worked in: copies are read again and again, a few sizes of stripes. */
let spare: ProtectedPages | undefined;

/** Errors: those of the store; then nothing on the medium is worse than it was. */
export async function scrubGolden(
  files: FileStore,
  golden: GoldenFile,
  first: number,
  count: number,
  sources: readonly GoldenPage[],
): Promise<Result<RegionScrub>> {
  const into = spare?.crcs.length === count * 3 ? spare : scratchPages(count);
  spare = undefined;
  const read = readGolden(files, golden, first, count, into);
  if (!read.ok) return read;
  const torn = allPages(count).filter((page) => !sameCrcs(into, page));
  const { correctedBits, correctedPages, badPages } = await ecc.scrubAsync(into, 0, count);
  const healed = badPages.filter((page) => heal(into, page, first + page, sources));
  if (correctedPages + healed.length + torn.length > 0) {
    const written = writeBack(files, golden, first, into);
    if (!written.ok) return written;
  }
  spare = into;
  return succeed({
    correctedBits,
    correctedPages,
    parityPages: 0,
    goldenPages: healed.length,
    lostPages: badPages.length - healed.length,
  });
}

/** Writes the pages back that are other than on the medium. */
function writeBack(files: FileStore, golden: GoldenFile, first: number, pages: ProtectedPages): Result<void> {
  const count = pages.crcs.length / 3;
  const before = readGolden(files, golden, first, count);
  if (!before.ok) return before;
  const changed = allPages(count).filter((page) => differs(before.value, pages, page));
  return writePages(files, golden, first, pages, changed);
}

function allPages(count: number): number[] {
  return Array.from({ length: count }, (_, page) => page);
}

function sameCrcs({ crcs }: ProtectedPages, page: number): boolean {
  const count = crcs.length / 3;
  return crcs[page] === crcs[page + count] && crcs[page] === crcs[page + 2 * count];
}

/** Takes what the copy's own CRC names; where that was hit itself, what a source holds whole by a CRC of its own. */
function heal(
  pages: ProtectedPages,
  page: number,
  contentPage: number,
  sources: readonly GoldenPage[],
): boolean {
  const found = sources.flatMap((source) => source(contentPage) ?? []);
  const crc = votedCrc(pages, page);
  const content = found.find((bytes) => ecc.crc32c(bytes) === crc) ?? found[0];
  if (content) replacePage(pages, page, content);
  return content !== undefined;
}

function differs(a: ProtectedPages, b: ProtectedPages, page: number): boolean {
  const part = (bytes: Uint8Array, size: number) => bytes.subarray(page * size, (page + 1) * size);
  const count = a.crcs.length / 3;
  return (
    Buffer.compare(part(a.pages, PAGE_BYTES), part(b.pages, PAGE_BYTES)) !== 0 ||
    Buffer.compare(part(a.check, PAGE_CHECK_BYTES), part(b.check, PAGE_CHECK_BYTES)) !== 0 ||
    [0, 1, 2].some((copy) => a.crcs[copy * count + page] !== b.crcs[copy * count + page])
  );
}
