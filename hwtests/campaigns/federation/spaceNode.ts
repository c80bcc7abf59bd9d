/** A satellite's part in a federation: reads its task, trains, and signs what it learned. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  layoutId,
  openTask,
  packWithFeedback,
  sealUpdate,
  type Task,
  unpack,
  valuesIn,
  vectorId,
} from '../../../fsw/federation';
import { hexOf, keyIdOf, type TrustedKeys } from '../../../fsw/models';
import type { ExampleSet, Trainer } from './trainer';

export interface NodeKey {
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly id: string;
}

/** Keys of the experiment: their secret is their number, for what they sign is worth nothing elsewhere. */
export function experimentKey(number: number): NodeKey {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([head, Buffer.alloc(32, number)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { key, publicKey: createPublicKey(key), id: hexOf(keyIdOf(key)) };
}

export interface SpaceNodeOptions {
  readonly name: string;
  readonly set: ExampleSet;
  readonly trainer: Trainer;
  /** Its own key, and those that may sign tasks. */
  readonly key: KeyObject;
  readonly taskKeys: TrustedKeys;
  /** The network on board and the SHA-256 of its weights. */
  readonly model: string;
  readonly base: string;
}

export interface Answer {
  readonly update: Uint8Array;
  /** Tiles that went through training, some of them more than once. */
  readonly trained: number;
}

export class SpaceNode {
  /** What packing has left out so far. */
  private owed: Float32Array;

  constructor(readonly options: SpaceNodeOptions) {
    this.owed = new Float32Array(options.trainer.plan.initial.length);
  }

  /** Does a task. `nowMs`: Unix time. Errors: those of `openTask`, FED_EXPIRED, FED_BASE, FED_LAYOUT, FED_START, FED_PACKED, training's. */
  async answer(bytes: Uint8Array, nowMs: number): Promise<Result<Answer>> {
    const { name, set, trainer, key, taskKeys, model } = this.options;
    const opened = openTask(bytes, taskKeys);
    if (!opened.ok) return opened;
    const { content: task, id } = opened.value;
    const fits = this.checked(task, id, nowMs);
    if (!fits.ok) return fits;
    const start = startOf(task, trainer.plan.initial);
    if (!start.ok) return start;
    const learned = await trainer.train(set, {
      start: start.value,
      steps: task.steps,
      // float32 is what a step takes: two libraries' cosines may differ in the last digit of a float64.
      rate: Math.fround(task.rate),
      falling: true,
      seed: task.seed,
    });
    if (!learned.ok) return learned;
    const delta = learned.value.parameters.map((value, i) => value - start.value[i]);
    const packed = packWithFeedback(delta, this.owed, task.coding);
    if (!packed.ok) return packed;
    this.owed = packed.value.residual;
    const update = sealUpdate(
      {
        task: id,
        run: task.run,
        round: task.round,
        node: name,
        model,
        base: task.base,
        start: vectorId(start.value),
        layout: layoutId(task.layout),
        examples: set.examples.length,
        metrics: { loss: learned.value.loss },
        madeMs: Math.floor(nowMs),
        delta: packed.value.bytes,
      },
      key,
    );
    return succeed({
      update,
      trained: task.steps * Math.min(trainer.plan.choice.batch, set.examples.length),
    });
  }

  private checked(task: Task, id: string, nowMs: number): Result<void> {
    const { name, model, base, trainer } = this.options;
    if (task.node !== name && task.node !== '*')
      return fail('FED_NODE', { what: 'task', node: name, why: `it is for ${task.node}` });
    if (nowMs > task.expiresMs)
      return fail('FED_EXPIRED', { task: id, seconds: Math.round((nowMs - task.expiresMs) / 1000) });
    if (task.model !== model || task.base !== base)
      return fail('FED_BASE', { what: 'task', model: task.model, found: task.base, expected: base });
    const [found, expected] = [layoutId(task.layout), layoutId(trainer.plan.parameters)];
    return found === expected ? succeed(undefined) : fail('FED_LAYOUT', { what: 'task', found, expected });
  }
}

/** The parameters that a task begins with; their id is what counts. */
export function startOf({ start, layout }: Task, initial: Float32Array): Result<Float32Array> {
  if (start?.packed === undefined || start.against !== undefined) {
    const id = vectorId(initial);
    if (start === undefined || (start.id === id && start.packed === undefined)) return succeed(initial);
    if (start.against !== id || start.packed === undefined)
      return fail('FED_START', { what: 'task', found: start.against ?? start.id, expected: id });
  }
  const sent = unpack(start.packed, valuesIn(layout));
  if (!sent.ok) return sent;
  const values = start.against === undefined ? sent.value : sent.value.map((value, i) => value + initial[i]);
  const found = vectorId(values);
  return found === start.id
    ? succeed(values)
    : fail('FED_START', { what: 'task', found, expected: start.id });
}
