/** Training in torch, as a process that answers tasks: for the interop suite and the bench. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type Example,
  type Optimizer,
  readGraph,
  type TunedModel,
  type TuningPlan,
} from '../../../fsw/learning';
import { projectRoot } from '../../../fsw/root';

/** A Python that has torch (`PERIGEE_TORCH` names one), or why there is none. */
export function findTorch(): { readonly python: string } | { readonly absent: string } {
  const named = process.env.PERIGEE_TORCH;
  const cache = process.env.PERIGEE_CACHE ?? join(homedir(), '.cache', 'perigee');
  const python = named ?? join(cache, 'torch', 'bin', 'python');
  if (!existsSync(python))
    return { absent: `there is no ${python} (PERIGEE_TORCH names a Python with torch)` };
  const { status, stderr } = spawnSync(python, ['-c', 'import numpy, torch'], { encoding: 'utf8' });
  return status === 0 ? { python } : { absent: `${python}: ${stderr.trim().split('\n').at(-1)}` };
}

export interface TorchSetup {
  readonly network: 'vit-tiny' | 'land-cover';
  readonly heads: number;
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly decay: number;
  readonly clip: number;
  /** Computes in float64: a truth rather than a peer. */
  readonly double?: boolean;
  /** The head learns from features that are computed once. */
  readonly cached?: boolean;
}

/** What a batch is on the far side: three files. */
export type BatchFiles = Readonly<
  Record<'inputs' | 'targets' | 'weights', { file: string; dims: readonly number[] }>
>;

export interface Timed {
  readonly wallMs: number;
  readonly processorMs: number;
  readonly loss: number;
  readonly peakMiB: number;
}

/** A child that answers a line of JSON with one. */
export class LineProcess {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(program: string, args: readonly string[], name: string) {
    this.name = name;
    this.child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    if (this.child.stdout === null) throw new Error(`${name} has no output`);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  private readonly name: string;

  async ask(task: object): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${this.name} ended before it answered`);
    return JSON.parse(value);
  }

  close(): void {
    this.child.stdin?.end();
  }
}

export function torchPeer(python: string): LineProcess {
  return new LineProcess(python, [join(projectRoot, 'hwtests/interop/torch/peer.py')], 'torch');
}

/** The task that takes a plan's model over there; `start` is the flat vector that it begins with. Writes files into `folder`. */
export function setupTask(
  model: TunedModel,
  plan: TuningPlan,
  start: Float32Array,
  folder: string,
  setup: TorchSetup,
): object {
  const [weightsFile, startFile] = [join(folder, 'weights'), join(folder, 'start')];
  writeFileSync(weightsFile, model.weights);
  writeFileSync(startFile, bytesOf(start));
  const graph = readGraph(model.graph);
  if (!graph.ok) throw new Error(graph.error.text);
  const weights: Record<string, object> = {};
  for (const [name, { dims, external }] of graph.value.initializers)
    if (external) weights[name] = { file: weightsFile, dims, offset: external.offset };
  for (const { name, dims, offset } of plan.parameters)
    weights[name] = { file: startFile, dims, offset: 4 * offset };
  const decay = plan.parameters.map(({ name, dims }) => [name, dims.length > 1 ? setup.decay : 0]);
  const { rank = 8, alpha = 2 * rank } = plan.choice;
  return {
    setup: {
      ...setup,
      weights,
      trainable: plan.parameters.map(({ name }) => name),
      decay: Object.fromEntries(decay),
      loraScale: alpha / rank,
    },
  };
}

/** Writes a batch where the peer can read it. */
export function batchFiles(batch: readonly Example[], dims: readonly number[], stem: string): BatchFiles {
  const write = (name: string, rows: readonly ArrayLike<number>[], own: readonly number[]) => {
    const file = `${stem}.${name}`;
    writeFileSync(file, bytesOf(Float32Array.from(rows.flatMap((row) => Array.from(row)))));
    return { file, dims: [rows.length, ...own] };
  };
  const total = batch.reduce((sum, { weight }) => sum + weight, 0);
  const targets = batch.map(({ target }) => target);
  return {
    inputs: write(
      'inputs',
      batch.map(({ input }) => input),
      dims,
    ),
    targets: write('targets', targets, [targets[0].length]),
    weights: write(
      'weights',
      batch.map(({ weight }) => [weight / total]),
      [1],
    ),
  };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
