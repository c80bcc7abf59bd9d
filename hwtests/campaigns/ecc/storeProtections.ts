/** The model store's own protection, by the code that flies: pages with CRC and parity, and golden copies. */

import { allocateRegion, encodeRegion, type Region } from '../../../components/payload/modelStore/region';
import { type GoldenPage, scrubNow } from '../../../components/payload/modelStore/repair';
import { atOnce } from '../../../components/payload/modelStore/steps';
import { plainMemory } from '../../../fsw/framework/plainMemory';
import { ecc, PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages } from '../../../native/ecc';
import { type Guarded, type Protection, percent, stretchesOf } from './protection';
import type { Subject } from './subject';

/** As the store has it unless a mission says otherwise. */
const SHARE = { pagesPerParity: 8, parityPerGroup: 8 };

const parity: Protection = {
  name: '+ parity',
  about: 'bit-sliced SECDED, a CRC-32C a page that decides, Reed–Solomon parity across pages',
  guard: (subject) => inStore(subject, 0),
};

const all: Protection = {
  name: 'all',
  about: 'the same, and two golden copies with SECDED and CRC of their own, which are hit too',
  guard: (subject) => inStore(subject, 2),
};

export const storeProtections: readonly Protection[] = [parity, all];

function inStore({ weights }: Subject, goldenCopies: number): Guarded {
  const region = regionOf(weights);
  const goldens = Array.from({ length: goldenCopies }, () => goldenOf(region));
  const sources = goldens.map(goldenPage);
  const held = region.protected.pages.subarray(0, weights.length);
  const memoryBytes = region.layout.bytes;
  return {
    truth: weights,
    weights: held,
    ...stretchesOf([region.protected, ...goldens].flatMap(cellsOf)),
    memoryPercent: percent(memoryBytes - weights.length, weights.length),
    storagePercent: goldens.reduce((sum, golden) => sum + percent(bytesOf(golden), weights.length), 0),
    repair() {
      const found = scrubNow(region, sources);
      return {
        detected: found.lostPages > 0,
        corrected: { secded: found.correctedBits, parity: found.parityPages, golden: found.goldenPages },
      };
    },
  };
}

/** Weights alone in a region: no envelope, no graph, no tail. */
export function regionOf(weights: Uint8Array): Region {
  const sizes = { envelope: 0, graph: 0, weights: weights.length, eccWeights: weights.length };
  const region = allocateRegion(plainMemory(), 'campaign', sizes, SHARE);
  if (!region.ok) throw new Error(region.error.text);
  region.value.protected.pages.set(weights);
  atOnce(encodeRegion(region.value));
  return region.value;
}

/** The content's pages once more, as on storage: check rows and CRCs, no parity. */
function goldenOf({ protected: { pages }, layout: { dataPages } }: Region): ProtectedPages {
  const golden = {
    pages: new Uint8Array(new SharedArrayBuffer(dataPages * PAGE_BYTES)),
    check: new Uint8Array(new SharedArrayBuffer(dataPages * PAGE_CHECK_BYTES)),
    crcs: new Uint32Array(new SharedArrayBuffer(dataPages * 12)),
  };
  golden.pages.set(pages.subarray(0, dataPages * PAGE_BYTES));
  ecc.protect(golden, 0, dataPages);
  return golden;
}

function goldenPage(golden: ProtectedPages): GoldenPage {
  return (page) =>
    ecc.scrub(golden, page, 1).badPages.length === 0
      ? golden.pages.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)
      : undefined;
}

export function cellsOf({ pages, check, crcs }: ProtectedPages): Uint8Array[] {
  return [pages, check, new Uint8Array(crcs.buffer, crcs.byteOffset, crcs.byteLength)];
}

function bytesOf(golden: ProtectedPages): number {
  return cellsOf(golden).reduce((sum, { length }) => sum + length, 0);
}
