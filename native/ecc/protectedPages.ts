import { fail, type Result, succeed } from '../../fsw/errors';
import { PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages, ROW_BYTES } from './contract';

/**
 * Lays `pages`, `check` and `crcs` out as protected memory, after the checks that the kernels rely on: shared, so
 * that they can work off the main thread without a copy, whole pages, and rows aligned.
 *
 * Errors: `ECC_NOT_SHARED`, `ECC_ALIGNED`, `ECC_SHAPE`.
 */
export function protectedPages(
  pages: Uint8Array,
  check: Uint8Array,
  crcs: Uint32Array,
): Result<ProtectedPages> {
  const views = { pages, 'check rows': check, CRCs: crcs };
  for (const [what, view] of Object.entries(views)) {
    if (!(view.buffer instanceof SharedArrayBuffer)) return fail('ECC_NOT_SHARED', { what });
    if (view !== crcs && view.byteOffset % ROW_BYTES !== 0)
      return fail('ECC_ALIGNED', { what, offset: view.byteOffset, expected: ROW_BYTES });
  }
  const count = Math.ceil(pages.length / PAGE_BYTES);
  const expected = { pages: count * PAGE_BYTES, 'check rows': count * PAGE_CHECK_BYTES, CRCs: count * 12 };
  for (const [what, view] of Object.entries(views)) {
    const bytes = expected[what as keyof typeof expected];
    if (view.byteLength !== bytes || count === 0)
      return fail('ECC_SHAPE', { what, length: view.byteLength, expected: bytes || PAGE_BYTES });
  }
  return succeed({ pages, check, crcs });
}
