/**
 * A 100 Hz rate group on the wall clock while inference runs without a pause, in a process of its own: started with
 * what ticks (`Ticking` as JSON), it sends `Ticked` and ends.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rateGroup } from '../../../components/core/rateGroup/rateGroup';
import { rateGroupDriver } from '../../../components/core/rateGroupDriver/rateGroupDriver';
import { onnxEngine } from '../../../components/payload/inference/onnxEngine';
import type { StoredModel } from '../../../components/payload/ports';
import { realTime } from '../../../components/platform/realTime';
import { flyOnWallClock } from '../../../components/platform/wallFlight';
import {
  type Board,
  component,
  connect,
  defineComponent,
  defineTopology,
  input,
  instance,
  Sched,
  type Ticker,
} from '../../../fsw/framework';
import { deploy, type Tap } from '../../../fsw/framework/deployment';
import { WallClock } from '../../../fsw/framework/wallClock';
import { projectRoot } from '../../../fsw/root';

export const PERIOD_US = 10_000;
const WARM_UP_TICKS = 100;
/** As many tiles as a frame has: what the classifier asks for at once. */
const TILES = 16;
const TILE_VALUES = 3 * 32 * 32;

export interface Ticking {
  /** The bare `setInterval`; or the ticker of the flight board, which is the native one where the addon is. */
  readonly from: 'setInterval' | 'board';
  /** Whether the main thread is in real time, as with `realTime` in `flightBoard.json`. */
  readonly realTime: boolean;
  readonly ticks: number;
}

export interface Ticked {
  /** For each tick that was due: its handler's start less its due time, microseconds; merged ones start together. */
  readonly deviationUs: readonly number[];
  /** For each two starts in a row: the time between them less the period, microseconds. */
  readonly periodUs: readonly number[];
  readonly inferences: number;
  readonly clock: string;
}

/** What most would write: every 10 ms from the first tick on, as the host's timers understand it. */
const setIntervalTicker: Ticker = {
  start({ firstNs, periodNs }, tick) {
    let index = 0;
    const next = () => tick({ index: index++, missed: 0 });
    let timer = setTimeout(
      () => {
        timer = setInterval(next, periodNs / 1e6);
        next();
      },
      (firstNs - Number(process.hrtime.bigint())) / 1e6,
    );
    return { stop: () => clearTimeout(timer), unref: () => void timer.unref() };
  },
};

const handler = component(
  defineComponent({
    kind: 'passive',
    doc: 'Is called 100 times a second.',
    ports: { run: input.sync(Sched) },
  }),
  { ports: () => ({ run: () => undefined }) },
);

async function fly({ from, realTime: mainThread, ticks }: Ticking): Promise<Ticked> {
  const board = realTime(mainThread);
  const clock = new WallClock(from === 'board' ? board.ticker : setIntervalTicker);
  const driver = instance('driver', rateGroupDriver, {
    baseId: 0x100,
    config: { periodUs: PERIOD_US, divisors: [1] },
  });
  const group = instance('group', rateGroup, { baseId: 0x200, priority: 50 });
  const member = instance('member', handler, { baseId: 0x300 });
  const topology = defineTopology({
    name: 'Ticking',
    instances: [driver, group, member],
    connections: [
      connect(driver.out.cycleOut[0], group.in.cycleIn),
      connect(group.out.member[0], member.in.run),
    ],
    patterns: {},
  });

  const seen: { dueUs: number; startUs: number }[] = [];
  let dueUs = 0;
  const due: Tap = {
    instance: 'driver',
    end: 'cycleOut',
    hear(cycle: { dueUs: bigint }) {
      dueUs = Number(cycle.dueUs);
    },
  };
  const start: Tap = {
    instance: 'group',
    end: 'member',
    hear(_: never, index: number) {
      if (index === 0) seen.push({ dueUs, startUs: clock.nowUs() });
    },
  };
  const deployed = deploy(topology, { name: 'bench', clock, seed: 1 } as unknown as Board, {
    taps: [due, start],
  });
  if (!deployed.ok) throw new Error(deployed.faults[0].text);
  const inference = await inferring();
  deployed.value.start();
  const cycles = () => (seen.length === 0 ? 0 : (seen[seen.length - 1].dueUs - seen[0].dueUs) / PERIOD_US);
  await flyOnWallClock(clock, deployed.value, () => cycles() >= WARM_UP_TICKS + ticks);
  await deployed.value.stop();
  return { ...jitterOf(seen.slice(WARM_UP_TICKS)), inferences: await inference.end(), clock: board.notice() };
}

/** Runs the surface classifier over and over; `end` says how many times it ran. */
async function inferring(): Promise<{ end(): Promise<number> }> {
  const engine = onnxEngine();
  const loaded = await engine.load('surface-vit', surfaceVit(), ['cpu']);
  if (!loaded.ok) throw new Error(loaded.error.text);
  const tiles = new Float32Array(TILES * TILE_VALUES).fill(100);
  let runs = 0;
  let over = false;
  const run = async () => {
    while (!over) {
      const result = await engine.run('surface-vit', TILES, tiles);
      if (!result.ok) throw new Error(result.error.text);
      runs++;
    }
  };
  const running = run();
  return {
    async end() {
      over = true;
      await running;
      await engine.close();
      return runs;
    },
  };
}

function surfaceVit(): StoredModel {
  const read = (file: string) => readFileSync(join(projectRoot, 'fsw/missions/earth-watch/models', file));
  return {
    name: 'surface-vit',
    version: '0.1.0',
    graph: read('surface-vit.onnx'),
    weightsName: 'surface-vit.safetensors',
    weights: read('surface-vit.safetensors'),
    input: { name: 'tiles', shape: ['N', 3, 32, 32] },
    outputs: [{ name: 'probabilities', shape: ['N', 3] }],
    classes: [],
  };
}

function jitterOf(seen: readonly { dueUs: number; startUs: number }[]) {
  const deviationUs: number[] = [];
  const periodUs: number[] = [];
  let lastDueUs = seen[0].dueUs - PERIOD_US;
  for (const [i, { dueUs, startUs }] of seen.entries()) {
    for (let each = lastDueUs + PERIOD_US; each <= dueUs; each += PERIOD_US) deviationUs.push(startUs - each);
    lastDueUs = dueUs;
    if (i > 0) periodUs.push(startUs - seen[i - 1].startUs - PERIOD_US);
  }
  return { deviationUs, periodUs };
}

if (require.main === module)
  void fly(JSON.parse(process.argv[2]) as Ticking).then((ticked) =>
    process.send?.(ticked, () => process.exit(0)),
  );
