import { describe, expect, it } from 'vitest';
import { seededRandom } from '../framework/random';
import { applyDelta, readSafetensors } from '../models';
import { sha256Hex } from '../models/testModel';
import { ownProcessEngine } from './engines/ownProcess';
import { sameProcessEngine } from './engines/sameProcess';
import { readGraph, writeGraph } from './graph/codec';
import { adamw } from './optimizer';
import { colourTiles, shippedModel, unwrap } from './testModels';
import { type PlanData, planTuning, type TuningChoice } from './tuning';

const surface = shippedModel('surface-vit');
const cover = shippedModel('land-cover');
const choice = (change: Partial<TuningChoice> = {}): TuningChoice => ({
  what: 'head',
  batch: 2,
  optimizer: adamw,
  ...change,
});

describe('a plan for tuning', () => {
  it('finds head, adapters and weights by the structure of the graph, and leaves the scaling of the input alone', () => {
    const named = (change: Partial<TuningChoice>) =>
      unwrap(planTuning(cover, choice(change))).parameters.map(({ name }) => name);
    expect(named({ what: 'head' })).toEqual(['head.weight', 'head.bias']);
    expect(named({ what: 'first' })).toEqual(['stem.0.weight', 'stem.0.bias']);
    expect(named({ what: 'ends' })).toEqual(['stem.0.weight', 'stem.0.bias', 'head.weight', 'head.bias']);
    const lora = named({ what: 'lora' });
    expect(lora).toHaveLength(2 * 6 * 6 + 2);
    expect(lora.slice(0, 2)).toEqual(['blocks.0.q.weight.lora_a', 'blocks.0.q.weight.lora_b']);
    expect(lora.slice(-2)).toEqual(['head.weight', 'head.bias']);
    const tensors = unwrap(readSafetensors(cover.weights, 'land-cover')).map(({ name }) => name);
    const all = named({ what: 'all' });
    expect(all.toSorted()).toEqual(tensors.filter((name) => !name.startsWith('input.')).toSorted());
  });

  it.each(['head', 'first', 'ends', 'lora', 'all'] as const)(
    'starts from the weights as they are: %s',
    (what) => {
      const plan = unwrap(planTuning(surface, choice({ what })));
      expect(Buffer.from(surface.weights).equals(unwrap(plan.merged(plan.initial)))).toBe(true);
    },
  );

  it('is the same for everyone: adapters start from the names of their matrices alone', () => {
    const [one, other] = [1, 2].map(() => unwrap(planTuning(surface, choice({ what: 'lora', rank: 4 }))));
    expect(one.initial).toEqual(other.initial);
    const [a] = one.parameters;
    const values = one.initial.subarray(a.offset, a.length);
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(1 / Math.sqrt(a.dims[0]));
    expect(new Set(values).size).toBeGreaterThan(a.length / 2);
  });

  it.each(['head', 'first', 'ends', 'lora', 'all'] as const)(
    'merged, answers as the graph that was trained: %s',
    async (what) => {
      const plan = unwrap(planTuning(surface, choice({ what, rank: 4 })));
      const random = seededRandom(3, what);
      const learned = plan.initial.map((value) => value + (random.next() - 0.5) / 20);
      const weights = unwrap(plan.merged(learned));
      const engine = sameProcessEngine();
      const tiles = colourTiles(2, 3, 32);
      const data = Float32Array.from(tiles.flatMap(({ input }) => [...input]));
      const file = (bytes: Uint8Array) => ({ name: surface.weightsName, bytes });
      unwrap(await engine.load('trained', plan.answer, file(surface.weights), ['cpu']));
      unwrap(await engine.load('flying', surface.graph, file(weights), ['cpu']));
      unwrap(await engine.load('before', surface.graph, file(surface.weights), ['cpu']));
      const input = { [plan.input.name]: { dims: [2, ...plan.input.dims], data } };
      const parameters = { parameters: { dims: [learned.length], data: learned } };
      const [logits] = Object.values(unwrap(await engine.run('trained', { ...input, ...parameters })));
      const flying = unwrap(await engine.run('flying', input)).probabilities;
      const before = unwrap(await engine.run('before', input)).probabilities;
      await engine.close();
      const answers = softmax(logits, plan.classes);
      for (const [i, value] of flying.entries()) expect(answers[i]).toBeCloseTo(value, 4);
      expect(Math.max(...flying.map((value, i) => Math.abs(value - before[i])))).toBeGreaterThan(1e-3);
    },
  );

  it('is the same from a process of its own, and so is what that merges', async () => {
    const [here, there] = [sameProcessEngine(), ownProcessEngine()];
    const asked = choice({ what: 'lora', rank: 2 });
    const [one, other] = [unwrap(await here.plan(surface, asked)), unwrap(await there.plan(surface, asked))];
    const plain = ({ step, initial, ...rest }: PlanData) => ({
      ...rest,
      bytes: [step, new Uint8Array(initial.buffer)].map((bytes) => sha256Hex(bytes)),
      answer: sha256Hex(rest.answer),
      gradient: sha256Hex(rest.gradient),
      update: sha256Hex(rest.update),
    });
    expect(plain(other)).toEqual(plain(one));
    const learned = one.initial.map((value) => value + 1e-3);
    const what = { parameters: learned, rounded: false };
    const [mine, theirs] = [await here.merge(surface, asked, what), await there.merge(surface, asked, what)];
    const { weights, delta } = unwrap(theirs);
    expect(sha256Hex(weights)).toBe(sha256Hex(unwrap(mine).weights));
    expect(delta.changes).toEqual(unwrap(mine).delta.changes);
    const applied = unwrap(applyDelta(surface.weights, delta, 'delta'));
    expect(sha256Hex(applied)).toBe(sha256Hex(weights));
    expect(delta.payload.length).toBeLessThan(surface.weights.length / 8);
    await there.close();
  });

  it('may merge adapters in steps: a quarter of the bytes, nearly the same weights', async () => {
    const engine = sameProcessEngine();
    const asked = choice({ what: 'lora', rank: 4 });
    const { initial } = unwrap(await engine.plan(surface, asked));
    const random = seededRandom(4);
    const parameters = initial.map((value) => value + (random.next() - 0.5) / 20);
    const [exact, coarse] = [false, true].map(async (rounded) =>
      unwrap(await engine.merge(surface, asked, { parameters, rounded })),
    );
    const [fine, rough] = [await exact, await coarse];
    expect(rough.delta.payload.length).toBeLessThan(0.35 * fine.delta.payload.length);
    const applied = unwrap(applyDelta(surface.weights, rough.delta, 'delta'));
    expect(sha256Hex(applied)).toBe(sha256Hex(rough.weights));
    const head = unwrap(readSafetensors(surface.weights, 'surface'))[0].offset;
    const floats = ({ weights }: { weights: Uint8Array }) => new Float32Array(weights.slice(head).buffer);
    const [one, other, base] = [floats(fine), floats(rough), floats({ weights: surface.weights })];
    const off = (from: Float32Array) => Math.hypot(...one.map((value, i) => value - from[i]));
    expect(off(other)).toBeLessThan(0.02 * off(base));
  });

  it('is refused: choices without a sense, files that don’t belong together, vectors of another plan', () => {
    const code = (model: typeof surface, change: Partial<TuningChoice>) => {
      const plan = planTuning(model, choice(change));
      return plan.ok ? 'OK' : plan.error.code;
    };
    expect(code(surface, { what: 'lora', rank: 0 })).toBe('TRAINING_CHOICE');
    expect(code(surface, { batch: 1.5 })).toBe('TRAINING_CHOICE');
    expect(code(surface, { what: 'all', features: 'cached' })).toBe('TRAINING_CHOICE');
    expect(code({ ...surface, weightsName: 'other.safetensors' }, {})).toBe('TRAINING_PARAMETER');
    expect(code({ ...surface, weights: surface.weights.subarray(0, 999) }, {})).toBe('TRAINING_PARAMETER');
    expect(code({ ...surface, output: 'nothing' }, {})).toBe('TRAINING_OUTPUT');
    expect(code({ ...surface, graph: new Uint8Array(9) }, {})).toBe('GRAPH_FILE');
    const inside = unwrap(readGraph(surface.graph));
    const own = new Map(inside.initializers);
    own.set('head.bias', { type: 'float32', dims: [3], data: new Float32Array(3) });
    // A bias inside of the graph is a constant: it stays as it is.
    const plan = unwrap(
      planTuning({ ...surface, graph: writeGraph({ ...inside, initializers: own }) }, choice()),
    );
    expect(plan.parameters.map(({ name }) => name)).toEqual(['head.weight']);
    const bad = plan.initial.with(5, Number.NaN);
    for (const vector of [bad, plan.initial.subarray(1)])
      expect(plan.merged(vector)).toMatchObject({ error: { code: 'TRAINING_VECTOR' } });
  });
});

function softmax(logits: Float32Array, classes: number): number[] {
  return Array.from(logits, (value, i) => {
    const row = logits.subarray(i - (i % classes), i - (i % classes) + classes);
    return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
}
