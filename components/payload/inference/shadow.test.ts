import { describe, expect, it } from 'vitest';
import { fail } from '../../../fsw/errors';
import { guardBench, oneWeight, threshold, thresholdModel } from './testEngine';

const candidate = () => thresholdModel(6, { version: '2.0.0' });

/** A network that flies, which takes 5 for high; a candidate, for which high begins at 6. */
async function flying(guard: 'CANARY' | 'TWIN' = 'CANARY', config = {}) {
  const made = await guardBench(guard, config, () => thresholdModel(5));
  const { b, ask, engine } = made;
  engine.outputs = threshold;
  ask(1, 1);
  await b.advance(1e5);
  const shadow = async (runs: number, seconds = 0, fetch = candidate) => {
    b.in.shadow({ ticket: 7, model: 'scale', runs, seconds, fetch });
    await b.advance(1e5);
    return b.calls('verdict').at(-1);
  };
  const asked = async (...items: number[]) => {
    ask(2, ...items);
    await b.advance(1e5);
    return b.calls('result').at(-1)?.outputs;
  };
  const ended = () => b.events.filter(({ name }) => name === 'ShadowEnded').map(({ args }) => args);
  return { ...made, shadow, asked, ended };
}

describe('a shadow run', () => {
  it('PGE-INF-016: asks a candidate what the current version is asked, compares, and gives its answers to nobody', async () => {
    const { b, log, shadow, asked, ended } = await flying();
    expect(await shadow(2)).toEqual({ ticket: 7, fit: true, reason: '' });
    expect(b.events.at(-1)?.text).toBe(
      'scale 2.0.0 runs beside the one that flies: 2 runs or 0 s (0: no limit)',
    );
    expect(await asked(1, 5.5, 9)).toEqual(threshold(5, Float32Array.of(1, 5.5, 9)));
    expect(b.telemetry).toMatchObject({
      ShadowItems: 3,
      ShadowConfidence: expect.closeTo((1 + 1 + 0.75) / 3),
    });
    expect(b.telemetry.ShadowAgreement).toBeCloseTo(2 / 3);
    expect(b.telemetry.ShadowUnlike).toEqual([0, 1, ...Array(14).fill(0)]);
    expect(await asked(5.7)).toEqual(threshold(5, Float32Array.of(5.7)));
    expect(ended()).toEqual([
      {
        model: 'scale',
        version: '2.0.0',
        items: 4,
        agreed: 2,
        confidence: expect.closeTo((1 + 1 + 0.75 + 1) / 4),
        flying: expect.closeTo((1 + 0.75 * 3) / 4),
        against: 'high 2',
        reason: 'as commanded',
      },
    ]);
    expect(log.at(-1)).toBe('release scale#2');
    log.length = 0;
    await asked(1);
    expect(log).toEqual(['run scale#1']);
  });

  it('PGE-INF-016: compares with what was given out, though the asker changes its items and outputs at once', async () => {
    const { b, shadow, ended } = await flying();
    await shadow(1);
    const items = Float32Array.of(5.5);
    b.in.request[0]({ ticket: 3, model: 'scale', count: 1, input: items });
    await b.advance(500);
    items.fill(1);
    await b.advance(1e5);
    expect(ended()).toMatchObject([{ items: 1, agreed: 0 }]);
  });

  it('PGE-INF-016: ends when its time is over, by command, or when another version is offered', async () => {
    const { b, shadow, asked, ended } = await flying();
    await shadow(0, 10);
    await asked(1);
    await b.advance(10e6);
    b.in.schedIn({ context: 0 });
    await b.advance(1e5);
    await shadow(100);
    b.command('END_SHADOW', {});
    await b.advance(1e5);
    await shadow(100);
    b.in.offered({ ticket: 8, model: 'scale', compare: true, fetch: candidate });
    await b.advance(1e5);
    expect(ended().map(({ items, against, reason }) => [items, against, reason])).toEqual([
      [1, 'none', 'as commanded'],
      [0, 'none', 'by command'],
      [0, 'none', 'another version was offered'],
    ]);
    b.command('END_SHADOW', {});
    await b.advance(1e5);
    expect(b.responses.at(-1)?.reason).toBe('no version runs beside another');
  });

  it('PGE-INF-017: is refused where it can’t load, pass its canary, be compared or end; one at a time', async () => {
    const { shadow, asked } = await flying();
    const wrong = [
      [() => undefined, 'the store has no whole copy of it'],
      [() => candidate, 'its canary'],
    ] as const;
    expect(await shadow(1, 0, () => undefined as never)).toMatchObject({ fit: false, reason: wrong[0][1] });
    const strays = { ...candidate(), canary: thresholdModel(1).canary };
    expect(await shadow(1, 0, () => strays)).toMatchObject({
      fit: false,
      reason: expect.stringContaining(wrong[1][1]),
    });
    expect(await shadow(1, 0, () => oneWeight(5))).toMatchObject({
      reason: 'scale cannot run beside the one that flies: it has not 2 to 16 classes to compare',
    });
    expect(await shadow(0, 0)).toMatchObject({ fit: false, reason: expect.stringContaining('never end') });
    expect(await shadow(5)).toMatchObject({ fit: true });
    expect(await shadow(5)).toMatchObject({ fit: false, reason: 'scale 2.0.0 runs beside already' });
    expect(await asked(1)).toEqual(threshold(5, Float32Array.of(1)));
  });

  it.each([
    ['fails', async () => fail('ENGINE_RUN', { model: 'scale', reason: 'index out of range' }), 0],
    ['is late', () => undefined, 1],
    [
      'gives outputs of another shape',
      async () => ({ ok: true as const, value: { p: new Float32Array(1) } }),
      0,
    ],
  ])(
    'PGE-INF-017: that %s is ended and told; what flies runs on, and no run of it counts as late',
    async (_, end, restarts) => {
      const { b, engine, shadow, asked, ended } = await flying('CANARY', {
        shadowDeadlineUs: restarts ? 50 : 1000,
      });
      await shadow(9);
      engine.beforeRun = (session) => (session === 'scale#2' ? end() : undefined);
      expect(await asked(9)).toEqual(threshold(5, Float32Array.of(9)));
      expect(b.events.filter(({ name }) => name === 'ShadowFailed')).toHaveLength(1);
      expect(ended()).toMatchObject([{ items: 0, reason: 'failed' }]);
      expect(await asked(1)).toEqual(threshold(5, Float32Array.of(1)));
      expect(b.telemetry.EngineRestarts ?? 0).toBe(restarts);
      expect(b.telemetry).not.toHaveProperty('DeadlinesMissed');
      expect(b.calls('trouble')).toEqual([]);
    },
  );

  it('PGE-INF-017: that takes the engine along is ended; the engine comes back with what flies', async () => {
    const { b, engine, shadow, asked, ended } = await flying('TWIN');
    await shadow(9);
    engine.beforeRun = (session) => {
      if (session !== 'scale#3') return undefined;
      engine.alive = false;
      return Promise.resolve(fail('ENGINE_LOST', { reason: 'SIGSEGV' }));
    };
    expect(await asked(9)).toEqual(threshold(5, Float32Array.of(9)));
    expect(ended()).toMatchObject([{ reason: 'failed' }]);
    expect(b.telemetry).toMatchObject({ EngineRestarts: 1, LoadedModels: 1 });
    expect(await asked(1)).toEqual(threshold(5, Float32Array.of(1)));
  });

  it('PGE-INF-017: ends with an engine that the current version has lost', async () => {
    const { engine, shadow, asked, ended } = await flying();
    await shadow(9);
    engine.alive = false;
    expect(await asked(1)).toEqual(threshold(5, Float32Array.of(1)));
    expect(ended()).toMatchObject([{ reason: 'the engine was started afresh' }]);
  });
});
