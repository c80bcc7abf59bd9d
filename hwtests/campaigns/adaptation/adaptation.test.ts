import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../fsw/framework/random';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { EUROSAT_TILE_BYTES, type EurosatTiles } from '../../datasets/eurosat';
import { adapt, examplesOf, parted } from './adapt';
import { nearestMeanColour, nearestNeighbour } from './baselines';
import { blurred, DRIFTS, type DriftKind, drawDrift, through } from './drifts';
import { METHODS, REGION, WINNER } from './methods';
import { landCover } from './network';
import { adaptToRegion } from './region';
import { isKept, rowsOf, tableOf } from './table';
import { viewOf } from './views';

const kinds = Object.keys(DRIFTS) as DriftKind[];

/** Tiles of noise about one colour a class. */
function tilesOf(count: number): EurosatTiles {
  const random = seededRandom(2);
  const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const plane = EUROSAT_TILE_BYTES / 3;
  const pixels = Uint8Array.from({ length: count * EUROSAT_TILE_BYTES }, (_, at) => {
    const label = labels[Math.floor(at / EUROSAT_TILE_BYTES)];
    const band = Math.floor((at % EUROSAT_TILE_BYTES) / plane);
    return 60 + 12 * ((label * (band + 1)) % 10) + random.integer(20);
  });
  const paths = Array.from(labels, (_, i) => `train/${i}`);
  return { classes, pixels, labels, paths, fileBytes: new Uint32Array(count) };
}

describe('a drawn drift', () => {
  it.each(kinds)('%s is the same for the same seed and another for another', (kind) => {
    expect(drawDrift(kind, 3)).toEqual(drawDrift(kind, 3));
    expect(drawDrift(kind, 3)).not.toEqual(drawDrift(kind, 4));
  });

  it('never leaves swapped bands in their order', () => {
    for (let seed = 0; seed < 30; seed++)
      expect(drawDrift('swapped', seed).mix.every((row, band) => row[band] > 0)).toBe(false);
  });

  it('shows a tile alike wherever it is read', () => {
    const tiles = tilesOf(4);
    const { chosen } = parted(tiles, 2, 1);
    const drift = drawDrift('worn', 1);
    const [all, some] = [through(tiles, drift), through(chosen, drift)];
    const at = tiles.paths.indexOf(chosen.paths[0]);
    const own = all.pixels.slice(at * EUROSAT_TILE_BYTES, (at + 1) * EUROSAT_TILE_BYTES);
    expect(some.pixels.slice(0, EUROSAT_TILE_BYTES)).toEqual(own);
  });

  it('blurs a point into a bell, and leaves what is even as it is', () => {
    const even = new Uint8Array(EUROSAT_TILE_BYTES).fill(77);
    expect(blurred(even, 1)).toEqual(even);
    const point = new Uint8Array(EUROSAT_TILE_BYTES);
    point[64 * 30 + 30] = 255;
    const seen = blurred(point, 1);
    expect(seen[64 * 30 + 30]).toBe(Math.round(255 / (2 * Math.PI)));
    expect(seen[64 * 30 + 31]).toBe(seen[64 * 29 + 30]);
    expect(seen.subarray(4096).every((value) => value === 0)).toBe(true);
  });
});

describe('a view', () => {
  it('holds only colours of the tile, its bands together, and is seldom the tile itself', () => {
    const tile = Uint8Array.from({ length: EUROSAT_TILE_BYTES }, (_, at) => (at % 4096) % 251);
    const random = seededRandom(4);
    const views = Array.from({ length: 20 }, () => viewOf(tile, random));
    for (const view of views)
      for (let i = 0; i < 4096; i += 97) expect([view[i + 4096], view[i + 8192]]).toEqual([view[i], view[i]]);
    expect(new Set(views.map((view) => view.join())).size).toBeGreaterThan(15);
  });
});

describe('the baselines', () => {
  it('tell apart most tiles of one colour a class, and are fitted on nothing but the labelled tiles', () => {
    const tiles = tilesOf(40);
    const { chosen, rest } = parted(tiles, 30, 5);
    const examples = examplesOf(chosen);
    for (const classify of [nearestMeanColour(examples, 10), nearestNeighbour(examples)]) {
      const right = examplesOf(rest).filter(
        ({ input, target }) => target[classify(Uint8Array.from(input))] === 1,
      );
      expect(right.length).toBeGreaterThanOrEqual(7);
    }
  });
});

describe('a seed of the experiment', () => {
  it('scores every baseline and method, and gives the same numbers again', async () => {
    const engine = sameProcessEngine();
    const { chosen, rest } = parted(tilesOf(30), 20, 1);
    const short = METHODS.filter(({ name }) => name === 'before' || name === WINNER).map((method) =>
      method.recipe ? { ...method, recipe: { ...method.recipe, steps: 2, batch: 8 } } : method,
    );
    const trial = {
      engine,
      model: landCover(),
      labelled: chosen,
      known: rest,
      scored: rest,
      drift: kinds[0],
    };
    const runs = [];
    for (let i = 0; i < 2; i++)
      runs.push(await adapt({ ...trial, seed: 6, methods: short }, () => undefined));
    await engine.close();
    const accuracies = runs.map((run) => (run.ok ? run.value.map(({ accuracy }) => accuracy) : run.error));
    expect(accuracies[0]).toHaveLength(4);
    expect(accuracies[0]).toEqual(accuracies[1]);
  });
});

describe('a region labelled by an index', () => {
  it('is scored as the mean of water and land, in the half that was not learned from', async () => {
    const engine = sameProcessEngine();
    const tiles = tilesOf(24);
    const weak = Array.from({ length: 24 }, (_, i) => ({
      pixels: tiles.pixels.slice(i * EUROSAT_TILE_BYTES, (i + 1) * EUROSAT_TILE_BYTES),
      water: i % 3 === 0,
      north: i < 14,
    }));
    const classes = ['Forest', 'River', ...Array.from({ length: 7 }, (_, i) => `land ${i}`), 'SeaLake'];
    const recipes = { head: { ...REGION.head, steps: 2, batch: 8, views: 1 } };
    const done = await adaptToRegion(engine, landCover(), weak, classes, recipes, 12, 1);
    await engine.close();
    const scores = done.ok ? done.value : [];
    expect(scores.map(({ method }) => method)).toContain('nearest mean colour of the two');
    expect(scores).toHaveLength(4);
    // Three tiles of water and seven of land: every score is a mean of thirds and sevenths.
    for (const { accuracy } of scores) expect(accuracy * 42).toBeCloseTo(Math.round(accuracy * 42), 6);
  });
});

describe('the table', () => {
  const score = (method: string, accuracy: number) => ({
    method,
    accuracy,
    learningS: method === WINNER ? 3 : 0,
  });
  const seeds = [
    [score('before', 0.3), score(WINNER, 0.8)],
    [score('before', 0.5), score(WINNER, 0.9)],
  ];

  it('shows mean and spread, the worst seed, and what was won seed by seed', () => {
    expect(tableOf(rowsOf(seeds))).toContain('| 0.850 ± 0.071 | 0.800 | 0.450 ± 0.071 | 3.0 |');
  });

  it('keeps the promise only where more is won than the seeds differ by', () => {
    expect(isKept(rowsOf(seeds), WINNER)).toBe(true);
    const less = [seeds[0], [score('before', 0.5), score(WINNER, 0.45)]];
    expect(isKept(rowsOf(less), WINNER)).toBe(false);
    expect(isKept([], WINNER)).toBe(false);
  });
});
