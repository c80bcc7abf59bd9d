import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../framework/random';
import { calibrate } from './calibration';
import { classColours } from './colour';
import { sameProcessEngine } from './engines/sameProcess';
import { type Example, oneClass } from './examples';
import { inputStatistics, recoloured } from './recolour';
import { shippedModel, unwrap } from './testModels';

const model = shippedModel('land-cover');
const [SIDE, CLASSES] = [64, 10];
const AREA = SIDE * SIDE;
const engine = sameProcessEngine();
afterAll(() => engine.close());

const drift = {
  matrix: [
    [0, 0.1, 0.8],
    [0.9, 0, 0.1],
    [0, 0.7, 0.1],
  ],
  offset: [25, -10, 30],
};

/** Tiles of two colours in a pattern, by class. */
function tiles(count: number): Float32Array[] {
  const random = seededRandom(21);
  return Array.from({ length: count }, () => {
    const [low, high] = [0, 1].map((i) => [0, 1, 2].map(() => 50 + 60 * i + 50 * random.next()));
    const width = 4 + random.integer(20);
    return Float32Array.from({ length: 3 * AREA }, (_, at) => {
      const [band, x, y] = [Math.floor(at / AREA), at % SIDE, Math.floor((at % AREA) / SIDE)];
      return ((Math.floor(x / width) + Math.floor(y / width)) % 2 ? low : high)[band] + 4 * random.normal();
    });
  });
}

function through(pixels: Float32Array, { matrix, offset }: typeof drift): Float32Array {
  return pixels.map((_, at) => {
    const [band, place] = [Math.floor(at / AREA), at % AREA];
    return matrix[band].reduce((sum, value, from) => sum + value * pixels[from * AREA + place], offset[band]);
  });
}

async function probabilities(weights: Uint8Array, inputs: readonly Float32Array[]): Promise<Float32Array[]> {
  unwrap(await engine.load('plain', model.graph, { name: model.weightsName, bytes: weights }, ['cpu']));
  const data = Float32Array.from(inputs.flatMap((input) => [...input]));
  const run = unwrap(await engine.run('plain', { tiles: { dims: [inputs.length, 3, SIDE, SIDE], data } }));
  return inputs.map((_, i) => run[model.output].slice(i * CLASSES, (i + 1) * CLASSES));
}

describe('recoloured', () => {
  it('answers a tile as the network answered the tile gone through the map', async () => {
    const some = tiles(3);
    const folded = await probabilities(unwrap(recoloured(model, drift)), some);
    const wanted = await probabilities(
      model.weights,
      some.map((tile) => through(tile, drift)),
    );
    for (const [i, row] of folded.entries())
      for (const [c, value] of row.entries()) expect(value).toBeCloseTo(wanted[i][c], 4);
    const plain = await probabilities(model.weights, some);
    expect(Math.abs(plain[0][0] - folded[0][0]) + Math.abs(plain[1][1] - folded[1][1])).toBeGreaterThan(1e-3);
  });

  it('is refused: a map that folds colours together, and a network that begins otherwise', () => {
    const flat = {
      matrix: [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
      ],
      offset: [0, 0, 0],
    };
    expect(recoloured(model, flat)).toMatchObject({ error: { code: 'COLOUR_MAP' } });
    expect(recoloured(shippedModel('surface-vit'), drift)).toMatchObject({ error: { code: 'COLOUR_MAP' } });
    const short = { ...model, weights: model.weights.subarray(0, 5000) };
    expect(recoloured(short, drift)).toMatchObject({ error: { code: 'COLOUR_MAP' } });
    expect(unwrap(inputStatistics(model)).deviation.every((value) => value > 10)).toBe(true);
  });
});

describe('calibrate', () => {
  it('undoes a drift of bands by the mean colours of the classes, and says what it was worth', async () => {
    const plain = tiles(24);
    const answers = await probabilities(model.weights, plain);
    const labelled = (inputs: readonly Float32Array[]): Example[] =>
      inputs.map((input, i) => ({
        input,
        target: oneClass(answers[i].indexOf(Math.max(...answers[i])), CLASSES),
        weight: 1,
      }));
    const reference = classColours(labelled(plain), CLASSES);
    const drifted = labelled(plain.map((tile) => through(tile, drift)));
    const { before, after, weights } = unwrap(await calibrate(engine, model, drifted, reference));
    expect(after).toBeLessThan(before / 2);
    const now = await probabilities(
      weights,
      drifted.map(({ input }) => Float32Array.from(input)),
    );
    const right = now.filter((row, i) => drifted[i].target[row.indexOf(Math.max(...row))] === 1).length;
    expect(right / now.length).toBeGreaterThan(0.7);
  });

  it('changes nothing where nothing drifted', async () => {
    const plain = tiles(8);
    const answers = await probabilities(model.weights, plain);
    // The answers themselves as soft labels: nothing can be better.
    const examples = plain.map((input, i) => ({ input, target: answers[i], weight: 1 }));
    const { map, weights } = unwrap(
      await calibrate(engine, model, examples, classColours(examples, CLASSES)),
    );
    expect(map.offset).toEqual([0, 0, 0]);
    expect(weights).toBe(model.weights);
  });
});
