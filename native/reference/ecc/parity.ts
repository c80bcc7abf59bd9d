import { PAGE_BYTES, type ParityLayout, type ProtectedPages } from '../../ecc/contract';
import { inverse, inverseMatrix, multiply, multiplyAdd, productsOf } from './field';
import { restorePage } from './pages';
import { expects, parityPoints, requireLayout, requireRegion } from './shape';

/**
 * Reed–Solomon across pages, the bytes of reed-solomon-simd's high-rate code without its transforms. A code word is
 * a polynomial over GF(2^16), parity page j its value at point j, the page at position k its value at point m + k,
 * m the parity pages rounded up to a power of two; Lagrange interpolation over all points but 0…m−1 gives
 *
 *   parity_j = Σ_k page_k × Π_{l<m} (x_k − l) / ((j − x_k) × Π_{l<m, l≠j} (j − l)),   x_k = m + k.
 */
function coefficient(layout: ParityLayout, parity: number, position: number): number {
  const points = parityPoints(layout.parityPerGroup);
  const point = points + position;
  let above = 1;
  let below = parity ^ point;
  for (let l = 0; l < points; l++) {
    above = multiply(above, point ^ l);
    if (l !== parity) below = multiply(below, parity ^ l);
  }
  return multiply(above, inverse(below));
}

export function parityEncode(pages: Uint8Array, layout: ParityLayout): void {
  requireLayout(pages, layout);
  pages.fill(0, layout.dataPages * PAGE_BYTES);
  for (let first = 0; first < layout.dataPages; first += layout.groups) addToParity(pages, layout, first);
}

/** One position of all groups at a time, and between them whatever else waits. */
export async function parityEncodeAsync(pages: Uint8Array, layout: ParityLayout): Promise<void> {
  requireLayout(pages, layout);
  pages.fill(0, layout.dataPages * PAGE_BYTES);
  for (let first = 0; first < layout.dataPages; first += layout.groups) {
    await new Promise(setImmediate);
    addToParity(pages, layout, first);
  }
}

/** Adds the pages from `first`, one of each group, to their groups' parity pages. */
function addToParity(pages: Uint8Array, layout: ParityLayout, first: number): void {
  const { dataPages, groups, parityPerGroup } = layout;
  for (let parity = 0; parity < parityPerGroup; parity++) {
    const products = productsOf(coefficient(layout, parity, first / groups));
    for (let group = 0; group < groups && first + group < dataPages; group++) {
      const into = parityPage(layout, group, parity);
      multiplyAdd(pages, into * PAGE_BYTES, pages, (first + group) * PAGE_BYTES, PAGE_BYTES, products);
    }
  }
}

function parityPage({ dataPages, groups }: ParityLayout, group: number, parity: number): number {
  return dataPages + parity * groups + group;
}

export function parityRecover(
  region: ProtectedPages,
  layout: ParityLayout,
  group: number,
  badPages: readonly number[],
): number[] {
  requireGroup(region, layout, group, badPages);
  const bad = [...new Set(badPages)].sort((a, b) => a - b);
  const lost = bad.filter((page) => page < layout.dataPages);
  const left = Array.from({ length: layout.parityPerGroup }, (_, parity) => parity)
    .filter((parity) => !bad.includes(parityPage(layout, group, parity)))
    .slice(0, lost.length);
  if (left.length < lost.length) return bad;
  const stay = bad.filter((page) => page >= layout.dataPages);
  const rebuilt = rebuild(region.pages, layout, group, lost, left);
  const stillLost = lost.filter((page, i) => !restorePage(region, page, rebuilt[i]));
  if (stillLost.length > 0) return [...stillLost, ...stay];
  return stay.filter((page) => {
    const parity = (page - layout.dataPages - group) / layout.groups;
    return !restorePage(region, page, parityOf(region.pages, layout, group, parity, []));
  });
}

/** What every form asks of a recovery's arguments. */
export function requireGroup(
  region: ProtectedPages,
  layout: ParityLayout,
  group: number,
  badPages: readonly number[],
): void {
  requireRegion(region);
  requireLayout(region.pages, layout);
  const { dataPages, groups, parityPerGroup } = layout;
  const of = (page: number) => (page < dataPages ? page : page - dataPages) % groups;
  expects(Number.isInteger(group) && group >= 0 && group < groups, 'ECC_RANGE', () => ({
    what: 'groups',
    first: group,
    last: group,
    count: groups,
  }));
  const stranger = badPages.find(
    (page) => !(page >= 0 && page < dataPages + groups * parityPerGroup && of(page) === group),
  );
  expects(stranger === undefined, 'ECC_PARITY', () => ({
    ...layout,
    why: `page ${stranger} is none of group ${group}`,
  }));
}

/** A parity page of the data as it is, the pages of `without` left out. */
function parityOf(
  pages: Uint8Array,
  layout: ParityLayout,
  group: number,
  parity: number,
  without: readonly number[],
): Uint8Array {
  const sum = new Uint8Array(PAGE_BYTES);
  for (let page = group; page < layout.dataPages; page += layout.groups) {
    if (without.includes(page)) continue;
    const products = productsOf(coefficient(layout, parity, (page - group) / layout.groups));
    multiplyAdd(sum, 0, pages, page * PAGE_BYTES, PAGE_BYTES, products);
  }
  return sum;
}

/** The lost pages from as many parity pages: what the pages on hand leave of each is a linear system. */
function rebuild(
  pages: Uint8Array,
  layout: ParityLayout,
  group: number,
  lost: readonly number[],
  parities: readonly number[],
): Uint8Array[] {
  const remains = parities.map((parity) => {
    const sum = parityOf(pages, layout, group, parity, lost);
    const at = parityPage(layout, group, parity) * PAGE_BYTES;
    for (let i = 0; i < PAGE_BYTES; i++) sum[i] ^= pages[at + i];
    return sum;
  });
  const system = parities.map((parity) =>
    lost.map((page) => coefficient(layout, parity, (page - group) / layout.groups)),
  );
  const solved = inverseMatrix(system) ?? [];
  return lost.map((_, i) => {
    const page = new Uint8Array(PAGE_BYTES);
    for (const [j, remain] of remains.entries())
      multiplyAdd(page, 0, remain, 0, PAGE_BYTES, productsOf(solved[i][j]));
    return page;
  });
}
