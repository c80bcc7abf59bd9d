/**
 * The fault storm: faults by the million on a model with every protection on, in memory and on storage, and after each
 * round of them a comparison with the truth that could fail. The repairs are the model store's own.
 */
import {
  type GoldenFile,
  openGolden,
  readGolden,
  writeGolden,
} from '../../../components/payload/modelStore/goldenFile';
import { goldenPages, memoryPages, scrubGolden } from '../../../components/payload/modelStore/goldenScrub';
import { contentChunk, type Region } from '../../../components/payload/modelStore/region';
import { scrubNow } from '../../../components/payload/modelStore/repair';
import { atOnce } from '../../../components/payload/modelStore/steps';
import type { RegionScrub } from '../../../components/payload/ports';
import { succeed } from '../../../fsw/errors';
import { seededRandom } from '../../../fsw/framework/random';
import { ecc, PAGE_BYTES, PAGE_CHECK_BYTES } from '../../../native/ecc';
import { flipBits } from '../../simulators/radiation/upsets';
import { type FlatFiles, flatFiles } from './flatFiles';
import { cellsOf, regionOf } from './storeProtections';

export interface StormOptions {
  readonly weights: Uint8Array;
  readonly faults: number;
  readonly seed: number;
  readonly command: string;
  tell(done: number, result: StormResult): void;
}

export interface StormResult {
  readonly command: string;
  /** What was hit. */
  readonly where: string;
  faults: number;
  bits: number;
  rounds: number;
  readonly corrected: { secded: number; parity: number; golden: number };
  /** Pages that the store gave up, and said so: the ground would send the model again. */
  detected: number;
  /** Pages that differ from the truth while nothing says so. */
  silent: number;
  /** Pages that a repair wrote, and not as the truth has them. */
  wrongRepairs: number;
  /** Whole pages whose check rows or CRCs are still wrong: the next upset would find them weaker. */
  weakened: number;
}

/** Sizes of clusters, each as likely. */
const CLUSTERS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** Faults of a round: log-uniform up to this, so that some rounds overwhelm every step of the repair. */
const MOST_A_ROUND = 20_000;
const COPIES = ['a.golden', 'b.golden'];

/** A stretch of memory or storage, with the truth and what stood there before the repair. */
interface Watched {
  readonly cells: Uint8Array;
  readonly truth: Uint8Array;
  readonly before: Uint8Array;
}

/** Bytes of page p of something are the `size` from `at + p * size` on. */
interface Part {
  readonly watched: Watched;
  readonly at: number;
  readonly size: number;
}

/** Pages that can be compared, with what protects them, and which of them are given up. */
interface PageRun {
  readonly pages: number;
  readonly content: Part;
  readonly protection: readonly Part[];
  givenUp(): ReadonlySet<number>;
}

export async function faultStorm(options: StormOptions): Promise<StormResult> {
  const { weights, faults, seed, command, tell } = options;
  const region = regionOf(weights);
  const files = flatFiles();
  const copies = COPIES.map((path) => makeCopy(files, path, region));
  const all = [...cellsOf(region.protected), ...COPIES.map((path) => files.bytes(path))].map(watch);
  const runs = pageRuns(region, files, copies, all);
  const bits = all.reduce((sum, { cells }) => sum + cells.length * 8, 0);
  const result: StormResult = {
    command,
    where: `${(weights.length / 1e6).toFixed(2)} MB of weights, their check rows, CRCs and parity, and two golden copies (${(bits / 8e6).toFixed(2)} MB in all)`,
    faults: 0,
    bits: 0,
    rounds: 0,
    corrected: { secded: 0, parity: 0, golden: 0 },
    detected: 0,
    silent: 0,
    wrongRepairs: 0,
    weakened: 0,
  };
  const random = seededRandom(seed, 'storm');
  while (result.faults < faults) {
    const wanted = Math.ceil(MOST_A_ROUND ** random.next());
    for (let left = Math.min(wanted, faults - result.faults); left > 0; left--) {
      result.bits += hitAnywhere(
        all,
        Math.floor(random.next() * bits),
        CLUSTERS[random.integer(CLUSTERS.length)],
      );
      result.faults++;
    }
    for (const { cells, before } of all) before.set(cells);
    await repair(region, files, copies, result);
    for (const run of runs) compare(run, result);
    for (const { cells, truth } of all) cells.set(truth);
    result.rounds++;
    tell(result.faults, result);
  }
  return result;
}

function makeCopy(files: FlatFiles, path: string, region: Region): GoldenFile {
  const written = atOnce(
    writeGolden(
      files,
      path,
      region.sizes,
      (first, count) => succeed(contentChunk(region, first, count)),
      'store',
    ),
  );
  const opened = written.ok ? openGolden(files, path) : written;
  if (!opened.ok) throw new Error(opened.error.text);
  return opened.value;
}

function watch(cells: Uint8Array): Watched {
  return { cells, truth: cells.slice(), before: cells.slice() };
}

/** Upsets `count` neighbouring bits from `bit` of everything; those beyond the end of a stretch are not hit. */
function hitAnywhere(all: readonly Watched[], bit: number, count: number): number {
  let first = bit;
  for (const { cells } of all) {
    if (first < cells.length * 8) return flipBits(cells, first, count);
    first -= cells.length * 8;
  }
  return 0;
}

/** As the scrubber goes: the region with help of the golden copies, then each copy with help of region and other copy. */
async function repair(
  region: Region,
  files: FlatFiles,
  copies: readonly GoldenFile[],
  result: StormResult,
): Promise<void> {
  const add = (found: RegionScrub) => {
    result.corrected.secded += found.correctedBits;
    result.corrected.parity += found.parityPages;
    result.corrected.golden += found.goldenPages;
    result.detected += found.lostPages;
  };
  const sources = () => COPIES.map((path) => goldenPages(files, path));
  add(scrubNow(region, sources()));
  for (const [i, copy] of copies.entries()) {
    const others = [memoryPages(region), ...sources().filter((_, other) => other !== i)];
    const scrubbed = await scrubGolden(files, copy, 0, copy.content.contentPages, others);
    if (!scrubbed.ok) throw new Error(scrubbed.error.text);
    add(scrubbed.value);
  }
}

/** A page is given up when its own CRC says that it is not whole, whatever SECDED does: that is all a runtime needs. */
function pageRuns(
  region: Region,
  files: FlatFiles,
  copies: readonly GoldenFile[],
  [data, check, crcs, ...stored]: readonly Watched[],
): PageRun[] {
  const { pages } = region.layout;
  const inMemory: PageRun = {
    pages,
    content: { watched: data, at: 0, size: PAGE_BYTES },
    protection: [{ watched: check, at: 0, size: PAGE_CHECK_BYTES }, ...crcParts(crcs, 0, pages)],
    givenUp: () => new Set(ecc.scrub(region.protected, 0, pages).badPages),
  };
  const onStorage = copies.map((copy, i): PageRun => {
    const { contentPages } = copy.content;
    const checkAt = PAGE_BYTES * (1 + contentPages);
    return {
      pages: contentPages,
      content: { watched: stored[i], at: PAGE_BYTES, size: PAGE_BYTES },
      protection: [
        { watched: stored[i], at: checkAt, size: PAGE_CHECK_BYTES },
        ...crcParts(stored[i], checkAt + contentPages * PAGE_CHECK_BYTES, contentPages),
      ],
      givenUp() {
        const read = readGolden(files, copy, 0, contentPages);
        return new Set(read.ok ? ecc.scrub(read.value, 0, contentPages).badPages : []);
      },
    };
  });
  return [inMemory, ...onStorage];
}

/** A table of CRCs stands three times. */
function crcParts(watched: Watched, at: number, pages: number): Part[] {
  return [0, 1, 2].map((copy) => ({ watched, at: at + copy * pages * 4, size: 4 }));
}

function compare({ pages, content, protection, givenUp }: PageRun, result: StormResult): void {
  const all = Array.from({ length: pages }, (_, page) => page);
  const wrong = all.filter((page) => !same(content, page, 'truth'));
  const weak = all.filter((page) => protection.some((part) => !same(part, page, 'truth')));
  result.wrongRepairs += wrong.filter((page) => !same(content, page, 'before')).length;
  if (wrong.length + weak.length === 0) return;
  const lost = givenUp();
  result.silent += wrong.filter((page) => !lost.has(page)).length;
  result.weakened += weak.filter((page) => !wrong.includes(page) && !lost.has(page)).length;
}

/** Whether a page is now as it was at another time. */
function same({ watched, at, size }: Part, page: number, when: 'truth' | 'before'): boolean {
  const from = at + page * size;
  for (let i = from; i < from + size; i++) if (watched.cells[i] !== watched[when][i]) return false;
  return true;
}
