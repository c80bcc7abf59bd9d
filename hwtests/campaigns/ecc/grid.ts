/** The grid: every protection of every model at every bit error rate and cluster size, resumable cell by cell. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { median } from '../../bench/measure';
import { bareProtections } from './bareProtections';
import { type Bench, type CellPlace, type CellSummary, type Outcome, runSeed, summarise } from './cell';
import type { Protection } from './protection';
import { storeProtections } from './storeProtections';
import type { Subject } from './subject';

export const protections: readonly Protection[] = [...bareProtections, ...storeProtections];

export interface GridOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly bitErrorRates: readonly number[];
  readonly clusters: readonly number[];
  readonly protections: readonly Protection[];
  /** Wall time (`performance.now`) from which a cell that has a seed gets no more. */
  readonly untilMs: number;
  /** Folder with one file a cell. */
  readonly stateDir: string;
}

/** What a protection costs and how fast it goes over weights that nothing has hit. */
export interface Cost {
  readonly subject: string;
  readonly protection: string;
  readonly memoryPercent: number;
  readonly storagePercent: number;
  /** Of weights, one thread, this machine as busy as it was. */
  readonly scrubGBps: number;
}

export interface GridResult {
  readonly cells: readonly CellSummary[];
  readonly costs: readonly Cost[];
}

interface CellFile {
  /** Outcomes count only under the same. */
  readonly seed: number;
  readonly about: string;
  readonly outcomes: readonly Outcome[];
}

/** Passes over whole weights before those that are timed, and these. */
const WARM_UP = 8;
const TIMED = 15;
/** A state file is written again when a cell has run so long. */
const SAVE_MS = 10_000;

/** A cell with what an earlier run left of it. */
interface Cell {
  readonly bench: Bench;
  readonly place: CellPlace;
  readonly file: string;
  readonly outcomes: Outcome[];
}

/**
 * Runs what is missing; `tell` hears of each cell that is complete. Cells that were cheap so far come first, so that a
 * limit of time leaves fewer seeds to those that have to run the model each time.
 */
export async function runGrid(
  subjects: readonly Subject[],
  options: GridOptions,
  tell: (done: number, all: number, cell: CellSummary) => void,
): Promise<GridResult> {
  mkdirSync(options.stateDir, { recursive: true });
  const benches = subjects.flatMap((subject) =>
    options.protections.map((protection) => ({ subject, protection, guarded: protection.guard(subject) })),
  );
  const costs = benches.map(costOf);
  const cells = benches.flatMap((bench) => placesOf(options).map((place) => cellAt(bench, place, options)));
  const runsOf = ({ outcomes }: Cell) => outcomes.filter(({ identical }) => !identical).length;
  const order = [...cells].sort((a, b) => runsOf(a) - runsOf(b));
  for (const [done, cell] of order.entries()) {
    await runCell(cell, options);
    tell(done + 1, cells.length, summaryOf(cell, options));
  }
  return { cells: cells.map((cell) => summaryOf(cell, options)), costs };
}

function placesOf({ bitErrorRates, clusters }: GridOptions): CellPlace[] {
  return clusters.flatMap((cluster) => bitErrorRates.map((bitErrorRate) => ({ bitErrorRate, cluster })));
}

function cellAt(bench: Bench, place: CellPlace, { seed, stateDir }: GridOptions): Cell {
  const file = join(stateDir, fileName(bench, place));
  return { bench, place, file, outcomes: [...outcomesIn(file, seed, bench.subject.about)] };
}

function summaryOf({ bench, place, outcomes }: Cell, { seeds }: GridOptions): CellSummary {
  return summarise(bench, place, outcomes.slice(0, seeds));
}

async function runCell({ bench, place, file, outcomes }: Cell, options: GridOptions): Promise<void> {
  const { seed, seeds, untilMs } = options;
  if (outcomes.length >= seeds) return;
  const { about } = bench.subject;
  const save = () =>
    writeWholeFile(file, `${JSON.stringify({ seed, about, outcomes } satisfies CellFile)}\n`);
  let savedAt = performance.now();
  while (outcomes.length < seeds && (outcomes.length === 0 || performance.now() < untilMs)) {
    outcomes.push(await runSeed(bench, place, seed, outcomes.length));
    if (performance.now() - savedAt < SAVE_MS) continue;
    save();
    savedAt = performance.now();
  }
  save();
}

function fileName({ subject, protection }: Bench, { bitErrorRate, cluster }: CellPlace): string {
  const plain = (text: string) => text.replace(/[^\w]+/g, '-');
  return `${plain(subject.name)}.${plain(protection.name)}.${bitErrorRate.toExponential(0)}.${cluster}.json`;
}

/** What an earlier run left, if it was the same campaign. */
function outcomesIn(file: string, seed: number, about: string): readonly Outcome[] {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as CellFile;
    return found.seed === seed && found.about === about ? found.outcomes : [];
  } catch {
    return [];
  }
}

function costOf({ subject, protection, guarded }: Bench): Cost {
  const times = Array.from({ length: WARM_UP + TIMED }, () => {
    const started = performance.now();
    guarded.repair();
    return performance.now() - started;
  });
  const ms = median(times.slice(WARM_UP));
  return {
    subject: subject.name,
    protection: protection.name,
    memoryPercent: guarded.memoryPercent,
    storagePercent: guarded.storagePercent,
    scrubGBps: guarded.weights.length / 1e6 / ms,
  };
}
