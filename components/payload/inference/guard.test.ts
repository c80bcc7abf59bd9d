import { describe, expect, it } from 'vitest';
import { fail } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { sameBits } from './outputs';
import { guardBench, oneWeight } from './testEngine';

const canaryOf = (values: number[], tolerance = 0.01) => ({
  count: 2,
  input: new Float32Array([1, 2]),
  outputs: { y: new Float32Array(values) },
  tolerance,
});

describe('the canary of a model', () => {
  it('PGE-INF-009: proves each load: an output that strays by more than the tolerance fails it, the old session runs on', async () => {
    let stored: StoredModel = oneWeight(3);
    const { b, log, ask, answers, names } = await guardBench('CANARY', {}, () => stored);
    ask(1, 5);
    await b.advance(1e5);
    const wrong = [
      canaryOf([3, 6.02]),
      canaryOf([3, Number.NaN]),
      canaryOf([3, 6, 9]),
      { ...canaryOf([3, 6]), outputs: {} },
    ];
    for (const canary of wrong) {
      stored = oneWeight(4, { weights: new Uint8Array([3]), canary });
      b.command('SWAP', { model: 'scale' });
      await b.advance(1e5);
      expect(b.responses.at(-1)).toMatchObject({ status: 'EXECUTION_ERROR' });
      expect(b.events.at(-1)).toMatchObject({ name: 'LoadFailed', args: { code: 'ENGINE_CANARY' } });
    }
    expect(b.events[1].text).toBe(
      'scale not loaded: ENGINE_CANARY: scale: its canary: y[1] is 6, 6.019999980926514 ± 0.01 expected',
    );
    expect(log.slice(-2)).toEqual(['run scale#5', 'release scale#5']);
    ask(2, 5);
    await b.advance(1e5);
    expect(log.at(-1)).toBe('run scale#1');
    expect(answers()).toEqual(['1 OK 15', '2 OK 15']);
    expect(names().filter((name) => name === 'ModelLoaded')).toHaveLength(1);
  });

  it('PGE-INF-009: takes the rounding of another processor within the tolerance; NONE asks no canary', async () => {
    const near = await guardBench('CANARY', {}, () => oneWeight(3, { canary: canaryOf([3.009, 5.991]) }));
    const far = await guardBench('NONE', {}, () => oneWeight(3, { canary: canaryOf([4, 8]) }));
    for (const { b, ask, answers } of [near, far]) {
      ask(1, 5);
      await b.advance(1e5);
      expect(answers()).toEqual(['1 OK 15']);
    }
    expect(near.b.telemetry.CanaryRuns).toBe(1);
    expect(far.b.telemetry).not.toHaveProperty('CanaryRuns');
  });

  it('PGE-INF-010: on schedule, finds a session whose copy changed in one bit, says how many runs are in doubt, and loads it anew', async () => {
    const { b, copies, log, ask, answers } = await guardBench('CANARY');
    b.command('CanaryPeriodS_PRM_SET', { val: 60 });
    ask(1, 1);
    await b.advance(60e6);
    b.in.schedIn({ context: 0 });
    await b.advance(1e6);
    expect(b.telemetry.CanaryRuns).toBe(1);
    b.in.schedIn({ context: 0 });
    await b.advance(1e6);
    expect(b.telemetry).toMatchObject({ CanaryRuns: 2 });
    copies.set('scale#1', 3.0000003);
    ask(2, 1);
    ask(3, 1);
    await b.advance(60e6);
    log.length = 0;
    b.in.schedIn({ context: 0 });
    ask(4, 1);
    await b.advance(1e6);
    expect(log).toEqual(['run scale#1', 'release scale#1', 'load scale#2', 'run scale#2', 'run scale#2']);
    expect(answers()).toEqual([
      '1 OK 3',
      `2 OK ${Math.fround(3.0000003)}`,
      `3 OK ${Math.fround(3.0000003)}`,
      '4 OK 3',
    ]);
    expect(b.events.find(({ name }) => name === 'CanaryMismatch')).toMatchObject({
      severity: 'warning-high',
      args: { model: 'scale', runs: 2 },
    });
    expect(b.telemetry).toMatchObject({ CanaryMismatches: 1, Reloads: 1, LoadedModels: 1 });
  });

  it('PGE-INF-010: runs none on schedule when the period is 0, nor for a model without one', async () => {
    const { b, ask } = await guardBench('CANARY');
    ask(1, 1);
    await b.advance(1e5);
    b.in.schedIn({ context: 0 });
    await b.advance(100e6);
    b.in.schedIn({ context: 0 });
    await b.advance(1e5);
    expect(b.telemetry.CanaryRuns).toBe(1);

    const bare = await guardBench('CANARY', {}, () => oneWeight(3, { canary: undefined }));
    bare.b.command('CanaryPeriodS_PRM_SET', { val: 1 });
    bare.ask(1, 1);
    await bare.b.advance(10e6);
    bare.b.in.schedIn({ context: 0 });
    bare.b.command('CHECK', { model: 'scale' });
    await bare.b.advance(1e5);
    expect(bare.b.telemetry).not.toHaveProperty('CanaryRuns');
    expect(bare.b.responses.at(-1)).toMatchObject({ command: 'CHECK', reason: 'scale has no canary' });
  });

  it('PGE-INF-010: runs by command; a changed session that the store cannot replace answers no more', async () => {
    let stored: StoredModel | undefined = oneWeight();
    const { b, copies, ask, answers } = await guardBench('CANARY', {}, () => stored);
    const checked = async () => {
      b.command('CHECK', { model: 'scale' });
      await b.advance(1e5);
      return b.responses.at(-1)?.reason;
    };
    expect(await checked()).toBe('scale is not loaded');
    ask(1, 1);
    await b.advance(1e5);
    expect(await checked()).toBe('');
    stored = undefined;
    copies.set('scale#1', 300);
    expect(await checked()).toBe('scale had changed');
    ask(2, 1);
    await b.advance(1e5);
    expect(answers()).toEqual(['1 OK 3', '2 NOT_LOADED']);
  });
});

describe('twin runs', () => {
  it('PGE-INF-011: run each request on two sessions, at the flight time of both and a canary, and give an agreed result out', async () => {
    const { b, log, ask, answers } = await guardBench('TWIN');
    ask(1, 7, 8);
    const [load, canary, run] = [1000, 120, 120];
    await b.advance(2 * load + 2 * canary + 2 * run + canary - 1);
    expect(answers()).toEqual([]);
    await b.advance(1);
    expect(answers()).toEqual(['1 OK 21 24']);
    expect(log).toEqual([
      ...['load scale#1', 'load scale#2', 'run scale#1', 'run scale#2'],
      ...['run scale#1', 'run scale#2', 'run scale#1'],
    ]);
    expect(b.telemetry).not.toHaveProperty('ResultsSuspect');
  });

  it('PGE-INF-011: find a copy that changed in one bit, flag the result, load both anew and run it again', async () => {
    const { b, copies, log, ask, answers, names } = await guardBench('TWIN');
    ask(1, 7);
    await b.advance(1e5);
    for (const hit of ['scale#2', 'scale#3']) {
      copies.set(hit, 3.0000003);
      log.length = 0;
      ask(hit === 'scale#2' ? 2 : 3, 7);
      await b.advance(1e5);
    }
    expect(log).toEqual([
      ...['run scale#3', 'run scale#4', 'release scale#3', 'release scale#4'],
      ...['load scale#5', 'load scale#6', 'run scale#5', 'run scale#6'],
      ...['run scale#5', 'run scale#6', 'run scale#5'],
    ]);
    expect(answers()).toEqual(['1 OK 21', '2 REDONE 21', '3 REDONE 21']);
    expect(b.telemetry).toMatchObject({ ResultsSuspect: 2, ResultsRedone: 2, Reloads: 2, Runs: 3 });
    expect(names()).toEqual(['ModelLoaded', 'ResultSuspect', 'ModelLoaded', 'ResultSuspect', 'ModelLoaded']);
    expect(b.events[1].text).toBe(
      'scale, request 2: the result is suspect and is not given out: scale: two sessions gave different bits',
    );
  });

  it('PGE-INF-011: give nothing out that is in doubt again: FAILED after the redos, and the next request starts clean', async () => {
    const { b, engine, copies, log, ask, answers } = await guardBench('TWIN', { redos: 2 });
    // The first three twins are hit once their load's canary has passed.
    engine.beforeRun = (session) => {
      const first = !log.slice(0, -1).includes(`run ${session}`);
      if (!first && ['scale#2', 'scale#4', 'scale#6'].includes(session)) copies.set(session, 1);
      return undefined;
    };
    ask(1, 7);
    ask(2, 7);
    await b.advance(1e6);
    expect(answers()).toEqual(['1 FAILED', '2 OK 21']);
    expect(b.telemetry).toMatchObject({ ResultsSuspect: 3, RunErrors: 1, Runs: 1 });
    expect(b.telemetry).not.toHaveProperty('ResultsRedone');
    expect(b.events.find(({ name }) => name === 'RunFailed')).toMatchObject({
      args: { code: 'ENGINE_SUSPECT' },
    });
  });

  it('PGE-INF-012: do not trust copies that agree because both are hit as hard: a canary has the last word', async () => {
    const { b, copies, ask, answers } = await guardBench('TWIN');
    ask(1, 7);
    await b.advance(1e5);
    for (const session of ['scale#1', 'scale#2']) copies.set(session, 0);
    ask(2, 7);
    await b.advance(1e5);
    expect(answers()).toEqual(['1 OK 21', '2 REDONE 21']);
    expect(b.events[1].text).toContain('the canary of scale#1 has other bits than at its load');
  });

  it('PGE-INF-012: make a canary for a model that brings none', async () => {
    const { b, copies, ask, answers } = await guardBench('TWIN', {}, () =>
      oneWeight(3, { canary: undefined }),
    );
    ask(1, 7);
    await b.advance(1e5);
    for (const weight of [0, Number.NaN]) {
      for (const session of copies.keys()) copies.set(session, weight);
      ask(2, 7);
      await b.advance(1e5);
    }
    expect(answers()).toEqual(['1 OK 21', '2 REDONE 21', '2 REDONE 21']);
    expect(b.telemetry).toMatchObject({ ResultsSuspect: 2, ResultsRedone: 2 });
  });

  it('PGE-INF-012: are not born of different bits, nor of different providers', async () => {
    const { b, engine, copies, ask, answers } = await guardBench('TWIN');
    engine.afterLoad = (session) => copies.set(session, session.endsWith('2') ? 3.000001 : 3);
    ask(1, 7);
    await b.advance(1e5);
    expect(b.events[0].text).toContain('its twins give different bits');
    const { load } = engine;
    engine.afterLoad = undefined;
    engine.load = async (session, model, providers) => {
      const loaded = await load(session, model, providers);
      return session.endsWith('4') && loaded.ok
        ? { ok: true, value: { ...loaded.value, provider: 'cuda' } }
        : loaded;
    };
    ask(2, 7);
    await b.advance(1e5);
    expect(b.events[1].text).toContain('cpu loaded one twin, cuda the other');
    expect(answers()).toEqual(['1 NOT_LOADED', '2 NOT_LOADED']);
    expect([...copies.keys()]).toEqual([]);
  });

  it('PGE-INF-013: redo a run that one copy could not end, or that took the engine along', async () => {
    const { b, engine, log, ask, answers } = await guardBench('TWIN');
    ask(1, 7);
    await b.advance(1e5);
    engine.beforeRun = async (session) => {
      engine.beforeRun = undefined;
      return fail('ENGINE_RUN', { model: session, reason: 'index out of range' });
    };
    ask(2, 7);
    await b.advance(1e5);
    log.length = 0;
    engine.beforeRun = async () => {
      engine.beforeRun = undefined;
      engine.alive = false;
      return fail('ENGINE_LOST', { reason: 'SIGSEGV' });
    };
    ask(3, 7);
    await b.advance(1e5);
    expect(answers()).toEqual(['1 OK 21', '2 REDONE 21', '3 REDONE 21']);
    expect(log.slice(0, 4)).toEqual(['run scale#3', 'restart', 'load scale#5', 'load scale#6']);
    expect(b.telemetry).toMatchObject({ ResultsSuspect: 2, ResultsRedone: 2, EngineRestarts: 1 });
  });

  it('PGE-INF-013: have each run before its deadline: one that is late is given up and told', async () => {
    const { b, engine, log, ask, answers } = await guardBench('TWIN', { deadlineUs: 125 });
    ask(1, 7, 8);
    await b.advance(1e5);
    expect(answers()).toEqual(['1 OK 21 24']);
    log.length = 0;
    ask(2, 7, 8, 9);
    await b.advance(1e5);
    expect(answers().at(-1)).toBe('2 DEADLINE');
    expect(log.slice(0, 3)).toEqual(['run scale#1', 'restart', 'load scale#3']);
    expect(engine.alive).toBe(true);
    expect(b.telemetry).toMatchObject({ DeadlinesMissed: 1, EngineRestarts: 1, LoadedModels: 1 });
  });
});

describe('comparing outputs', () => {
  it('PGE-INF-011: tells −0 from 0, and one NaN from another, by their bits', () => {
    const one = (value: number) => ({ y: new Float32Array([value]) });
    const nan = { y: new Float32Array(new Uint32Array([0x7fc00001]).buffer) };
    expect(sameBits(one(0), one(0))).toBe(true);
    expect(sameBits(one(0), one(-0))).toBe(false);
    expect(sameBits(one(Number.NaN), one(Number.NaN))).toBe(true);
    expect(sameBits(one(Number.NaN), nan)).toBe(false);
    expect(sameBits(one(1), {})).toBe(false);
    expect(sameBits({}, one(1))).toBe(false);
    expect(sameBits({ y: new Float32Array(2) }, { y: new Float32Array(3) })).toBe(false);
  });
});
