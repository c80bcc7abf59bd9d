/** `npm run bench -- train`: training steps of a ViT-tiny beside torch eager, one thread each, a process each, in turn. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../fsw/framework/random';
import { adamw, type Example, oneClass, planTuning, type TuningChoice } from '../../../fsw/learning';
import {
  batchFiles,
  findTorch,
  LineProcess,
  setupTask,
  type Timed,
  torchPeer,
} from '../../interop/torch/torchPeer';
import { median, type Row } from '../measure';
import type { OurSetup } from './ours';
import { VIT_TINY, vitModel } from './vitTiny';

const [BATCH, ROUNDS, SEED] = [8, 7, 11];
const settings = { rate: 1e-4, decay: 0.01, clip: 1, seed: 1 };
/** Two engines' losses after the same steps; more apart, and the two did not do the same. */
const SAME_LOSS = 1e-3;

interface Trial {
  readonly what: string;
  readonly choice: TuningChoice;
  /** Steps of a round. */
  readonly steps: number;
  /** Of torch's speed. */
  readonly speed?: number;
  readonly memory?: number;
  readonly wallMs?: number;
}

const trials: readonly Trial[] = [
  {
    what: 'head, features cached',
    choice: { what: 'head', features: 'cached', batch: BATCH, optimizer: adamw },
    steps: 200,
    wallMs: 1,
  },
  {
    what: 'LoRA r=8 on q, k, v, out, up, down of all blocks, and head',
    choice: { what: 'lora', rank: 8, batch: BATCH, optimizer: adamw },
    steps: 2,
    speed: 1,
    memory: 0.5,
  },
  { what: 'all weights', choice: { what: 'all', batch: BATCH, optimizer: adamw }, steps: 2, speed: 0.8 },
];

async function beside(): Promise<Row[]> {
  const found = findTorch();
  if ('absent' in found) console.log(`training beside torch: skipped: ${found.absent}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'perigee-train-'));
  try {
    const rows: Row[] = [];
    for (const trial of trials)
      rows.push(...(await run(trial, 'absent' in found ? undefined : found.python, folder)));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Side {
  readonly peer: LineProcess;
  readonly importedMiB: number;
  readonly rounds: Timed[];
}

async function run(trial: Trial, python: string | undefined, folder: string): Promise<Row[]> {
  const { choice, steps } = trial;
  const model = vitModel(VIT_TINY, BATCH, SEED);
  const plan = planTuning(model, choice);
  if (!plan.ok) throw new Error(plan.error.text);
  const { initial, input } = plan.value;
  const batch = examples(input.dims);
  const files = batchFiles(batch, input.dims, join(folder, 'batch'));
  const [graph, weights] = [join(folder, 'graph'), join(folder, 'vit')];
  writeFileSync(graph, model.graph);
  writeFileSync(weights, model.weights);
  const setup: OurSetup = {
    graph,
    weights,
    weightsName: model.weightsName,
    output: model.output,
    choice,
    settings,
  };
  const ours = await opened(new LineProcess(process.execPath, [join(__dirname, 'ours.js')], 'ours'), {
    setup,
  });
  const targets = batch.map(({ target }) => Array.from(target));
  await ours.peer.ask({ load: { file: files.inputs.file, count: BATCH, targets } });
  const sides = [ours];
  if (python !== undefined) {
    const theirs = await opened(
      torchPeer(python),
      setupTask(model, plan.value, initial, folder, {
        network: 'vit-tiny',
        heads: VIT_TINY.heads,
        optimizer: choice.optimizer,
        cached: choice.features === 'cached',
        ...settings,
      }),
    );
    await theirs.peer.ask({ load: files });
    sides.push(theirs);
  }
  try {
    // The first round of each warms up.
    for (let round = -1; round < ROUNDS; round++)
      for (const { peer, rounds } of sides) {
        const timed = (await peer.ask({ time: steps })) as Timed;
        if (round >= 0) rounds.push(timed);
      }
  } finally {
    for (const { peer } of sides) peer.close();
  }
  return rowsOf(trial, sides[0], sides[1]);
}

async function opened(peer: LineProcess, setup: object): Promise<Side> {
  const { importedMiB } = (await peer.ask(setup)) as { importedMiB: number };
  return { peer, importedMiB, rounds: [] };
}

function rowsOf({ what, steps, speed, memory, wallMs }: Trial, ours: Side, theirs: Side | undefined): Row[] {
  const perStep = (side: Side, of: 'wallMs' | 'processorMs') =>
    median(side.rounds.map((round) => round[of])) / steps;
  const peak = ({ rounds }: Side) => rounds[rounds.length - 1].peakMiB;
  const time = (side: Side) =>
    `${perStep(side, 'processorMs').toFixed(2)} ms of processor time a step (wall ${perStep(side, 'wallMs').toFixed(2)})`;
  const held = (side: Side) =>
    `${peak(side).toFixed(0)} MiB (${side.importedMiB.toFixed(0)} before a model was there)`;
  const title = `a training step of ViT-tiny, batch ${BATCH}, one thread: ${what}`;
  const yardstick = 'torch eager, scaled_dot_product_attention';
  if (theirs === undefined) {
    const alone = {
      what: title,
      value: time(ours),
      yardstick: 'no torch',
      yardstickValue: 'nothing',
      ratio: '',
    };
    const promise = wallMs === undefined ? '' : `≤ ${wallMs} ms`;
    return [
      { ...alone, promise, kept: wallMs === undefined ? undefined : perStep(ours, 'wallMs') <= wallMs },
    ];
  }
  const apart = Math.max(...ours.rounds.map(({ loss }, i) => Math.abs(loss / theirs.rounds[i].loss - 1)));
  if (!(apart < SAME_LOSS)) throw new Error(`${what}: losses differ by ${apart}: not the same steps`);
  const faster = median(ours.rounds.map((round, i) => theirs.rounds[i].processorMs / round.processorMs));
  const share = peak(ours) / peak(theirs);
  const beyond = (peak(ours) - ours.importedMiB) / (peak(theirs) - theirs.importedMiB);
  return [
    {
      what: title,
      value: time(ours),
      yardstick,
      yardstickValue: time(theirs),
      ratio: `${faster.toFixed(2)} × its speed, losses within ${apart.toExponential(0)}`,
      promise: speed !== undefined ? `≥ ${speed} ×` : wallMs !== undefined ? `≤ ${wallMs} ms a step` : '',
      kept:
        speed !== undefined
          ? faster >= speed
          : wallMs !== undefined
            ? perStep(ours, 'wallMs') <= wallMs
            : undefined,
    },
    {
      what: `the same: peak resident memory`,
      value: held(ours),
      yardstick,
      yardstickValue: held(theirs),
      ratio: `${share.toFixed(2)} × its memory, ${beyond.toFixed(2)} × beyond the import`,
      promise: memory === undefined ? '' : `≤ ${memory} ×`,
      kept: memory === undefined ? undefined : share <= memory,
    },
  ];
}

function examples(dims: readonly number[]): Example[] {
  const random = seededRandom(SEED);
  const length = dims.reduce((product, dim) => product * dim, 1);
  return Array.from({ length: BATCH }, (_, i) => ({
    input: Float32Array.from({ length }, () => random.normal()),
    target: oneClass(i % VIT_TINY.classes, VIT_TINY.classes),
    weight: 1,
  }));
}

export const train = [beside];
