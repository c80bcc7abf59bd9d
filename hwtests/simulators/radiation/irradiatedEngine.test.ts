import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inference } from '../../../components/payload/inference/inference';
import { onnxEngine } from '../../../components/payload/inference/onnxEngine';
import { sameBits } from '../../../components/payload/inference/outputs';
import type { StoredModel } from '../../../components/payload/ports';
import { type Random, seededRandom } from '../../../fsw/framework/random';
import { bench } from '../../../fsw/framework/testing';
import golden from '../../../fsw/missions/earth-watch/models/golden.json';
import manifest from '../../../fsw/missions/earth-watch/models/manifest.json';
import { projectRoot } from '../../../fsw/root';
import { irradiatedEngine, type LiveCopy } from './irradiatedEngine';

const [, ...tileShape] = golden.tiles.shape;
const tileSize = tileShape.reduce((size, side) => size * side, 1);
const read = (name: string) => readFileSync(join(projectRoot, 'fsw/missions/earth-watch/models', name));

/** The mission's transformer, with two of its golden tiles as its canary. */
function surfaceVit(): StoredModel {
  const model = manifest.models.find(({ name }) => name === 'surface-vit');
  if (model === undefined) throw new Error('the mission has lost its model');
  const { graph, weights } = model.files;
  const pixels = Float32Array.from(Buffer.from(golden.tiles.u8Base64, 'base64'));
  const expected: Record<string, unknown[]> = golden['surface-vit'];
  const outputs = Object.fromEntries(
    model.outputs.map(({ name }) => [name, Float32Array.from(expected[name].slice(0, 2).flat() as number[])]),
  );
  return {
    name: model.name,
    version: model.version,
    graph: read(graph.path),
    weightsName: weights.path,
    weights: read(weights.path),
    input: model.inputs[0],
    outputs: model.outputs,
    classes: [],
    canary: {
      count: 2,
      input: pixels.subarray(0, 2 * tileSize),
      outputs,
      tolerance: golden['surface-vit.tolerance'],
    },
  };
}

interface Answer {
  readonly status: string;
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/** Inference with the model loaded, and the live copies of its weights. */
async function boot(guard: 'NONE' | 'CANARY' | 'TWIN') {
  const engine = irradiatedEngine(onnxEngine());
  const model = surfaceVit();
  const b = await bench(inference, {
    config: { providers: 'cpu', engine: () => engine },
    answers: { fetch: () => model },
  });
  b.command('Guard_PRM_SET', { val: guard });
  b.command('LOAD', { model: model.name });
  await b.advance(10e6);
  /** Asks about 3 tiles. */
  const ask = async (ticket: number, input: Float32Array) => {
    b.in.request[0]({ ticket, model: model.name, count: 3, input });
    await b.advance(10e6);
    return b.calls('result').at(-1) as unknown as Answer;
  };
  return { b, engine, ask };
}

function noise(random: Random): Float32Array {
  return Float32Array.from({ length: 3 * tileSize }, () => random.integer(256));
}

/** Asks about seeded noise, `REQUESTS` times; `strike` hits the live copies before each request. */
async function fly(guard: 'NONE' | 'TWIN', strike: (copies: LiveCopy[], random: Random) => void) {
  const { b, engine, ask } = await boot(guard);
  const [strikes, tiles] = [seededRandom(11, 'strikes'), seededRandom(12, 'tiles')];
  const answers: Answer[] = [];
  for (let ticket = 0; ticket < REQUESTS; ticket++) {
    strike(engine.copies(), strikes);
    answers.push(await ask(ticket, noise(tiles)));
  }
  await b.stop();
  return { b, answers };
}

const REQUESTS = 24;

/** Up to 4 events in either copy, each of 1 to 4 neighbouring bits: some runs are hit, some not. */
function fewHits(copies: LiveCopy[], random: Random): void {
  for (const copy of copies)
    for (let events = random.integer(4); events > 0; events--)
      copy.flip(random.integer(copy.bits), 1 + random.integer(4));
}

/** Thousands of bits in each copy: outputs saturate, or are no numbers. */
function manyHits(copies: LiveCopy[], random: Random): void {
  for (const copy of copies)
    for (let events = 2000; events > 0; events--) copy.flip(random.integer(copy.bits), 1);
}

describe('radiation on live copies of the weights, in onnxruntime', () => {
  it('without twins, wrong results go out unseen; with twins they are flagged and redone, and all that goes out is right to the bit', async () => {
    const clean = await fly('TWIN', () => undefined);
    expect(clean.answers.map(({ status }) => status)).toEqual(Array(REQUESTS).fill('OK'));
    expect(clean.b.telemetry).not.toHaveProperty('ResultsSuspect');
    const wrong = ({ answers }: { answers: Answer[] }) =>
      answers.filter(
        ({ status, outputs }, i) => status === 'OK' && !sameBits(outputs, clean.answers[i].outputs),
      );

    const alone = await fly('NONE', fewHits);
    expect(wrong(alone).length).toBeGreaterThan(REQUESTS / 2);

    for (const strike of [fewHits, manyHits]) {
      const guarded = await fly('TWIN', strike);
      expect(guarded.answers.map(({ status }) => status)).toEqual(Array(REQUESTS).fill('OK'));
      expect(wrong(guarded)).toEqual([]);
      const { ResultsSuspect: suspect, ResultsRedone: redone, Reloads: reloads } = guarded.b.telemetry;
      expect(suspect).toBeGreaterThan(REQUESTS / 2);
      expect([redone, reloads]).toEqual([suspect, suspect]);
      const flagged = guarded.b.events.filter(({ name }) => name === 'ResultSuspect');
      expect(flagged).toHaveLength(Number(suspect));
    }
  });

  it('a canary finds a hit copy, and the session that takes over is whole', async () => {
    const { b, engine, ask } = await boot('CANARY');
    const tiles = noise(seededRandom(12, 'tiles'));
    const clean = await ask(1, tiles);
    const [copy] = engine.copies();
    expect(copy.flip(copy.bits - 2, 8)).toBe(2);
    expect(sameBits((await ask(2, tiles)).outputs, clean.outputs)).toBe(false);
    b.command('CHECK', { model: 'surface-vit' });
    await b.advance(10e6);
    expect(b.responses.at(-1)?.reason).toBe('surface-vit had changed');
    expect(b.telemetry).toMatchObject({ CanaryMismatches: 1, Reloads: 1, LoadedModels: 1 });
    expect(sameBits((await ask(3, tiles)).outputs, clean.outputs)).toBe(true);
    expect(engine.copies().map(({ name }) => name)).toEqual(['surface-vit#2']);
    await b.stop();
    expect(engine.copies()).toEqual([]);
  });
});
