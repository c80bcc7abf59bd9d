/**
 * A golden copy of a model: its content on storage, page by page with check rows and CRCs, as in memory but without
 * parity, for which there is the other copy.
 *
 *        0   4096  head, three times (at 0, 1024, 2048): "PGEGOLD1", lengths of envelope, graph, weights, and of the
 *                  weights under error correction in memory (U32, big-endian), CRC-32C of all that
 *     4096         pages of the content, `n`
 *                  check rows, 512 bytes a page
 *                  CRC-32C of each page, three times n (U32, little-endian)
 */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { FileStore } from '../../../fsw/framework';
import { ecc, PAGE_BYTES, PAGE_CHECK_BYTES, type ProtectedPages } from '../../../native/ecc';
import { type ContentLayout, CRC_BYTES, contentLayout, type Sizes } from './layout';
import { scratchPages } from './region';
import type { Steps } from './steps';

export interface GoldenFile {
  readonly path: string;
  readonly sizes: Sizes;
  readonly content: ContentLayout;
}

const MAGIC = 'PGEGOLD1';
const HEAD_BYTES = 28;
const HEADS_AT = [0, 1024, 2048];
/** A mebibyte at a time. */
const STEP_PAGES = 256;

/** Errors: MODEL_GOLDEN (no head is whole, or the file is not as long as it says), and those of the store. */
export function openGolden(files: FileStore, path: string): Result<GoldenFile> {
  const stat = files.stat(path);
  if (!stat.ok) return stat;
  const block = new Uint8Array(PAGE_BYTES);
  const read = files.read(path, 0, block);
  if (!read.ok) return read;
  const sizes = HEADS_AT.flatMap((at) => readHead(block.subarray(at, at + HEAD_BYTES)) ?? [])[0];
  if (sizes === undefined) return fail('MODEL_GOLDEN', { file: path, why: 'none of its heads is whole' });
  const content = contentLayout(sizes);
  const length = crcAt(content.contentPages, 0) + content.contentPages * CRC_BYTES;
  if (stat.value.size !== length)
    return fail('MODEL_GOLDEN', { file: path, why: `${stat.value.size} bytes, ${length} needed` });
  return succeed({ path, sizes, content });
}

/** Pages as they are on the medium, in memory of their own or in `into`. Errors: those of the store. */
export function readGolden(
  files: FileStore,
  { path, content: { contentPages } }: GoldenFile,
  first: number,
  count: number,
  into = scratchPages(count),
): Result<ProtectedPages> {
  const reads: [number, Uint8Array][] = [
    [pageAt(first), into.pages],
    [checkAt(contentPages, first), into.check],
    ...crcSlices(into).map((slice, i): [number, Uint8Array] => [
      crcAt(contentPages, first + i * contentPages),
      slice,
    ]),
  ];
  for (const [at, bytes] of reads) {
    const read = files.read(path, at, bytes);
    if (!read.ok) return read;
  }
  return succeed(into);
}

/**
 * Writes pages back where they are, each with its check rows and CRCs, and syncs. In place, because only pages that
 * were bad are written, and with content that is known to be good: torn by a power cut, they are as bad as before, and
 * the other copy has them.
 */
export function writePages(
  files: FileStore,
  { path, content: { contentPages } }: GoldenFile,
  first: number,
  pages: ProtectedPages,
  which: readonly number[],
): Result<void> {
  const crcs = crcSlices(pages);
  const writes = which.flatMap((page): [number, Uint8Array][] => [
    [pageAt(first + page), pages.pages.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)],
    [
      checkAt(contentPages, first + page),
      pages.check.subarray(page * PAGE_CHECK_BYTES, (page + 1) * PAGE_CHECK_BYTES),
    ],
    ...crcs.map((slice, i): [number, Uint8Array] => [
      crcAt(contentPages, first + page + i * contentPages),
      slice.subarray(page * 4, page * 4 + 4),
    ]),
  ]);
  for (const [at, bytes] of writes) {
    const written = files.write(path, at, bytes);
    if (!written.ok) return written;
  }
  return files.sync(path);
}

/** Gives pages of a content with what protects them, in memory of their own. */
export type ContentChunk = (first: number, count: number) => Result<ProtectedPages>;

/** Who writes a whole copy. */
export type Writer = 'store' | 'scrub';

/**
 * Writes a whole copy: to a new file, sync, rename. Pages go with the check rows and CRCs that they have at their
 * source, so that an upset on the way is not sealed in. `writer` tells those apart who may write the same copy at once.
 * Errors: MODEL_LOST (bad pages at the source), those of the store.
 */
export function* writeGolden(
  files: FileStore,
  path: string,
  sizes: Sizes,
  chunk: ContentChunk,
  writer: Writer,
): Steps<Result<void>> {
  const temporary = `${path}.${writer}.tmp`;
  const written = yield* writeContent(files, temporary, sizes, chunk);
  const done = written.ok ? files.rename(temporary, path) : written;
  if (!done.ok) files.remove(temporary);
  return done;
}

function* writeContent(
  files: FileStore,
  path: string,
  sizes: Sizes,
  chunk: ContentChunk,
): Steps<Result<void>> {
  const { contentPages } = contentLayout(sizes);
  const crcs = scratchPages(contentPages, 0).crcs;
  const started = files.truncate(path, 0);
  if (!started.ok) return started;
  const headed = files.write(path, 0, headBlock(sizes));
  if (!headed.ok) return headed;
  for (let first = 0; first < contentPages; first += STEP_PAGES) {
    const count = Math.min(STEP_PAGES, contentPages - first);
    const content = chunk(first, count);
    if (!content.ok) return content;
    const bad = ecc.scrub(content.value, 0, count).badPages.length;
    if (bad > 0) return fail('MODEL_LOST', { model: path, pages: bad });
    for (const copy of [0, 1, 2])
      crcs.set(content.value.crcs.subarray(copy * count, (copy + 1) * count), copy * contentPages + first);
    const pages = files.write(path, pageAt(first), content.value.pages);
    if (!pages.ok) return pages;
    const check = files.write(path, checkAt(contentPages, first), content.value.check);
    if (!check.ok) return check;
    yield;
  }
  const table = files.write(path, crcAt(contentPages, 0), new Uint8Array(crcs.buffer));
  return table.ok ? files.sync(path) : table;
}

function crcSlices({ crcs }: ProtectedPages): Uint8Array[] {
  const length = crcs.byteLength / 3;
  return [0, 1, 2].map((i) => new Uint8Array(crcs.buffer, crcs.byteOffset + i * length, length));
}

const pageAt = (page: number) => PAGE_BYTES * (1 + page);
const checkAt = (pages: number, page: number) => pageAt(pages) + page * PAGE_CHECK_BYTES;
const crcAt = (pages: number, index: number) => checkAt(pages, pages) + index * 4;

function headBlock({ envelope, graph, weights, eccWeights }: Sizes): Uint8Array {
  const block = new Uint8Array(PAGE_BYTES);
  const view = new DataView(block.buffer);
  for (const at of HEADS_AT) {
    block.set(Buffer.from(MAGIC, 'latin1'), at);
    for (const [i, length] of [envelope, graph, weights, eccWeights].entries())
      view.setUint32(at + MAGIC.length + i * 4, length);
    view.setUint32(at + HEAD_BYTES - 4, ecc.crc32c(block.subarray(at, at + HEAD_BYTES - 4)));
  }
  return block;
}

function readHead(head: Uint8Array): Sizes | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(HEAD_BYTES - 4) !== ecc.crc32c(head.subarray(0, HEAD_BYTES - 4))) return undefined;
  if (Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) return undefined;
  const [envelope, graph, weights, eccWeights] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  return { envelope, graph, weights, eccWeights };
}
