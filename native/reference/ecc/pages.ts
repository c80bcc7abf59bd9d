import { PAGE_BYTES, PAGE_CHECK_BYTES, type PagesReport, type ProtectedPages } from '../../eccContract';
import { BLOCK_WORDS, CHECK_WORDS, correctBlock, encodeBlock, isClean, words } from './bitSliced';
import { crc32c } from './crc32c';
import { weight } from './hsiao';
import { requirePages } from './shape';

/** Pages: two blocks of SECDED, and the CRC that decides whether what they say is true. */

const PAGE_WORDS = PAGE_BYTES / 8;
const PAGE_CHECK_WORDS = PAGE_CHECK_BYTES / 8;
/** Pages between two looks at the event loop: a millisecond of work. */
const PAGES_A_TURN = 256;

/** Where a repair is tried, so that a wrong one is never in the page. */
const scratch = new Uint8Array(PAGE_BYTES);
const scratchWords = words(scratch);
const scratchCheck = new BigUint64Array(PAGE_CHECK_WORDS);

/** A region's bytes as words, made once a call. */
interface Words {
  readonly region: ProtectedPages;
  readonly data: BigUint64Array;
  readonly check: BigUint64Array;
}

function wordsOf(region: ProtectedPages): Words {
  return { region, data: words(region.pages), check: words(region.check) };
}

/** The majority of each bit of a page's three CRCs. */
export function votedCrc({ crcs }: ProtectedPages, page: number): number {
  const pages = crcs.length / 3;
  const [a, b, c] = [crcs[page], crcs[page + pages], crcs[page + 2 * pages]];
  return ((a & b) | (a & c) | (b & c)) >>> 0;
}

function writeCrc({ crcs }: ProtectedPages, page: number, crc: number): void {
  for (let at = page; at < crcs.length; at += crcs.length / 3) if (crcs[at] !== crc) crcs[at] = crc;
}

function encodePage(data: BigUint64Array, at: number, check: BigUint64Array, checkAt: number): void {
  encodeBlock(data, at, check, checkAt);
  encodeBlock(data, at + BLOCK_WORDS, check, checkAt + CHECK_WORDS);
}

export function protect(region: ProtectedPages, first: number, count: number): void {
  requirePages(region, first, count);
  const { data, check } = wordsOf(region);
  for (let page = first; page < first + count; page++) {
    encodePage(data, page * PAGE_WORDS, check, page * PAGE_CHECK_WORDS);
    writeCrc(region, page, crc32c(region.pages, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
  }
}

/** Replaces a page by `content` if its CRC is the table's, with its check rows and CRCs; says whether it was. */
export function restorePage(region: ProtectedPages, page: number, content: Uint8Array): boolean {
  const crc = votedCrc(region, page);
  if (crc32c(content) !== crc) return false;
  const { data, check } = wordsOf(region);
  region.pages.set(content, page * PAGE_BYTES);
  encodePage(data, page * PAGE_WORDS, check, page * PAGE_CHECK_WORDS);
  writeCrc(region, page, crc);
  return true;
}

/** The bits that were put right in one page, or −1 where it stays bad. */
function scrubPage({ region, data, check }: Words, page: number): number {
  const crc = votedCrc(region, page);
  const at = page * PAGE_WORDS;
  const checkAt = page * PAGE_CHECK_WORDS;
  let corrected = 0;
  if (crc32c(region.pages, page * PAGE_BYTES, (page + 1) * PAGE_BYTES) === crc) {
    const clean =
      isClean(data, at, check, checkAt) && isClean(data, at + BLOCK_WORDS, check, checkAt + CHECK_WORDS);
    if (!clean) corrected = encodeAnew(data, at, check, checkAt);
  } else {
    scratchWords.set(data.subarray(at, at + PAGE_WORDS));
    scratchCheck.set(check.subarray(checkAt, checkAt + PAGE_CHECK_WORDS));
    correctBlock(scratchWords, 0, scratchCheck, 0);
    correctBlock(scratchWords, BLOCK_WORDS, scratchCheck, CHECK_WORDS);
    if (crc32c(scratch) !== crc) return -1;
    corrected = differentBits(scratchWords, data, at);
    data.set(scratchWords, at);
    corrected += encodeAnew(data, at, check, checkAt);
  }
  writeCrc(region, page, crc);
  return corrected;
}

/** Makes the check rows those of right data; returns the bits that changed. */
function encodeAnew(data: BigUint64Array, at: number, check: BigUint64Array, checkAt: number): number {
  encodePage(data, at, scratchCheck, 0);
  const changed = differentBits(scratchCheck, check, checkAt);
  check.set(scratchCheck, checkAt);
  return changed;
}

function differentBits(right: BigUint64Array, found: BigUint64Array, at: number): number {
  const a = new Uint32Array(right.buffer);
  const b = new Uint32Array(found.buffer, found.byteOffset + at * 8, a.length);
  let bits = 0;
  for (let word = 0; word < a.length; word++) bits += weight(a[word] ^ b[word]);
  return bits;
}

export function scrub(region: ProtectedPages, first: number, count: number): PagesReport {
  requirePages(region, first, count);
  const all = wordsOf(region);
  const badPages: number[] = [];
  let correctedBits = 0;
  let correctedPages = 0;
  for (let page = first; page < first + count; page++) {
    const corrected = scrubPage(all, page);
    if (corrected < 0) badPages.push(page);
    else if (corrected > 0) {
      correctedBits += corrected;
      correctedPages++;
    }
  }
  return { correctedBits, correctedPages, badPages };
}

/** On the main thread, but in turns with whatever else waits for it. */
async function inTurns(first: number, count: number, work: (first: number, count: number) => void) {
  for (let at = first; at < first + count; at += PAGES_A_TURN) {
    if (at > first) await new Promise(setImmediate);
    work(at, Math.min(PAGES_A_TURN, first + count - at));
  }
}

export async function scrubAsync(region: ProtectedPages, first: number, count: number): Promise<PagesReport> {
  requirePages(region, first, count);
  const reports: PagesReport[] = [];
  await inTurns(first, count, (at, some) => reports.push(scrub(region, at, some)));
  return {
    correctedBits: reports.reduce((sum, report) => sum + report.correctedBits, 0),
    correctedPages: reports.reduce((sum, report) => sum + report.correctedPages, 0),
    badPages: reports.flatMap((report) => report.badPages),
  };
}

export async function protectAsync(region: ProtectedPages, first: number, count: number): Promise<void> {
  requirePages(region, first, count);
  await inTurns(first, count, (at, some) => protect(region, at, some));
}
