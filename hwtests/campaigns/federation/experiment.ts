/** All ways to learn, one after the other, and what they come to beside each other. */
import { type Result, succeed } from '../../../fsw/errors';
import { central, local, shipped } from './baselines';
import { COMPUTER, RATES } from './board';
import { type FlowerSays, flowerRounds } from './flowerRounds';
import { gossip } from './gossipRun';
import type { Options } from './options';
import type { Outcome, Point } from './outcome';
import { CODING, type Federated, federate } from './rounds';
import { openSky, type Skies } from './sky';
import { openStudy, type Study } from './study';
import { type Bytes, RAW_FRAME_TILE_BYTES, type Verdict, verdictOf } from './verdict';
import { STATIONS } from './windows';

export const REPORT_FORMAT = 'perigee-federation/1';

export interface Report {
  readonly format: typeof REPORT_FORMAT;
  readonly options: Omit<Options, 'out'>;
  /** Who made the mean of the main run. */
  readonly flower: FlowerSays;
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly learns: readonly string[];
    readonly values: number;
  };
  readonly recipe: Study['recipe'];
  readonly declared: {
    readonly rates: typeof RATES;
    readonly computer: typeof COMPUTER;
    readonly coding: typeof CODING;
  };
  readonly sky: {
    readonly stations: readonly string[];
    readonly passes: number;
    readonly crosslinks: number;
  };
  readonly tiles: {
    readonly classes: readonly string[];
    readonly counts: readonly (readonly number[])[];
    readonly validation: number;
    readonly test: number;
    readonly bytes: Bytes;
  };
  readonly outcomes: readonly Outcome[];
  readonly verdict: Verdict;
}

export type Tell = (text: string) => void;

/** `tell`: a line of progress. Errors: what the study, the sky and training say. */
export async function experiment(options: Options, tell: Tell): Promise<Result<Report>> {
  const study = await openStudy(options);
  if (!study.ok) return study;
  const sky = openSky(options.satellites, options.days);
  if (!sky.ok) return sky;
  const { ground, crosslinks } = sky.value;
  tell(
    `${options.satellites} satellites, ${options.days} days: ${ground.length} passes over ${STATIONS.length} stations, ${crosslinks.length} spans in sight of each other`,
  );
  try {
    return await compare(options, study.value, sky.value, tell);
  } finally {
    await study.value.close();
  }
}

async function compare(options: Options, study: Study, sky: Skies, tell: Tell): Promise<Result<Report>> {
  const pointOf = (name: string) => (point: Point) =>
    tell(
      `${name}: after ${point.hours.toFixed(1)} h, round ${point.round}: ${(100 * point.accuracy).toFixed(1)} %`,
    );
  const before = await shipped(study);
  if (!before.ok) return before;
  told(before.value, tell);
  const main = await flowerRounds({ options, study, sky, tell, onRound: pointOf('federated') });
  if (!main.ok) return main;
  const { federated, flower } = main.value;
  told(federated, tell);
  const same = { study, sky, means: federated.means };
  const ways: (() => Promise<Result<Outcome>>)[] = [
    () =>
      federate({ ...same, name: "each satellite's own pass in turn", network: sky.network(), relay: false }),
    () => federate({ ...same, name: 'permanent links', network: sky.permanent(), relay: false }),
    () => gossip(study, sky, pointOf('gossip')),
    () => central(study, sky),
    () => local(study),
  ];
  const outcomes: Outcome[] = [];
  for (const way of ways) {
    const outcome = await way();
    if (!outcome.ok) return outcome;
    outcomes.push(outcome.value);
    told(outcome.value, tell);
  }
  return succeed(reportOf(options, study, sky, flower, before.value, federated, outcomes));
}

function reportOf(
  { out, ...options }: Options,
  study: Study,
  sky: Skies,
  flower: FlowerSays,
  before: Outcome,
  { means, ...federated }: Federated,
  others: readonly Outcome[],
): Report {
  const { trainer, recipe, counts, classes, model } = study;
  const [inTurn, permanent, gossiped, centrally, locally] = others.map(withoutMeans);
  const tileCount = counts.flat().reduce((sum, count) => sum + count, 0);
  const bytes = {
    raw: sum(study.rawBytes),
    jpeg: sum(study.jpegBytes),
    frames: tileCount * RAW_FRAME_TILE_BYTES,
  };
  return {
    format: REPORT_FORMAT,
    options,
    flower,
    model: {
      name: model.name,
      version: model.version,
      learns: trainer.plan.parameters.map(({ name }) => name),
      values: trainer.plan.initial.length,
    },
    recipe,
    declared: { rates: RATES, computer: COMPUTER, coding: CODING },
    sky: {
      stations: STATIONS.map(({ name }) => name),
      passes: sky.ground.length,
      crosslinks: sky.crosslinks.length,
    },
    tiles: {
      classes,
      counts,
      validation: study.validation.examples.length,
      test: study.test.examples.length,
      bytes,
    },
    outcomes: [before, centrally, federated, inTurn, permanent, gossiped, locally],
    verdict: verdictOf(
      { shipped: before, central: centrally, federated, inTurn, others: [permanent, gossiped, locally] },
      bytes,
    ),
  };
}

/** Parameters are not for a report. */
function withoutMeans(outcome: Outcome & { readonly means?: unknown }): Outcome {
  const { means, ...rest } = outcome;
  return rest;
}

function told({ name, test, traffic, cut }: Outcome, tell: Tell): void {
  const { up, down, crosslink } = traffic.bytes;
  tell(
    `${name}: ${(100 * test).toFixed(1)} % of the test tiles; bytes up ${up}, down ${down}, across ${crosslink}${cut ? `; ${cut}` : ''}`,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
