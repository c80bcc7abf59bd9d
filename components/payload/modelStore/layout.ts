/**
 * Where a model lies in its protected memory, and in a golden copy.
 *
 * Content is the envelope (signature and manifest), the graph and the weights, each from the start of a page. Weights
 * whose last tensors have no check rows (`Protection`) are covered up to the page in which the first of those begins;
 * what is left over is the tail.
 */
import { PAGE_BYTES, PAGE_CHECK_BYTES, type ParityLayout } from '../../../native/ecc';

/** Lengths in bytes. */
export interface Sizes {
  readonly envelope: number;
  readonly graph: number;
  readonly weights: number;
  /** Of the weights: what error correction must cover. */
  readonly eccWeights: number;
}

export interface ParityShare {
  /** One page of parity for so many of data, about. */
  readonly pagesPerParity: number;
  /** So many lost pages of a group come back. */
  readonly parityPerGroup: number;
}

export interface ContentLayout {
  readonly graphAt: number;
  readonly weightsAt: number;
  /** Pages of all content: those of a golden copy. */
  readonly contentPages: number;
  /** Those of them under error correction in memory; the rest are the tail. */
  readonly dataPages: number;
  readonly tailBytes: number;
}

/** One stretch of memory: pages (data, then parity), check rows, CRCs three times, tail. */
export interface RegionLayout extends ContentLayout {
  readonly parity: ParityLayout;
  readonly pages: number;
  readonly checkAt: number;
  readonly crcsAt: number;
  readonly tailAt: number;
  readonly bytes: number;
}

export function contentLayout({ envelope, graph, weights, eccWeights }: Sizes): ContentLayout {
  const graphAt = pagesOf(envelope) * PAGE_BYTES;
  const weightsAt = graphAt + pagesOf(graph) * PAGE_BYTES;
  const dataPages = weightsAt / PAGE_BYTES + pagesOf(eccWeights);
  const covered = dataPages * PAGE_BYTES - weightsAt;
  return {
    graphAt,
    weightsAt,
    dataPages,
    contentPages: weightsAt / PAGE_BYTES + pagesOf(weights),
    tailBytes: Math.max(0, weights - covered),
  };
}

export function regionLayout(sizes: Sizes, share: ParityShare): RegionLayout {
  const content = contentLayout(sizes);
  const { dataPages, tailBytes } = content;
  const groups = Math.ceil(dataPages / (share.pagesPerParity * share.parityPerGroup));
  // A model of a few pages needs no more than its share.
  const wanted = Math.max(LEAST_PARITY, Math.ceil(dataPages / share.pagesPerParity));
  const parityPerGroup = Math.min(share.parityPerGroup, wanted);
  const pages = dataPages + groups * parityPerGroup;
  const checkAt = pages * PAGE_BYTES;
  const crcsAt = checkAt + pages * PAGE_CHECK_BYTES;
  const tailAt = Math.ceil((crcsAt + pages * CRC_BYTES) / 64) * 64;
  return {
    ...content,
    parity: { dataPages, groups, parityPerGroup },
    pages,
    checkAt,
    crcsAt,
    tailAt,
    bytes: tailAt + tailBytes,
  };
}

/** What was hit twice is common enough. */
const LEAST_PARITY = 2;
/** Three times CRC-32C. */
export const CRC_BYTES = 12;

export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
