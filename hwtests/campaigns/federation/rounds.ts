/** Federated averaging in rounds, with our own mean: each round waits for every satellite's update. */
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import {
  type Accepted,
  aggregate,
  type Coding,
  checkNorms,
  checkUpdate,
  defaultLimits,
  idOf,
  pack,
  sealTask,
  type Task,
  vectorId,
} from '../../../fsw/federation';
import { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { energyOf } from './board';
import type { Network } from './network';
import { Orbiters } from './orbiters';
import type { Outcome, Point } from './outcome';
import { EPOCH_MS, type Skies } from './sky';
import { experimentKey, SpaceNode } from './spaceNode';
import type { Recipe, Study } from './study';

export const GROUND_KEY = experimentKey(200);
export const TASK_KEYS = new Map([[GROUND_KEY.id, GROUND_KEY.publicKey]]);
export const CODING: Coding = { kind: 'int8', block: 256 };
/** Longer than any experiment. */
const EXPIRES_MS = 30 * 86_400_000;

/** How the parameters of a round must agree, where two means are made of the same updates. */
const SAME_MEAN = 1e-6;

export interface Federated extends Outcome {
  /** Parameters after each round. */
  readonly means: readonly Float32Array[];
  /** The most that a parameter of `means` is from our own mean of the same updates. */
  readonly apart: number;
}

export interface RoundsOptions {
  readonly name: string;
  readonly study: Study;
  readonly sky: Skies;
  readonly network: Network;
  readonly relay: boolean;
  /**
   * Parameters after each round of a run with the same updates: they are gone on with, after a check that our own mean of
   * this run's updates is the same to a millionth. So what differs is the time alone.
   */
  readonly means?: readonly Float32Array[];
  readonly onRound?: (point: Point) => void;
}

/** Falls along half a cosine over the rounds, as the Flower app has it. `round` counts from 1. */
export function rateIn({ rate, rounds }: Pick<Recipe, 'rate' | 'rounds'>, round: number): number {
  return (rate * (1 + Math.cos((Math.PI * (round - 1)) / rounds))) / 2;
}

export function nodesOf({ trainer, satellites, model }: Study): SpaceNode[] {
  return satellites.map(
    (set, i) =>
      new SpaceNode({
        name: set.name,
        set,
        trainer,
        key: experimentKey(i + 1).key,
        taskKeys: TASK_KEYS,
        model: model.name,
        base: idOf(model.weights),
      }),
  );
}

/** Errors: FEDERATION_MEAN (not the means that were given), those of training and of updates. */
export async function federate(options: RoundsOptions): Promise<Result<Federated>> {
  const { name, study, sky, network, relay, means, onRound } = options;
  const { trainer, recipe } = study;
  const clock = new SimulatedClock();
  const nowMs = () => EPOCH_MS + clock.nowUs() / 1000;
  const orbiters = new Orbiters({ clock, network, nodes: nodesOf(study), relay, nowMs });
  const points: Point[] = [];
  const made: Float32Array[] = [];
  let start = trainer.plan.initial;
  let cut: string | undefined;
  let worst = 0;
  for (let round = 1; round <= recipe.rounds; round++) {
    const tasks = await handOut(orbiters, study, start, round);
    if (!(await orbiters.fly(sky.endUs))) {
      cut = orbiters.faults[0]?.text ?? `time was up in round ${round} of ${recipe.rounds}`;
      break;
    }
    const updates = await gather(orbiters, study, tasks, round, nowMs());
    if (!updates.ok) return updates;
    const mean = aggregate(
      start,
      updates.value.map(({ delta, update, age }) => ({ delta, examples: update.examples, age })),
    );
    if (!mean.ok) return mean;
    const given = means?.[round - 1];
    const apart = given ? largestDifference(given, mean.value) : 0;
    worst = Math.max(worst, apart);
    if (apart > SAME_MEAN) return fail('FEDERATION_MEAN', { round, apart });
    start = given ?? mean.value;
    made.push(start);
    if (round % recipe.lookEvery !== 0 && round !== recipe.rounds) continue;
    const accuracy = await trainer.accuracy(start, study.validation);
    if (!accuracy.ok) return accuracy;
    points.push({ hours: orbiters.lastUs / 3.6e9, round, accuracy: accuracy.value });
    onRound?.(points[points.length - 1]);
  }
  const test = await trainer.accuracy(start, study.test);
  if (!test.ok) return test;
  return succeed({
    name,
    points,
    means: made,
    apart: worst,
    test: test.value,
    traffic: sky.traffic(network),
    energy: energyOf(orbiters.trained, network.hops),
    trained: orbiters.trained,
    ...(cut !== undefined && { cut }),
  });
}

/** What each node is asked in a round, by its id. */
async function handOut(
  orbiters: Orbiters,
  study: Study,
  start: Float32Array,
  round: number,
): Promise<Map<string, Task>> {
  const tasks = new Map<string, Task>();
  const packed = pack(start, { kind: 'float32' });
  for (const { name } of study.satellites) {
    const { model, recipe, trainer } = study;
    const task: Task = {
      run: 'experiment',
      round,
      node: name,
      model: model.name,
      base: idOf(model.weights),
      choice: recipe.choice,
      layout: trainer.plan.parameters.map(({ name: tensor, dims }) => ({ name: tensor, dims: [...dims] })),
      start: { id: vectorId(start), ...(packed.ok && { packed: packed.value.bytes }) },
      steps: recipe.steps,
      rate: rateIn(recipe, round),
      seed: recipe.seed + round - 1,
      coding: CODING,
      expiresMs: EPOCH_MS + EXPIRES_MS,
    };
    const sealed = sealTask(task, GROUND_KEY.key);
    tasks.set(idOf(sealed), task);
    await orbiters.deliver(name, idOf(sealed), sealed);
  }
  return tasks;
}

/** The updates of a round, in the order of the satellites. */
async function gather(
  orbiters: Orbiters,
  study: Study,
  tasks: ReadonlyMap<string, Task>,
  round: number,
  nowMs: number,
): Promise<Result<readonly Accepted[]>> {
  const keys = study.satellites.map((_, i) => experimentKey(i + 1));
  const nodes = new Map(study.satellites.map(({ name }, i) => [name, keys[i].id]));
  const accepted: Accepted[] = [];
  const faults: Fault[] = [];
  for (const { name } of study.satellites) {
    const came = await orbiters.updates(name);
    for (const bytes of came.ok ? came.value : []) {
      const checked = checkUpdate(bytes, {
        tasks,
        keys: new Map(keys.map(({ id, publicKey }) => [id, publicKey])),
        nodes,
        taken: new Set(),
        round,
        nowMs,
        limits: defaultLimits,
      });
      if (checked.ok) accepted.push(checked.value);
      else faults.push(checked.error);
      await orbiters.settle(name, idOf(bytes), 'taken');
    }
  }
  const { counted, refused } = checkNorms(accepted, defaultLimits);
  const [error] = [...faults, ...refused.map((each) => each.error)];
  return error ? { ok: false, error } : succeed(counted);
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}
