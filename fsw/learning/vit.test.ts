/** The whole training step of a real vision transformer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../framework/random';
import { projectRoot } from '../root';
import { adapted, mergeAdapter } from './adapters';
import { readGraph, writeGraph } from './graph/codec';
import type { Graph, Initializer } from './graph/graph';
import { adamw, momentsOf } from './optimizer';
import { draw, session, slope } from './testGraphs';
import { type TrainingGraphs, trainingGraphs } from './trainingGraph';

const folder = join(projectRoot, 'fsw/missions/earth-watch/models');
const [BATCH, CLASSES, PIXELS] = [4, 3, 3 * 32 * 32];

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { text: string } }): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

/** A shipped network, its weights inside the graph. */
function shipped(name: string): Graph {
  const graph = unwrap(readGraph(readFileSync(join(folder, `${name}.onnx`))));
  const file = readFileSync(join(folder, `${name}.safetensors`));
  const initializers = [...graph.initializers].map(([name, value]): [string, Initializer] => {
    const { external, type, dims } = value;
    if (!external) return [name, value];
    const bytes = new Uint8Array(file.subarray(external.offset, external.offset + external.length));
    return [name, { type, dims, data: new Float32Array(bytes.buffer) }];
  });
  return { ...graph, initializers: new Map(initializers) };
}

const vit = shipped('surface-vit');
const matrices = [...vit.initializers.keys()].filter((name) =>
  /blocks.*(q|k|v|out|up|down)[.]weight$/.test(name),
);
const lora = unwrap(safely(() => adapted(vit, { weights: matrices, rank: 4, alpha: 8 })));

function safely<T>(make: () => T): { ok: true; value: T } {
  return { ok: true, value: make() };
}

const modes: Readonly<Record<string, { readonly graph: Graph; readonly trainable: readonly string[] }>> = {
  head: { graph: vit, trainable: [...vit.initializers.keys()].filter((name) => name.startsWith('head.')) },
  LoRA: { graph: lora.graph, trainable: lora.adapters.flatMap(({ a, b }) => [a, b]) },
  all: {
    graph: vit,
    trainable: [...vit.initializers].flatMap(([name, { type, dims }]) =>
      type === 'float32' && dims.length > 0 && !name.startsWith('water') && !name.startsWith('input')
        ? [name]
        : [],
    ),
  },
};

/** Values of the flat vector as the graph has them; LoRA's second factor is not zero, so that the first has a gradient. */
function startOf({ parameters }: TrainingGraphs, { initializers }: Graph, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from(
    parameters.flatMap(({ name, dims }) => {
      const data = initializers.get(name)?.data;
      if (!(data instanceof Float32Array)) throw new Error(name);
      return [...(name.includes('lora') ? draw(random, dims).map((value) => value / 8) : data)];
    }),
  );
}

function batchOf(seed: number) {
  const random = seededRandom(seed);
  const tiles = draw(random, [BATCH, PIXELS]).map((value) => 128 + 100 * value);
  const targets = Float32Array.from({ length: BATCH * CLASSES }, (_, i) => ((i * 7) % CLASSES === 1 ? 1 : 0));
  return { tiles, targets, weights: new Float32Array(BATCH).fill(1 / BATCH) };
}

describe('a whole ViT', () => {
  it.each(Object.keys(modes))('has the gradient of central differences, training %s', async (mode) => {
    const { graph, trainable } = modes[mode];
    const built = unwrap(
      trainingGraphs(graph, { batch: BATCH, trainable, output: 'probabilities', optimizer: adamw }),
    );
    const start = startOf(built, graph, 5);
    const run = await session(built.gradient);
    const lossAt = async (parameters: Float32Array) => {
      const out = await run({ ...batchOf(9), parameters, gradient: new Float32Array(parameters.length) });
      const [gradient, loss] = built.gradient.outputs.map(({ name }) => out[name]);
      return { gradient, loss: loss[0] };
    };
    const { gradient } = await lossAt(start);
    const length = Math.hypot(...gradient);
    const random = seededRandom(3);
    for (let i = 0; i < 2; i++) {
      const noise = draw(random, [start.length]);
      const noiseLength = Math.hypot(...noise);
      const along = gradient.map((value, k) => value / length + noise[k] / noiseLength);
      const central = await slope(async (at) => (await lossAt(at)).loss, start, along, 0.05 / length);
      const said = gradient.reduce((sum, value, k) => sum + value * along[k], 0);
      expect(Math.abs(said - central) / Math.abs(central)).toBeLessThan(1e-3);
    }
  });

  it.each(Object.keys(modes))('learns a batch by heart in some steps, training %s', async (mode) => {
    const { graph, trainable } = modes[mode];
    const built = unwrap(
      trainingGraphs(graph, { batch: BATCH, trainable, output: 'probabilities', optimizer: adamw }),
    );
    const { step } = built;
    const run = await session(step);
    let state = [
      startOf(built, graph, 5),
      ...momentsOf(adamw).map(() => new Float32Array(built.step.inputs[3].shape[0] as number)),
    ];
    const losses: number[] = [];
    for (let t = 1; t <= 12; t++) {
      const [parameters, momentum, variance] = state;
      const feeds = {
        ...batchOf(9),
        parameters,
        momentum,
        variance,
        decay: new Float32Array(parameters.length),
        rate: Float32Array.of(mode === 'all' ? 1e-3 : 1e-2),
        clip: Float32Array.of(1),
        correction1: Float32Array.of(1 - 0.9 ** t),
        correction2: Float32Array.of(1 - 0.999 ** t),
      };
      const out = await run(feeds);
      const values = step.outputs.map(({ name }) => out[name]);
      state = values.slice(0, 3);
      losses.push(values[3][0]);
    }
    expect(losses[losses.length - 1]).toBeLessThan(losses[0] / 2);
  });

  it('computes nothing for frozen weights, and nothing below the lowest trainable one', () => {
    const nodesOf = (mode: string) => {
      const { graph, trainable } = modes[mode];
      return unwrap(
        trainingGraphs(graph, { batch: BATCH, trainable, output: 'probabilities', optimizer: adamw }),
      ).gradient.nodes;
    };
    const products = (mode: string) =>
      nodesOf(mode).filter(({ op }) => op === 'Gemm' || op === 'MatMul').length;
    const forward = vit.nodes.filter(({ op }) => op === 'Gemm' || op === 'MatMul').length;
    expect(products('head')).toBeLessThanOrEqual(forward + 1);
    // Each first factor meets its second one, and on the way back the tokens: no weight's whole gradient is computed.
    const read = nodesOf('LoRA').filter(
      ({ op, inputs }) =>
        /Gemm|MatMul/.test(op) && inputs.some((name) => name.includes('lora') && name.endsWith('_a')),
    );
    expect(read.length).toBe(2 * matrices.length);
    expect(nodesOf('head').some(({ op }) => op === 'Erf')).toBe(false);
  });

  it('with an adapter merged into its weights answers as with the adapter beside them', async () => {
    const random = seededRandom(11);
    const { graph, adapters } = adapted(vit, { weights: matrices.slice(0, 6), rank: 4, alpha: 8 });
    const [beside, merged] = [new Map(graph.initializers), new Map(vit.initializers)];
    for (const adapter of adapters) {
      const [a, b] = [adapter.a, adapter.b].map((name) => {
        const dims = graph.initializers.get(name)?.dims ?? [];
        const data = draw(random, dims).map((value) => value / 4);
        beside.set(name, { type: 'float32', dims, data });
        return data;
      });
      const own = vit.initializers.get(adapter.weight);
      const weight = Float32Array.from(own?.data as Float32Array);
      mergeAdapter(weight, adapter, a, b, 8 / 4);
      merged.set(adapter.weight, { type: 'float32', dims: own?.dims ?? [], data: weight });
    }
    const { tiles } = batchOf(9);
    const fixed = (of: Graph, initializers: Graph['initializers']): Graph => ({
      ...of,
      initializers,
      inputs: of.inputs.map((input) => ({ ...input, shape: [BATCH, 3, 32, 32] })),
    });
    const answers = await Promise.all(
      [fixed(graph, beside), fixed(vit, merged), fixed(vit, vit.initializers)].map(async (one) =>
        (await session(one))({ tiles }),
      ),
    );
    const [first, second, plain] = answers.map(({ probabilities }) => [...probabilities]);
    for (const [i, value] of first.entries()) expect(value).toBeCloseTo(second[i], 5);
    expect(Math.max(...first.map((value, i) => Math.abs(value - plain[i])))).toBeGreaterThan(1e-3);
  });

  it('may be the land-cover network, convolutions and all', () => {
    const cover = shipped('land-cover');
    const trainable = [...cover.initializers].flatMap(([name, { type, dims }]) =>
      type === 'float32' && dims.length > 1 ? [name] : [],
    );
    const dependent = trainable.filter((name) =>
      cover.nodes.some(({ op, inputs }) => inputs[1] === name && /Conv|MatMul|Gemm/.test(op)),
    );
    const options = { batch: 2, trainable: dependent, output: 'probabilities', optimizer: adamw };
    const built = unwrap(trainingGraphs(cover, options));
    expect(built.parameters.length).toBeGreaterThan(25);
    expect(built.step.nodes.some(({ op }) => op === 'ConvTranspose')).toBe(true);
  });

  it('comes back from its file as it went', () => {
    const again = unwrap(readGraph(writeGraph(vit)));
    expect(again.nodes).toEqual(vit.nodes);
    expect(again.initializers).toEqual(vit.initializers);
    expect([again.inputs, again.outputs, again.opset]).toEqual([vit.inputs, vit.outputs, vit.opset]);
  });
});

describe('what cannot be trained', () => {
  const options = { batch: 2, trainable: ['w'], output: 'y', optimizer: adamw };
  const graph = (op: string): Graph => ({
    opset: 20,
    inputs: [{ name: 'x', type: 'float32', shape: ['n', 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['n', 2] }],
    initializers: new Map([['w', { type: 'float32', dims: [1, 2], data: Float32Array.of(1, 2) }]]),
    nodes: [
      { op: 'Mul', inputs: ['x', 'w'], outputs: ['m'], attributes: {} },
      { op, inputs: ['m', 'w'], outputs: ['y'], attributes: {} },
    ],
  });

  it.each([
    ['an operator without a gradient', 'Max', 'GRADIENT_OPERATOR', 'Max'],
    ['an operator that is not known at all', 'NonMaxSuppression', 'GRAPH_OPERATOR', 'NonMaxSuppression'],
  ])('is refused by name: %s', (_, op, code, named) => {
    const built = trainingGraphs(graph(op), options);
    expect(built).toMatchObject({ ok: false, error: { code } });
    if (!built.ok) expect(built.error.text).toContain(named);
  });

  it('is refused: weights and outputs that are not there, and what the output does not depend on', () => {
    const fine = graph('Add');
    expect(trainingGraphs(fine, { ...options, trainable: ['v'] })).toMatchObject({
      error: { code: 'TRAINING_PARAMETER' },
    });
    expect(trainingGraphs(fine, { ...options, output: 'z' })).toMatchObject({
      error: { code: 'TRAINING_OUTPUT' },
    });
    const idle = {
      ...fine,
      initializers: new Map([...fine.initializers, ['idle', fine.initializers.get('w') as Initializer]]),
    };
    expect(trainingGraphs(idle, { ...options, trainable: ['idle'] })).toMatchObject({
      error: { code: 'TRAINING_PARAMETER' },
    });
  });

  it('is refused: a file that is none, or cut short', () => {
    const bytes = writeGraph(vit);
    expect(readGraph(new Uint8Array(0))).toMatchObject({ error: { code: 'GRAPH_FILE' } });
    expect(readGraph(bytes.subarray(0, bytes.length / 2))).toMatchObject({ error: { code: 'GRAPH_FILE' } });
    expect(readGraph(Uint8Array.from({ length: 99 }, (_, i) => i * 37))).toMatchObject({
      error: { code: 'GRAPH_FILE' },
    });
  });
});
