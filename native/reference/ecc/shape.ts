import { type ErrorCode, fail } from '../../../fsw/errors';
import {
  PAGE_BYTES,
  PAGE_CHECK_BYTES,
  type ParityLayout,
  type ProtectedPages,
  ROW_BYTES,
} from '../../ecc/contract';

/** What every form of the kernels asks of its arguments, before it writes anything. */

type View = Uint8Array | Uint32Array;

/** Throws a `RangeError` with the text of `code`. */
export function expects(holds: boolean, code: ErrorCode, detail: () => Record<string, unknown>): void {
  if (!holds) throw new RangeError(fail(code, detail()).error.text);
}

export function requireLength(what: string, view: View, expected: number): void {
  expects(view.byteLength === expected, 'ECC_SHAPE', () => ({ what, length: view.byteLength, expected }));
}

function requireRows(what: string, view: View): void {
  expects(view.byteOffset % ROW_BYTES === 0, 'ECC_ALIGNED', () => ({
    what,
    offset: view.byteOffset,
    expected: ROW_BYTES,
  }));
}

/** Whole units of data, and an eighth of check bytes. */
export function requireCode(data: Uint8Array, check: Uint8Array, unitBytes: number): void {
  expects(data.length % unitBytes === 0, 'ECC_SHAPE', () => ({
    what: 'data',
    length: data.length,
    expected: `a multiple of ${unitBytes}`,
  }));
  requireLength('check rows', check, data.length / 8);
}

export function requireBlocks(data: Uint8Array, check: Uint8Array, blockBytes: number): void {
  requireCode(data, check, blockBytes);
  requireRows('data', data);
  requireRows('check rows', check);
}

export function pageCount(region: ProtectedPages): number {
  return region.pages.length / PAGE_BYTES;
}

export function requireRegion({ pages, check, crcs }: ProtectedPages): void {
  const count = pages.length / PAGE_BYTES;
  expects(Number.isInteger(count), 'ECC_SHAPE', () => ({
    what: 'pages',
    length: pages.length,
    expected: `a multiple of ${PAGE_BYTES}`,
  }));
  requireLength('check rows of pages', check, count * PAGE_CHECK_BYTES);
  requireLength('CRCs of pages', crcs, count * 12);
  requireRows('pages', pages);
  requireRows('check rows of pages', check);
}

export function requirePages(region: ProtectedPages, first: number, count: number): void {
  requireRegion(region);
  const whole = Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0;
  expects(whole && first + count <= pageCount(region), 'ECC_RANGE', () => ({
    what: 'pages',
    first,
    last: first + count - 1,
    count: pageCount(region),
  }));
}

export function requireLayout(pages: Uint8Array, layout: ParityLayout): void {
  const why = layoutFault(layout);
  expects(why === undefined, 'ECC_PARITY', () => ({ ...layout, why }));
  const { dataPages, groups, parityPerGroup } = layout;
  requireLength('pages with parity', pages, (dataPages + groups * parityPerGroup) * PAGE_BYTES);
}

/** Why there is no such parity, if there is not. The code has 65,536 points, parity takes a power of two of them. */
export function layoutFault({ dataPages, groups, parityPerGroup }: ParityLayout): string | undefined {
  const counts = [dataPages, groups, parityPerGroup];
  if (!counts.every((count) => Number.isInteger(count) && count > 0)) return 'not counts of 1 or more';
  if (parityPoints(parityPerGroup) + Math.ceil(dataPages / groups) > 65536)
    return 'a group has more than 65536 pages';
  return undefined;
}

export function parityPoints(parityPerGroup: number): number {
  return 2 ** Math.ceil(Math.log2(parityPerGroup));
}
