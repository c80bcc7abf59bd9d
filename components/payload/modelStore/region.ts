/** A model's protected memory: one SharedArrayBuffer with its content, check rows, CRCs and parity. */
import { type Result, succeed } from '../../../fsw/errors';
import type { Memory } from '../../../fsw/framework';
import { ecc, PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages } from '../../../native/ecc';
import { votedCrc } from '../../../native/reference/ecc/pages';
import { CRC_BYTES, type ParityShare, type RegionLayout, regionLayout, type Sizes } from './layout';
import type { Steps } from './steps';

export interface Region {
  readonly sizes: Sizes;
  readonly layout: RegionLayout;
  /** Data pages, then parity. */
  readonly protected: ProtectedPages;
  /** The weights that have no check rows. */
  readonly tail: Uint8Array;
}

/** Pages between two steps of a long encoding. */
const STEP_PAGES = 1024;

/** Errors: MEMORY_EXHAUSTED. */
export function allocateRegion(
  memory: Memory,
  name: string,
  sizes: Sizes,
  share: ParityShare,
): Result<Region> {
  const layout = regionLayout(sizes, share);
  const allocated = memory.allocate(name, layout.bytes);
  if (!allocated.ok) return allocated;
  const buffer = allocated.value;
  const { pages, checkAt, crcsAt, tailAt, tailBytes } = layout;
  return succeed({
    sizes,
    layout,
    protected: {
      pages: new Uint8Array(buffer, 0, pages * PAGE_BYTES),
      check: new Uint8Array(buffer, checkAt, pages * PAGE_CHECK_BYTES),
      crcs: new Uint32Array(buffer, crcsAt, pages * 3),
    },
    tail: new Uint8Array(buffer, tailAt, tailBytes),
  });
}

/** Fills parity, check rows and CRCs from the content as it is now. */
export function* encodeRegion({ protected: all, layout }: Region): Steps<void> {
  const { dataPages, parity, pages } = layout;
  for (let first = 0; first < dataPages; first += STEP_PAGES) {
    ecc.protect(all, first, Math.min(STEP_PAGES, dataPages - first));
    yield;
  }
  ecc.parityEncode(all.pages, parity);
  ecc.protect(all, dataPages, pages - dataPages);
}

/** The content's `offset`-th byte of weights lies in the pages or in the tail: the place for up to `length` from there. */
export function weightsPlace(
  { protected: { pages }, layout, tail }: Region,
  offset: number,
  length: number,
): Uint8Array {
  const covered = layout.dataPages * PAGE_BYTES - layout.weightsAt;
  if (offset >= covered) return tail.subarray(offset - covered, offset - covered + length);
  const at = layout.weightsAt + offset;
  return pages.subarray(at, at + Math.min(length, covered - offset));
}

/** Where page `page` of the content lies: fewer bytes than a page where the tail ends. */
export function contentPage({ protected: { pages }, layout, tail }: Region, page: number): Uint8Array {
  const { dataPages } = layout;
  if (page < dataPages) return pages.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return tail.subarray((page - dataPages) * PAGE_BYTES, (page - dataPages + 1) * PAGE_BYTES);
}

export function envelopeBytes({ protected: { pages }, sizes }: Region): Uint8Array {
  return pages.subarray(0, sizes.envelope);
}

export function graphBytes({ protected: { pages }, layout, sizes }: Region): Uint8Array {
  return pages.subarray(layout.graphAt, layout.graphAt + sizes.graph);
}

/** The first bytes of the weights, as many as lie in pages. */
export function coveredWeights({ protected: { pages }, layout, sizes }: Region): Uint8Array {
  return pages.subarray(layout.weightsAt, layout.weightsAt + sizes.weights - layout.tailBytes);
}

/** A copy of content pages with what protects them; the tail's, which have nothing in memory, get theirs now. */
export function contentChunk(region: Region, first: number, count: number): ProtectedPages {
  const chunk = scratchPages(count);
  const { protected: all, layout } = region;
  const copied = Math.min(count, Math.max(0, layout.dataPages - first));
  chunk.check.set(all.check.subarray(first * PAGE_CHECK_BYTES, (first + copied) * PAGE_CHECK_BYTES));
  for (const copy of [0, 1, 2]) {
    const from = copy * layout.pages + first;
    chunk.crcs.set(all.crcs.subarray(from, from + copied), copy * count);
  }
  for (let page = 0; page < count; page++)
    chunk.pages.set(contentPage(region, first + page), page * PAGE_BYTES);
  if (copied < count) ecc.protect(chunk, copied, count - copied);
  return chunk;
}

/** Memory for `count` pages with check rows and CRCs; or for CRCs alone. */
export function scratchPages(count: number, pages = count): ProtectedPages {
  return {
    pages: new Uint8Array(new SharedArrayBuffer(pages * PAGE_BYTES)),
    check: new Uint8Array(new SharedArrayBuffer(pages * PAGE_CHECK_BYTES)),
    crcs: new Uint32Array(new SharedArrayBuffer(count * CRC_BYTES)),
  };
}

/** The page if it is what its CRC says, else undefined. */
export function wholePage(all: ProtectedPages, page: number): Uint8Array | undefined {
  const bytes = all.pages.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  return ecc.crc32c(bytes) === votedCrc(all, page) ? bytes : undefined;
}

/** Puts content into a page and makes it what protects the page. */
export function replacePage(all: ProtectedPages, page: number, content: Uint8Array): void {
  all.pages.set(content, page * PAGE_BYTES);
  ecc.protect(all, page, 1);
}
