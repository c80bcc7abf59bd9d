/** `--flown`: flights by the seed, each scored before and after on tiles that nothing was learned from. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, succeed } from '../../../fsw/errors';
import type { TrainingEngine } from '../../../fsw/learning';
import { classColours } from '../../../fsw/learning/colour';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { drifted, drifts } from '../../datasets/drift';
import { EUROSAT_TILE_BYTES, type EurosatTiles } from '../../datasets/eurosat';
import { examplesOf, type Scored, shareRight } from './adapt';
import { type Flown, flyAdaptation, TILES_A_FRAME } from './flight';
import { classesOf, landCover } from './network';
import { deviation, isKept, mean, rowsOf } from './table';

/** Of the simulated board's camera; unlike those of the other part they are the same for every seed. */
export const FLOWN_DRIFTS = ['swapped', 'aged'] as const;
export type FlownDrift = (typeof FLOWN_DRIFTS)[number];

export interface FlownSeed extends Omit<Flown, 'weights'> {
  readonly seed: number;
  /** On the scored tiles, through the camera that flew: of the network as shipped, of what flies at the end. */
  readonly scoredBefore: number;
  readonly scoredAfter: number;
}

export interface FlownTrial {
  readonly seeds: number;
  /** About as many are learned from, beside a fourth of them that is held out: frames are whole. */
  readonly tiles: number;
  /** Before the drift: of these the ground knows the mean colours. */
  readonly known: EurosatTiles;
  readonly scored: EurosatTiles;
  readonly out: string;
  readonly steps?: number;
}

/** Flies every seed through every drift and writes the tables; whether each won more than its seeds differ by. */
export async function fly(trial: FlownTrial, names: readonly FlownDrift[]): Promise<Result<boolean>> {
  const parts: { readonly drift: FlownDrift; readonly flown: readonly FlownSeed[] }[] = [];
  for (const drift of names) {
    const flown = await flySeeds(trial, drift);
    if (!flown.ok) return flown;
    parts.push({ drift, flown: flown.value });
  }
  const text = parts.map(({ drift, flown }) => `**${drift}**\n\n${flownTable(flown)}\n`).join('\n');
  writeWholeFile(join(trial.out, 'adaptation-flown.md'), text);
  writeWholeFile(join(trial.out, 'adaptation-flown.json'), `${JSON.stringify(parts, null, 2)}\n`);
  console.log(text);
  const kept = parts.every(({ flown }) => isKept(rowsOf(flown.map(scoresOf)), 'after'));
  console.log(`flown: more won than the seeds differ by: ${kept ? 'kept' : 'NOT KEPT'}`);
  return succeed(kept);
}

/** Errors: those of the engine. Throws where a flight does not come to its end. */
export async function flySeeds(
  { seeds, tiles, known, scored, out, steps }: FlownTrial,
  drift: FlownDrift,
): Promise<Result<FlownSeed[]>> {
  const colours = classColours(examplesOf(known), known.classes.length);
  const frames = Math.max(1, Math.floor((tiles * 1.25) / TILES_A_FRAME));
  const engine = sameProcessEngine();
  const flown: FlownSeed[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const folder = join(out, `${drift}-${seed}`);
    mkdirSync(folder, { recursive: true });
    const { weights, ...rest } = await flyAdaptation({ seed, drift, frames, colours, folder, steps });
    const pixels = drifted(scored.pixels, drifts[drift], scored.paths, seed);
    const before = await scoreOf(engine, landCover().weights, scored, pixels);
    if (!before.ok) return before;
    const after = await scoreOf(engine, weights, scored, pixels);
    if (!after.ok) return after;
    const [scoredBefore, scoredAfter] = [before.value, after.value];
    flown.push({ ...rest, seed, scoredBefore, scoredAfter });
    const said = [`${scoredBefore.toFixed(3)} → ${scoredAfter.toFixed(3)}`, ...rest.refused].join('; ');
    console.error(`${drift}: seed ${seed}: ${said}`);
  }
  await engine.close();
  return succeed(flown);
}

async function scoreOf(
  engine: TrainingEngine,
  weights: Uint8Array,
  scored: EurosatTiles,
  pixels: Uint8Array,
): Promise<Result<number>> {
  const answers = await classesOf(engine, landCover(), weights, pixels, EUROSAT_TILE_BYTES);
  return answers.ok ? succeed(shareRight(answers.value, scored)) : answers;
}

function scoresOf({ scoredBefore, scoredAfter }: FlownSeed): Scored[] {
  return [
    { method: 'before', accuracy: scoredBefore, learningS: 0 },
    { method: 'after', accuracy: scoredAfter, learningS: 0 },
  ];
}

/** Markdown: a row a seed, then mean ± deviation. */
export function flownTable(flown: readonly FlownSeed[]): string {
  const columns: readonly [head: string, of: (one: FlownSeed) => number, digits: number][] = [
    ['test split: before', (one) => one.scoredBefore, 3],
    ['test split: after', (one) => one.scoredAfter, 3],
    ['reference tiles: before', (one) => one.before, 3],
    ['calibrated', (one) => one.calibrated, 3],
    ['learned', (one) => one.after, 3],
    ['tiles learned from', (one) => one.train, 0],
    ['held out', (one) => one.reference, 0],
    ['records down, B', (one) => one.recordBytes, 0],
    ['tiles as they are, B', (one) => one.rawBytes, 0],
    ['all down, B', (one) => one.downBytes, 0],
    ['all up, B', (one) => one.upBytes, 0],
  ];
  const rows = flown.map((one) => [
    `${one.seed}`,
    ...columns.map(([, of, digits]) => of(one).toFixed(digits)),
    one.version,
  ]);
  const whole = columns.map(([, of, digits]) => {
    const values = flown.map(of);
    return `${mean(values).toFixed(digits)} ± ${deviation(values).toFixed(digits)}`;
  });
  const head = ['seed', ...columns.map(([name]) => name), 'flies'];
  const lines = [head, head.map(() => '---'), ...rows, ['all', ...whole, '']];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
