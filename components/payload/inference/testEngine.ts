/** For tests: an engine whose sessions hold one number each, their copy of the weights, which a test may hit. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { bench } from '../../../fsw/framework/testing';
import type { ReferenceSet, StoredModel } from '../ports';
import type { Engine, Outputs } from './engine';
import { inference } from './inference';

/** A model of one weight: each output is the item's first value times it. Its canary asks for 2 items. */
export function oneWeight(weight = 3, change: Partial<StoredModel> = {}): StoredModel {
  return {
    name: 'scale',
    version: '1.0.0',
    graph: new Uint8Array(8),
    weightsName: 'scale.safetensors',
    weights: new Uint8Array([weight]),
    input: { name: 'x', shape: ['N', 1] },
    outputs: [{ name: 'y', shape: ['N'] }],
    classes: [],
    canary: {
      count: 2,
      input: new Float32Array([1, 2]),
      outputs: { y: new Float32Array([weight, 2 * weight]) },
      tolerance: 0.01,
    },
    ...change,
  };
}

/** As a network of two classes: an item is `high` from the weight on. */
export function threshold(weight: number, items: Float32Array): Outputs {
  return { p: Float32Array.from([...items].flatMap((item) => (item >= weight ? [0.25, 0.75] : [1, 0]))) };
}

/** A model of such a network. */
export function thresholdModel(weight: number, change: Partial<StoredModel> = {}): StoredModel {
  const input = new Float32Array([1, 9]);
  return oneWeight(weight, {
    outputs: [{ name: 'p', shape: ['N', 2] }],
    classes: ['low', 'high'],
    canary: { count: 2, input, outputs: threshold(weight, input), tolerance: 0.01 },
    ...change,
  });
}

export function copyEngine() {
  /** The weight that each live session holds now. */
  const copies = new Map<string, number>();
  const log: string[] = [];
  const engine: Engine & {
    alive: boolean;
    /** Before each run: to hit a copy, or to end the run otherwise. */
    beforeRun?: (session: string) => Promise<Result<Outputs>> | undefined;
    afterLoad?: (session: string) => void;
    /** What a weight makes of the items, where it is not their product. */
    outputs?: (weight: number, items: Float32Array) => Outputs;
  } = {
    alive: true,
    async load(session, { weights }) {
      const [weight] = weights;
      log.push(`load ${session}`);
      if (weight === 0) return fail('ENGINE_LOAD', { model: session, reason: 'weightless' });
      copies.set(session, weight);
      engine.afterLoad?.(session);
      return succeed({ provider: 'cpu', refused: [] });
    },
    async run(session, count, input) {
      log.push(`run ${session}`);
      const otherwise = engine.beforeRun?.(session);
      if (otherwise !== undefined) return otherwise;
      const weight = copies.get(session);
      if (weight === undefined) return fail('ENGINE_RUN', { model: session, reason: 'not loaded' });
      if (engine.outputs) return succeed(engine.outputs(weight, input.subarray(0, count)));
      return succeed({ y: Float32Array.from({ length: count }, (_, i) => weight * input[i]) });
    },
    async release(session) {
      log.push(`release ${session}`);
      copies.delete(session);
      return succeed(undefined);
    },
    async restart() {
      log.push('restart');
      copies.clear();
      engine.alive = true;
    },
    async close() {
      log.push('close');
    },
  };
  return { engine, copies, log };
}

/** Inference on the bench over such an engine; the store gives what `fetch` returns. */
export async function guardBench(
  guard: 'NONE' | 'CANARY' | 'TWIN',
  config: Record<string, unknown> = {},
  fetch: () => StoredModel | undefined = () => oneWeight(),
  reference: () => ReferenceSet | undefined = () => undefined,
) {
  const made = copyEngine();
  const b = await bench(inference, {
    config: { costUsPerRun: 100, costUsPerItem: 10, loadCostUs: 1000, ...config, engine: () => made.engine },
    answers: { fetch, reference },
  });
  b.command('Guard_PRM_SET', { val: guard });
  await b.settle();
  const ask = (ticket: number, ...values: number[]) =>
    b.in.request[0]({ ticket, model: 'scale', count: values.length, input: new Float32Array(values) });
  /** Each answer: ticket, status (REDONE for one that is), values. */
  const answers = () =>
    b.calls('result').map(({ ticket, status, redone, outputs }) => {
      const { y } = outputs as { y?: Float32Array };
      return [ticket, redone ? 'REDONE' : status, ...(y ?? [])].join(' ');
    });
  const names = () => b.events.map(({ name }) => name);
  return { b, ...made, ask, answers, names };
}
