/** Radiation on the simulated board: what of it lies open, and when it is hit. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Memory } from '../../../fsw/framework/board';
import type { Clock } from '../../../fsw/framework/clock';
import type { Deployment, Tap } from '../../../fsw/framework/deployment';
import type { Topology } from '../../../fsw/framework/topology';
import type { Orbit } from '../orbit';
import { RadiationEnvironment } from './environment';
import { healedOf, scrubberMap } from './healed';
import { CELL_LAT_DEG, CELL_LON_DEG } from './hits';
import { irradiatedRuntimes } from './irradiatedRuntimes';
import type { RadiationOptions } from './options';
import { waitingPackets } from './packets';
import { PUBLISHED_PER_BIT_DAY } from './rate';
import { steadyClock } from './steadyClock';
import { exposedMemory, filesAtRest, type Target } from './targets';

export interface BoardRadiationOptions extends RadiationOptions {
  readonly orbit: Orbit;
  readonly epochMs: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly memory: Memory;
  /** Folders in which the board keeps its files. */
  readonly folders: readonly string[];
  readonly outDir: string;
}

export interface BoardRadiation {
  /** In place of the board's own. */
  readonly clock: Clock;
  readonly memory: Memory;
  readonly taps: readonly Tap[];
  /** The mission, its runtimes' copies of the weights open to radiation. */
  fit(topology: Topology): Topology;
  readonly environment: RadiationEnvironment;
  /** Begins; call before the software boots, so that radiation is first at each instant. */
  begin(): void;
  /** The report's section; the record of every hit goes to `radiation.csv`. */
  report(deployment: Deployment): RadiationReport;
}

export type RadiationReport = ReturnType<typeof reportOf>;

const STEP_US = 1_000_000;
/** Golden copies of the model store and its ledger, and the parameter files. */
const GOLDEN = /[.]golden$|(^|\/)ledger-[ab]$/;
const PARAMETERS = /^parameters/;

export function boardRadiation(given: BoardRadiationOptions): BoardRadiation {
  const { orbit, epochMs, seed, factor, folders } = given;
  const wanted = new Set(given.targets);
  const steady = steadyClock(given.clock);
  const memory = exposedMemory(given.memory);
  const packets = waitingPackets();
  const runtimes = irradiatedRuntimes();
  const targets = (): Target[] =>
    [
      ...memory.targets(),
      ...folders.flatMap((folder) => filesAtRest(folder, 'golden', GOLDEN)),
      ...folders.flatMap((folder) => filesAtRest(folder, 'parameters', PARAMETERS)),
      packets.target(),
      ...runtimes.targets(),
    ].filter(({ kind }) => wanted.has(kind));
  const environment = new RadiationEnvironment({ orbit, epochMs, seed, factor, targets });
  return {
    clock: steady.clock,
    memory,
    taps: wanted.has('queues') ? packets.taps : [],
    fit: wanted.has('runtime') ? runtimes.fit : (topology) => topology,
    environment,
    begin() {
      given.clock.every(STEP_US, (dueUs) => {
        // What falls meanwhile is not lost: the next step makes up for it.
        if (steady.underWay === 0) environment.irradiate(dueUs);
      });
    },
    report(deployment) {
      writeFileSync(join(given.outDir, 'radiation.csv'), environment.hits.csv());
      return reportOf(environment, given, deployment);
    },
  };
}

function reportOf(
  { hits, stuckCells }: RadiationEnvironment,
  { factor, targets }: RadiationOptions,
  deployment: Deployment,
) {
  return {
    factor,
    perBitDay: factor * PUBLISHED_PER_BIT_DAY,
    targets,
    hits: hits.byKind(),
    byTarget: hits.byTarget(),
    clusters: hits.clusters(),
    stuckCells,
    healed: healedOf(deployment),
    map: {
      latDeg: CELL_LAT_DEG,
      lonDeg: CELL_LON_DEG,
      hits: hits.map(),
      healedByScrubber: scrubberMap(deployment),
    },
  };
}
