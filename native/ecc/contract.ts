/**
 * Error correction for memory that radiation hits: the contract of the kernels in `native/kernels/src/ecc` and of
 * their TypeScript reference in `native/reference/ecc`, which give the same bytes. Import it from `native/ecc`.
 *
 * A block is 64 rows of 256 bits with 8 check rows of 256 bits. A code word is a *column* of a block, 64 + 8 bits,
 * SECDED with Hsiao's odd-weight columns (M. Y. Hsiao, IBM J. Res. Dev. 14, 1970); a check row is the XOR of the data
 * rows that its mask names. A burst of up to 256 neighbouring bits falls into 256 different words, each correctable.
 */

/** A page is two blocks: the unit of CRC, of parity and of repair from a golden copy. */
export const PAGE_BYTES = 4096;
export const BLOCK_BYTES = 2048;
/** Check bytes of one page. */
export const PAGE_CHECK_BYTES = PAGE_BYTES / 8;
/** A row of a block: 256 bits. Pages and check rows start at a multiple of it in their buffer. */
export const ROW_BYTES = 32;

/**
 * Pages with what protects them, all over one SharedArrayBuffer, zero copy. Page p's check rows are at
 * `p * PAGE_CHECK_BYTES` of `check`; its CRC-32C stands three times in `crcs` (p, p + n, p + 2n of n pages) and the
 * majority of each bit counts.
 */
export interface ProtectedPages {
  readonly pages: Uint8Array;
  readonly check: Uint8Array;
  readonly crcs: Uint32Array;
}

/** What a scrub of some pages found and did. */
export interface PagesReport {
  /** Bits of data and check rows that were put right by SECDED. */
  readonly correctedBits: number;
  /** Pages with at least one of them. */
  readonly correctedPages: number;
  /** Pages that SECDED can't put right: nothing of them was written. Ascending. */
  readonly badPages: readonly number[];
}

/** Bare SECDED over whole blocks, without CRC. */
export interface SecdedReport {
  readonly correctedBits: number;
  readonly uncorrectableWords: number;
}

/**
 * Reed–Solomon parity across pages. Data page p of `dataPages` belongs to group p mod `groups`, at position
 * floor(p / groups): neighbours fall into different groups. Parity page j of group g is page
 * `dataPages + j * groups + g`. A position that no data page has counts as a page of zeros.
 */
export interface ParityLayout {
  readonly dataPages: number;
  readonly groups: number;
  /** Parity pages of each group: as many lost pages of a group come back. */
  readonly parityPerGroup: number;
}

/**
 * The kernels. Views of the wrong length or alignment are the caller's mistake: a `RangeError` with the text of
 * `ECC_SHAPE` or `ECC_ALIGNED`, thrown before anything is written. `protectedPages` checks once, as a value.
 */
export interface EccKernels {
  /** avx2, neon, portable, or typescript. */
  readonly simd: string;
  /** Fills `check` (an eighth of `data`) with the check rows of `data` (whole blocks). */
  secdedEncode(data: Uint8Array, check: Uint8Array): void;
  /** Corrects every correctable word in place. */
  secdedScrub(data: Uint8Array, check: Uint8Array): SecdedReport;
  /** The same code word by word: 8 bytes and a check byte; for comparison. */
  wordEncode(data: Uint8Array, check: Uint8Array): void;
  wordScrub(data: Uint8Array, check: Uint8Array): SecdedReport;
  /** CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
  crc32c(bytes: Uint8Array): number;
  /** Fills check rows and all three copies of the CRCs of `count` pages from `first`. */
  protect(region: ProtectedPages, first: number, count: number): void;
  /**
   * Checks `count` pages from `first` and repairs what SECDED can. The CRC decides: a page is written only with
   * content whose CRC is the table's, so a wrong repair is never written. Of a page that is right, copies of its CRC
   * that differ from the majority are put right (they are not counted).
   */
  scrub(region: ProtectedPages, first: number, count: number): PagesReport;
  /**
   * The same off the main thread where the addon is; nobody else may write the pages meanwhile, but with what their
   * CRCs name: another `scrub`, `parityRecover`. A repair is worked out in a copy and written when its CRC is right, so
   * two that meet write the same bytes over each other. Either may see a page half written and call it bad: whoever
   * escalates scrubs it once more after this has ended.
   */
  scrubAsync(region: ProtectedPages, first: number, count: number): Promise<PagesReport>;
  protectAsync(region: ProtectedPages, first: number, count: number): Promise<void>;
  /** Fills all parity pages (their check rows and CRCs are `protect`'s work). */
  parityEncode(pages: Uint8Array, layout: ParityLayout): void;
  parityEncodeAsync(pages: Uint8Array, layout: ParityLayout): Promise<void>;
  /**
   * Rebuilds the bad pages of one group from the rest, and writes those whose CRC is then the table's, check rows
   * included. Returns the pages that stay bad.
   */
  parityRecover(
    region: ProtectedPages,
    layout: ParityLayout,
    group: number,
    badPages: readonly number[],
  ): number[];
}
