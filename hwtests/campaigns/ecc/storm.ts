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
import { ecc, PAGE_BYTES } from '../../../native/ecc';
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

/** Pages that can be compared: where they are, and which of them are given up. */
interface PageRun {
  readonly watched: Watched;
  /** First byte of page 0. */
  readonly at: number;
  readonly pages: number;
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
    writeGolden(files, path, region.sizes, (first, count) => succeed(contentChunk(region, first, count))),
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
  all: readonly Watched[],
): PageRun[] {
  const stored = all.slice(-copies.length);
  return [
    {
      watched: all[0],
      at: 0,
      pages: region.layout.pages,
      givenUp: () => new Set(ecc.scrub(region.protected, 0, region.layout.pages).badPages),
    },
    ...copies.map((copy, i) => ({
      watched: stored[i],
      at: PAGE_BYTES,
      pages: copy.content.contentPages,
      givenUp: () => {
        const read = readGolden(files, copy, 0, copy.content.contentPages);
        return new Set(read.ok ? ecc.scrub(read.value, 0, copy.content.contentPages).badPages : []);
      },
    })),
  ];
}

function compare({ watched, at, pages, givenUp }: PageRun, result: StormResult): void {
  const { cells, truth, before } = watched;
  const same = (a: Uint8Array, b: Uint8Array, from: number) =>
    Buffer.compare(a.subarray(from, from + PAGE_BYTES), b.subarray(from, from + PAGE_BYTES)) === 0;
  const wrong: number[] = [];
  for (let page = 0; page < pages; page++) if (!same(cells, truth, at + page * PAGE_BYTES)) wrong.push(page);
  if (wrong.length === 0) return;
  for (const page of wrong) if (!same(cells, before, at + page * PAGE_BYTES)) result.wrongRepairs++;
  const lost = givenUp();
  for (const page of wrong) if (!lost.has(page)) result.silent++;
}
