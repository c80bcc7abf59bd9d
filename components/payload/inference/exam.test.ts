import { describe, expect, it } from 'vitest';
import { fail } from '../../../fsw/errors';
import type { ReferenceSet } from '../ports';
import { guardBench, oneWeight, threshold, thresholdModel } from './testEngine';

/** Items 0 to 9; from `from` on they are high. */
function reference(from: number, change: Partial<ReferenceSet> = {}): ReferenceSet {
  return {
    classes: ['low', 'high'],
    labels: Uint8Array.from({ length: 10 }, (_, i) => Number(i >= from)),
    items: (first, count) => Float32Array.from({ length: count }, (_, i) => first + i),
    ...change,
  };
}

async function flying(set: () => ReferenceSet | undefined, config = {}) {
  const made = await guardBench('CANARY', { referenceBatch: 4, ...config }, () => thresholdModel(5), set);
  const { b, ask, engine } = made;
  engine.outputs = threshold;
  ask(1, 1);
  await b.advance(1e5);
  const offer = async (weight: number, compare = true) => {
    b.in.offered({
      ticket: 1,
      model: 'scale',
      compare,
      fetch: () => thresholdModel(weight, { version: '2.0.0' }),
    });
    await b.advance(1e6);
    return b.calls('verdict').at(-1);
  };
  const named = (event: string) => b.events.filter(({ name }) => name === event).map(({ args }) => args);
  return { ...made, offer, named };
}

describe('the reference set', () => {
  it('PGE-INF-018: measures an offered version beside the one that flies before it takes over', async () => {
    const { b, log, offer, named } = await flying(() => reference(7));
    log.length = 0;
    expect(await offer(6)).toMatchObject({ fit: true });
    expect(named('ReferenceMeasured')).toEqual([
      {
        model: 'scale',
        version: '2.0.0',
        items: 10,
        accuracy: expect.closeTo(0.9),
        flying: expect.closeTo(0.8),
      },
    ]);
    expect(log).toEqual([
      ...['load scale#2', 'run scale#2'],
      ...['run scale#2', 'run scale#2', 'run scale#2', 'run scale#1', 'run scale#1', 'run scale#1'],
      'release scale#1',
    ]);
    expect(b.events.at(-1)).toMatchObject({ name: 'ModelLoaded' });
  });

  it('PGE-INF-018: refuses one that is worse by more than the margin, unless it is a way back', async () => {
    const { b, offer, named } = await flying(() => reference(5));
    expect(await offer(6)).toEqual({
      ticket: 1,
      fit: false,
      reason: 'scale: right on 0.900 of 10 reference items, what flies on 1.000: worse by more than 0.020',
    });
    b.command('ReferenceMargin_PRM_SET', { val: 0.11 });
    expect(await offer(6)).toMatchObject({ fit: true });
    expect(named('ReferenceMeasured')).toHaveLength(2);
    expect(await offer(1, false)).toMatchObject({ fit: true });
    expect(named('ReferenceMeasured')).toHaveLength(2);
  });

  it('PGE-INF-018: says where there is none, or none that fits, and takes the version on its canary alone', async () => {
    for (const [set, reason] of [
      [undefined, 'no reference set is on board'],
      [reference(1, { labels: new Uint8Array(0) }), 'no reference set is on board'],
      [reference(1, { classes: ['dark', 'bright'] }), 'the reference set is for other classes'],
    ] as const) {
      const { offer, named } = await flying(() => set);
      expect(await offer(9)).toMatchObject({ fit: true });
      expect(named('ReferenceMissing')).toEqual([{ model: 'scale', reason }]);
    }
    const bare = await guardBench(
      'CANARY',
      {},
      () => oneWeight(),
      () => reference(1),
    );
    bare.b.in.offered({ ticket: 1, model: 'scale', compare: true, fetch: () => oneWeight(4) });
    await bare.b.advance(1e6);
    expect(bare.b.events.find(({ name }) => name === 'ReferenceMissing')?.args).toMatchObject({
      reason: 'it has no classes',
    });
  });

  it('PGE-INF-018: refuses a version that fails at it, and what flies runs on', async () => {
    const { b, engine, offer, ask } = await flying(() => reference(5));
    let runs = 0;
    engine.beforeRun = async (session) =>
      session === 'scale#2' && ++runs > 1
        ? fail('ENGINE_RUN', { model: 'scale', reason: 'index out of range' })
        : { ok: true, value: threshold(5, Float32Array.of(1, 9)) };
    expect(await offer(5)).toMatchObject({
      fit: false,
      reason: expect.stringContaining('index out of range'),
    });
    engine.beforeRun = undefined;
    ask(9, 9);
    await b.advance(1e5);
    expect(b.calls('result').at(-1)).toMatchObject({ status: 'OK' });
  });
});

describe('trouble with a version that flies', () => {
  it('PGE-INF-019: is told when it fails its canary fresh from the store, not when a copy was hit', async () => {
    let stored = thresholdModel(5);
    const { b, engine, copies, ask } = await guardBench('CANARY', {}, () => stored);
    engine.outputs = threshold;
    ask(1, 1);
    await b.advance(1e5);
    const check = async () => {
      copies.set([...copies.keys()][0], 1);
      b.command('CHECK', { model: 'scale' });
      await b.advance(1e5);
    };
    await check();
    expect(b.telemetry).toMatchObject({ CanaryMismatches: 1, Reloads: 1 });
    expect(b.calls('trouble')).toEqual([]);
    stored = thresholdModel(5, { canary: thresholdModel(1).canary });
    await check();
    expect(b.calls('trouble')).toMatchObject([{ model: 'scale', kind: 'CANARY' }]);
  });

  it('PGE-INF-019: is told when a run was late', async () => {
    const { b, ask } = await flying(() => undefined, { deadlineUs: 15_000, costUsPerItem: 5_000 });
    ask(2, 1, 2, 3, 4);
    await b.advance(1e6);
    expect(b.calls('trouble')).toMatchObject([{ model: 'scale', kind: 'DEADLINE' }]);
  });

  it('PGE-INF-019: is told when it is worse on the reference set than when it took over', async () => {
    let set: ReferenceSet | undefined = reference(6);
    const { b, offer, named } = await flying(() => set);
    b.command('ReferencePeriodS_PRM_SET', { val: 100 });
    await offer(6);
    const later = async () => {
      await b.advance(100e6);
      b.in.schedIn({ context: 0 });
      await b.advance(1e6);
    };
    await later();
    expect(b.telemetry.ReferenceAccuracy).toBeCloseTo(1);
    set = undefined;
    await later();
    expect(b.calls('trouble')).toEqual([]);
    set = reference(2);
    await later();
    expect(named('AccuracyDropped')).toEqual([
      { model: 'scale', accuracy: expect.closeTo(0.6), before: expect.closeTo(1) },
    ]);
    expect(b.calls('trouble')).toEqual([
      {
        model: 'scale',
        kind: 'ACCURACY',
        reason: 'right on 0.600 of the reference items, 1.000 at its promotion',
      },
    ]);
    b.in.schedIn({ context: 0 });
    await b.advance(1e6);
    expect(b.calls('trouble')).toHaveLength(1);
  });
});
