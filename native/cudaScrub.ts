/** The scrub of protected pages with the card's help: it looks at all of them, the processor repairs the few that are hit. */
import { type Result, succeed } from '../fsw/errors';
import type { CudaKernels } from './cuda';
import { BLOCK_BYTES, ecc, PAGE_BYTES, PAGE_CHECK_BYTES, type PagesReport, type ProtectedPages } from './ecc';

const BLOCKS_PER_PAGE = PAGE_BYTES / BLOCK_BYTES;

/**
 * As `EccKernels.scrubAsync`: the same report and the same bytes after. What the card says only chooses the pages that
 * the processor scrubs, so a card in error can miss an upset until the next pass, and never writes. Errors: CUDA_FAILED.
 */
export async function scrubWithCuda(
  cuda: CudaKernels,
  region: ProtectedPages,
  first: number,
  count: number,
): Promise<Result<PagesReport>> {
  const pages = region.pages.subarray(first * PAGE_BYTES, (first + count) * PAGE_BYTES);
  const check = region.check.subarray(first * PAGE_CHECK_BYTES, (first + count) * PAGE_CHECK_BYTES);
  const examined = await cuda.examine(pages, check);
  if (!examined.ok) return examined;
  const { flags, crcs } = examined.value;
  const isHit = (i: number) =>
    flags[i * BLOCKS_PER_PAGE] !== 0 ||
    flags[i * BLOCKS_PER_PAGE + 1] !== 0 ||
    !isInTable(region, first + i, crcs[i]);

  let correctedBits = 0;
  let correctedPages = 0;
  const badPages: number[] = [];
  for (let i = 0; i < count; i++) {
    if (!isHit(i)) continue;
    let end = i + 1;
    while (end < count && isHit(end)) end++;
    const report = await ecc.scrubAsync(region, first + i, end - i);
    correctedBits += report.correctedBits;
    correctedPages += report.correctedPages;
    badPages.push(...report.badPages);
    i = end;
  }
  return succeed({ correctedBits, correctedPages, badPages });
}

/** A page whose three CRCs are not all this one is the processor's business, whichever of them is wrong. */
function isInTable({ crcs }: ProtectedPages, page: number, crc: number): boolean {
  const pages = crcs.length / 3;
  return crcs[page] === crc && crcs[page + pages] === crc && crcs[page + 2 * pages] === crc;
}
