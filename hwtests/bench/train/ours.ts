/**
 * Our side of the training bench, a process of its own as the torch side is: answers tasks, a line of JSON each. `setup` takes a
 * model's files and what learns, `load` a batch, `time` makes some steps and says what they took.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type Example,
  planTuning,
  type StepReport,
  type TuningChoice,
  TuningSession,
  type TuningSettings,
} from '../../../fsw/learning';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import type { Timed } from '../../interop/torch/torchPeer';

export interface OurSetup {
  readonly graph: string;
  readonly weights: string;
  readonly weightsName: string;
  readonly output: string;
  readonly choice: TuningChoice;
  readonly settings: TuningSettings;
}

type Task =
  | { setup: OurSetup }
  | { load: { file: string; count: number; targets: number[][] } }
  | { time: number };

const importedMiB = peakMiB();
let session: TuningSession | undefined;

async function answer(task: Task): Promise<object> {
  if ('setup' in task) {
    session = open(task.setup);
    return { importedMiB };
  }
  if (session === undefined) throw new Error('the first task is a setup');
  if ('load' in task) {
    const learnt = session.learn(examplesOf(task.load));
    if (!learnt.ok) throw new Error(learnt.error.text);
    return {};
  }
  return timed(session, task.time);
}

function open({ graph, weights, weightsName, output, choice, settings }: OurSetup): TuningSession {
  const bytes = new Uint8Array(readFileSync(weights));
  const plan = planTuning({ graph: readFileSync(graph), weights: bytes, weightsName, output }, choice);
  if (!plan.ok) throw new Error(plan.error.text);
  const engine = sameProcessEngine();
  const own = { name: weightsName, bytes };
  return new TuningSession({
    plan: plan.value,
    engine,
    weights: own,
    providers: ['cpu'],
    settings,
    name: 'bench',
  });
}

function examplesOf({
  file,
  count,
  targets,
}: {
  file: string;
  count: number;
  targets: number[][];
}): Example[] {
  const all = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  const length = all.length / count;
  return targets.map((target, i) => ({
    input: all.slice(i * length, (i + 1) * length),
    target: Float32Array.from(target),
    weight: 1,
  }));
}

async function timed(own: TuningSession, steps: number): Promise<Timed> {
  const [start, used] = [process.hrtime.bigint(), process.cpuUsage()];
  let last: StepReport | undefined;
  for (let i = 0; i < steps; i++) {
    const step = await own.step();
    if (!step.ok) throw new Error(step.error.text);
    last = step.value;
  }
  const { user, system } = process.cpuUsage(used);
  return {
    wallMs: Number(process.hrtime.bigint() - start) / 1e6,
    processorMs: (user + system) / 1e3,
    loss: last?.loss ?? Number.NaN,
    peakMiB: peakMiB(),
  };
}

function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await answer(JSON.parse(line) as Task)));
}

void main();
