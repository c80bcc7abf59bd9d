import { afterAll, describe, expect, it } from 'vitest';
import { ownProcessEngine } from './engines/ownProcess';
import { sameProcessEngine } from './engines/sameProcess';
import { batchAt } from './examples';
import { adamw } from './optimizer';
import { TuningSession, type TuningSettings, type TuningState } from './session';
import { colourTiles, shippedModel, unwrap } from './testModels';
import type { TrainingEngine } from './trainingEngine';
import { planTuning, type TuningChoice } from './tuning';

const model = shippedModel('surface-vit');
const inHere = sameProcessEngine();
const beside = ownProcessEngine();
afterAll(async () => {
  await inHere.close();
  await beside.close();
});

let opened = 0;
function sessionOf(
  change: Partial<TuningChoice> = {},
  settings: Partial<TuningSettings> = {},
  engine: TrainingEngine = inHere,
): TuningSession {
  return new TuningSession({
    plan: unwrap(planTuning(model, { what: 'lora', rank: 2, batch: 4, optimizer: adamw, ...change })),
    engine,
    weights: { name: model.weightsName, bytes: model.weights },
    providers: ['cpu'],
    settings: { rate: 0.01, decay: 0.01, clip: 1, seed: 7, ...settings },
    name: `test${++opened}`,
  });
}

const tiles = colourTiles(10, 3, 32);

async function steps(session: TuningSession, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push(unwrap(await session.step()).loss);
  return losses;
}

function distance(a: TuningState, b: TuningState): number {
  return Math.max(...a.parameters.map((value, i) => Math.abs(value - b.parameters[i])));
}

describe('tuning under way', () => {
  it('learns: loss down, accuracy up, the same twice bit for bit', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const session = sessionOf();
      unwrap(session.learn(tiles));
      const before = unwrap(await session.score(tiles));
      await steps(session, 12);
      const after = unwrap(await session.score(tiles));
      expect(after.loss).toBeLessThan(before.loss / 2);
      expect(after.accuracy).toBeGreaterThan(before.accuracy);
      runs.push(session.snapshot());
      await session.close();
    }
    expect(runs[0]).toEqual(runs[1]);
  });

  it('goes on from a snapshot as if nothing had been between', async () => {
    const [through, cut] = [sessionOf(), sessionOf()];
    for (const session of [through, cut]) unwrap(session.learn(tiles));
    await steps(through, 5);
    await steps(cut, 2);
    const kept = cut.snapshot();
    const later = sessionOf();
    unwrap(later.learn(tiles));
    unwrap(later.restore(kept));
    await steps(later, 3);
    expect(later.snapshot()).toEqual(through.snapshot());
    await steps(cut, 1);
    expect(kept.step).toBe(2);
    expect(later.restore({ ...kept, moments: [] })).toMatchObject({ error: { code: 'TRAINING_VECTOR' } });
  });

  it('takes the same step in micro-batches as at once', async () => {
    const [whole, parts] = [sessionOf({ batch: 5 }), sessionOf({ batch: 5, microBatch: 2 })];
    for (const session of [whole, parts]) {
      unwrap(session.learn(tiles));
      await steps(session, 1);
    }
    expect(distance(whole.live, parts.live)).toBeLessThan(2e-3);
    const [one, other] = [whole, parts].map(({ live }) => live.moments[0]);
    for (const [i, value] of one.entries()) expect(other[i]).toBeCloseTo(value, 5);
  });

  it('takes the same steps over cached features as through the trunk', async () => {
    const [through, cached] = [sessionOf({ what: 'head' }), sessionOf({ what: 'head', features: 'cached' })];
    const losses = [];
    for (const session of [through, cached]) {
      unwrap(session.learn(tiles));
      losses.push(await steps(session, 4));
      losses.push([unwrap(await session.score(tiles)).loss]);
    }
    for (const [i, loss] of losses[0].entries()) expect(losses[2][i]).toBeCloseTo(loss, 4);
    expect(losses[3][0]).toBeCloseTo(losses[1][0], 4);
  });

  it('takes the same steps in a process of its own, bit for bit, and says when that is lost', async () => {
    const [here, there] = [sessionOf(), sessionOf({}, {}, beside)];
    for (const session of [here, there]) {
      unwrap(session.learn(tiles));
      await steps(session, 3);
    }
    expect(there.snapshot()).toEqual(here.snapshot());
    const before = there.snapshot();
    const underWay = there.step();
    await beside.restart();
    expect((await underWay).ok).toBe(false);
    expect(there.snapshot()).toEqual(before);
    await steps(here, 1);
    await steps(there, 1);
    expect(there.snapshot()).toEqual(here.snapshot());
  });

  it('proves what is loaded, and finds a copy in the engine that has changed', async () => {
    // An engine whose weights are hit after the load: it is given others than it says.
    let hit = false;
    const inner = sameProcessEngine();
    const spoiled = Uint8Array.from(model.weights);
    spoiled[spoiled.length - 40_001] ^= 0x40;
    const engine: TrainingEngine = {
      ...inner,
      alive: true,
      run: async (name, inputs) => inner.run(hit ? `${name}.hit` : name, inputs),
      async load(name, graph, weights, providers) {
        await inner.load(`${name}.hit`, graph, weights && { ...weights, bytes: spoiled }, providers);
        return inner.load(name, graph, weights, providers);
      },
    };
    const session = sessionOf({ batch: 3, microBatch: 2 }, {}, engine);
    unwrap(session.learn(tiles));
    await steps(session, 1);
    unwrap(await session.prove());
    await steps(session, 1);
    unwrap(await session.prove());
    hit = true;
    const before = session.snapshot();
    expect(await session.prove()).toMatchObject({ error: { code: 'ENGINE_SUSPECT' } });
    expect(session.snapshot()).toEqual(before);
    await inner.close();
  });

  it('may be SGD with momentum, and may let its rate fall to nothing', async () => {
    const session = sessionOf({ optimizer: { kind: 'sgd', momentum: 0.9 } }, { steps: 2 });
    unwrap(session.learn(tiles));
    await steps(session, 2);
    const end = session.snapshot();
    await steps(session, 1);
    expect(session.live.parameters).toEqual(end.parameters);
  });

  it('refuses examples that are none', async () => {
    const session = sessionOf();
    expect(await session.step()).toMatchObject({ error: { code: 'TRAINING_EXAMPLES' } });
    const [good] = tiles;
    const bad = [
      { ...good, input: good.input.subarray(1) },
      { ...good, input: new Float32Array(good.input.length).fill(Number.NaN) },
      { ...good, target: Float32Array.of(1, 0) },
      { ...good, target: Float32Array.of(0.5, 0, 0) },
      { ...good, target: Float32Array.of(Number.NaN, 0, 1) },
      { ...good, target: Float32Array.of(-1, 1, 1) },
      { ...good, weight: Number.NaN },
      { ...good, weight: 0 },
    ];
    for (const example of bad)
      expect(session.learn([good, example])).toMatchObject({ error: { code: 'TRAINING_EXAMPLES' } });
    expect(session.learn([])).toMatchObject({ error: { code: 'TRAINING_EXAMPLES' } });
  });
});

describe('the order of examples', () => {
  it('takes each once an epoch, in another order each, the same for the same seed', () => {
    const epoch = (n: number, seed: number) => [0, 1, 2].flatMap((i) => batchAt(3 * n + i, 10, 4, seed));
    for (const n of [0, 1]) expect(epoch(n, 7).toSorted((a, b) => a - b)).toEqual([...Array(10).keys()]);
    expect(epoch(0, 7)).toEqual(epoch(0, 7));
    expect(epoch(0, 7)).not.toEqual(epoch(1, 7));
    expect(epoch(0, 7)).not.toEqual(epoch(0, 8));
    expect(batchAt(2, 10, 4, 7)).toHaveLength(2);
    expect(batchAt(5, 3, 4, 7)).toHaveLength(3);
  });
});
