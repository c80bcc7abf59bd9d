/**
 * `perigee campaign ecc`: the grid of protections, bit error rates, clusters and models, or with `--faults` the storm.
 * Started by the `perigee` command as a process of its own.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Fault } from '../../../fsw/errors';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { ecc } from '../../../native/ecc';
import type { CellSummary } from './cell';
import { evaluationSet } from './evaluationSet';
import { protections, runGrid } from './grid';
import { type ModeName, modes, type Range, subjectsOf } from './modes';
import { promisesOf } from './promises';
import { faultStorm, type StormResult } from './storm';
import { markdownOf, type Page, plotName, plotOf } from './table';
import { visionTransformer } from './visionTransformer';

interface Options {
  readonly mode: ModeName;
  readonly seed: number;
  readonly out: string;
  readonly seeds?: number;
  readonly tiles?: number;
  readonly minutes?: number;
  readonly only?: string;
  readonly faults?: number;
  readonly table?: string;
}

const PROGRESS_MS = 2000;

async function main(argv: readonly string[]): Promise<void> {
  const options = new Command('perigee campaign ecc')
    .option('--mode <name>', 'short (a minute) or full', mode, 'short')
    .option('--seed <n>', 'seed of all faults', whole, 1)
    .option('--seeds <n>', 'runs of each cell', positive)
    .option('--tiles <n>', 'tiles on which the vision transformer is judged, a multiple of 3', positive)
    .option('--minutes <n>', 'stop there with the seeds that there are, one a cell at least', whole)
    .option('--only <text>', 'models whose name has this text')
    .option('--faults <n>', 'instead of the grid: so many faults on a model with everything on', positive)
    .option('--out <dir>', 'folder for results and state', 'out/campaign-ecc')
    .option('--table <file>', 'write the Markdown table here too, and its plots beside it')
    .parse([...argv], { from: 'user' })
    .opts<Options>();
  mkdirSync(options.out, { recursive: true });
  if (options.faults === undefined) await grid(options);
  else await storm(options, options.faults);
}

async function grid(options: Options): Promise<void> {
  const chosen = modes[options.mode];
  const range: Range = {
    ...chosen,
    seeds: options.seeds ?? chosen.seeds,
    tiles: options.tiles ?? chosen.tiles,
  };
  const set = await evaluationSet(range.tiles);
  if (!set.ok) return stop(set.error);
  const { subjects: all, leftOut } = await subjectsOf(range, set.value);
  const subjects = all.filter(({ name }) => name.includes(options.only ?? ''));
  for (const line of leftOut) console.log(`left out: ${line}`);
  const { seed, out } = options;
  const startedMs = Date.now();
  const { cells, costs } = await runGrid(
    subjects,
    { ...range, seed, protections, untilMs: untilMs(options), stateDir: join(out, 'cells') },
    (done, all, cell) => console.log(`${progressText(done, all, startedMs)}  ${lineOf(cell)}`),
  );
  const page: Page = {
    command: commandOf({
      mode: options.mode,
      seed,
      seeds: options.seeds,
      tiles: options.tiles,
      only: options.only,
    }),
    machine: machine(seed, range),
    subjects: subjects.map(({ name, about, unit }) => ({ name, about, unit })),
    leftOut: leftOut.map((line) => `left out: ${line}`),
    protections,
    bitErrorRates: range.bitErrorRates,
    clusters: range.clusters,
    cells,
    costs,
    storm: stormIn(out),
  };
  writePage(page, join(out, 'reliability.md'));
  writeWholeFile(
    join(out, 'reliability.json'),
    `${JSON.stringify({ ...page, protections: protections.map(({ name }) => name) }, null, 1)}\n`,
  );
  if (options.table !== undefined) writePage(page, resolve(options.table));
  if (promisesOf(cells).some(({ kept }) => !kept)) process.exitCode = 1;
  console.log(`\n${markdownOf(page)}\nin ${join(out, 'reliability.md')} and reliability.json`);
}

function writePage(page: Page, file: string): void {
  writeWholeFile(file, markdownOf(page));
  for (const subject of page.subjects)
    writeWholeFile(join(dirname(file), plotName(subject.name)), plotOf(page, subject));
}

async function storm({ seed, out }: Options, faults: number): Promise<void> {
  const model = visionTransformer('fp32', {
    count: 0,
    tiles: new Float32Array(0),
    labels: new Uint8Array(0),
  });
  if (!model.ok) return stop(model.error);
  const startedMs = Date.now();
  let toldMs = startedMs;
  const result = await faultStorm({
    weights: model.value.weights,
    faults,
    seed,
    command: commandOf({ faults, seed }),
    tell(done) {
      if (Date.now() - toldMs < PROGRESS_MS) return;
      toldMs = Date.now();
      console.log(progressText(done, faults, startedMs));
    },
  });
  writeWholeFile(join(out, 'storm.json'), `${JSON.stringify(result, null, 2)}\n`);
  const { corrected, detected, silent, wrongRepairs, weakened } = result;
  console.log(
    [
      `${result.faults} faults, ${result.bits} bits, in ${result.rounds} rounds on ${result.where}`,
      `corrected: ${corrected.secded} bits by SECDED, ${corrected.parity} pages by parity, ${corrected.golden} pages from a golden copy`,
      `detected as lost: ${detected} pages`,
      `silent corruptions: ${silent}`,
      `wrong repairs: ${wrongRepairs}`,
      `whole pages whose check rows or CRCs stayed wrong: ${weakened}`,
      `${((Date.now() - startedMs) / 1000).toFixed(1)} s, kernels: ${ecc.simd}, seed ${seed}`,
    ].join('\n'),
  );
  if (silent > 0 || wrongRepairs > 0) process.exitCode = 1;
}

/** What `--faults` left in the same folder. */
function stormIn(out: string): StormResult | undefined {
  try {
    return JSON.parse(readFileSync(join(out, 'storm.json'), 'utf8')) as StormResult;
  } catch {
    return undefined;
  }
}

function untilMs({ minutes }: Options): number {
  return minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
}

function machine(seed: number, { seeds, tiles }: Range): string[] {
  const [cpu] = cpus();
  return [
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; Node ${process.version}; kernels: ${ecc.simd}`,
    `seed ${seed}, ${seeds} seeds a cell where nothing else is said, ${tiles} tiles`,
  ];
}

function progressText(done: number, all: number, startedMs: number): string {
  const seconds = (Date.now() - startedMs) / 1000;
  const left = done === 0 ? 0 : (seconds / done) * (all - done);
  return `${done}/${all} ${((100 * done) / all).toFixed(0)} %, ${left.toFixed(0)} s to go`;
}

function lineOf({ subject, protection, bitErrorRate, cluster, ...cell }: CellSummary): string {
  return `${subject}, ${protection}, ${bitErrorRate.toExponential(0)}, cluster ${cluster}: mean ${cell.damageMean.toFixed(2)}, worst ${cell.damageWorst.toFixed(2)}, silent ${cell.silentPercent.toFixed(0)} %, detected ${cell.detectedPercent.toFixed(0)} %`;
}

/** What to type for the same again, wherever its results are to go. */
function commandOf(options: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return ['perigee campaign ecc', ...given.map(([name, value]) => `--${name} ${value}`)].join(' ');
}

function stop(error: Fault): void {
  console.error(`${error.code}: ${error.text}`);
  process.exitCode = 1;
}

function mode(text: string): ModeName {
  if (text === 'short' || text === 'full') return text;
  throw new InvalidArgumentError('It must be short or full.');
}

function whole(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 0 to 4294967295.');
}

function positive(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

if (require.main === module) void main(process.argv.slice(2));
