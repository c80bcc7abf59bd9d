import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { bench } from '../../../fsw/framework/testing';
import type { StoredModel } from '../ports';
import type { Engine, Outputs } from './engine';
import { inference } from './inference';

const mean: StoredModel = {
  name: 'mean',
  version: '1.0.0',
  graph: readFileSync(join(__dirname, 'fixtures', 'mean.onnx')),
  weightsName: 'mean.safetensors',
  weights: readFileSync(join(__dirname, 'fixtures', 'mean.safetensors')),
  input: { name: 'tiles', shape: ['N', 3, 2, 2] },
  outputs: [{ name: 'share', shape: ['N'] }],
  classes: [],
};

/** An engine whose runs and loads end as a test says; `log` is what was asked of it. */
function fakeEngine(behave: {
  run?: () => Promise<Result<Outputs>>;
  load?: () => ReturnType<Engine['load']>;
}) {
  const log: string[] = [];
  const engine = {
    alive: true,
    async load(session: string) {
      log.push(`load ${session}`);
      return behave.load?.() ?? succeed({ provider: 'cpu', refused: [] });
    },
    async run(session: string) {
      log.push(`run ${session}`);
      return behave.run?.() ?? succeed({ share: new Float32Array([1]) });
    },
    async release(session: string) {
      log.push(`release ${session}`);
      return succeed(undefined);
    },
    async restart() {
      log.push('restart');
      engine.alive = true;
    },
    async close() {
      log.push('close');
    },
  };
  return { engine, log };
}

async function benchWith(
  behave: Parameters<typeof fakeEngine>[0] = {},
  config: Record<string, unknown> = {},
  fetch: (args: { model: string }) => StoredModel | undefined = ({ model }) => ({ ...mean, name: model }),
) {
  const { engine, log } = fakeEngine(behave);
  const b = await bench(inference, { config: { ...config, engine: () => engine }, answers: { fetch } });
  const ask = (ticket: number, model = 'mean', client = 0) =>
    b.in.request[client]({ ticket, model, count: 1, input: new Float32Array(12) });
  const statuses = () => b.calls('result').map(({ ticket, status }) => `${ticket} ${status}`);
  return { b, engine, log, ask, statuses };
}

describe('inference', () => {
  it('PGE-INF-001: runs a real model and answers the client that asked, in flight time of the cost model', async () => {
    const b = await bench(inference, {
      config: { providers: 'cpu', loadCostUs: 1000, costUsPerRun: 100, costUsPerItem: 10 },
      answers: { fetch: () => mean },
    });
    b.in.request[2]({ ticket: 7, model: 'mean', count: 2, input: new Float32Array(24).fill(30) });
    await b.advance(1119);
    expect(b.sent.filter(({ end }) => end === 'result')).toEqual([]);
    await b.advance(1);
    const [answer] = b.sent.filter(({ end }) => end === 'result');
    expect(answer).toMatchObject({ index: 2, args: { ticket: 7, status: 'OK' } });
    const { share } = answer.args.outputs as Outputs;
    expect([...share].map(Math.round)).toEqual([30, 30]);
    expect(b.events.map(({ text }) => text)).toEqual(['mean 1.0.0 loaded by cpu']);
    expect(b.telemetry).toMatchObject({ Provider: 'cpu', Runs: 1, LoadedModels: 1 });
    await b.stop();
  });

  it('PGE-INF-002: loads at start what its config lists, and each model once only', async () => {
    const { b, log, ask } = await benchWith({}, { models: 'mean, other' });
    await b.advance(2e6);
    ask(1);
    ask(2, 'mean', 1);
    await b.advance(1e6);
    expect(log).toEqual(['load mean#1', 'load other#2', 'run mean#1', 'run mean#1']);
    expect(b.telemetry.LoadedModels).toBe(2);
  });

  it('PGE-INF-003: answers NOT_LOADED for a model that the store rejects or the engine refuses', async () => {
    const rejected = await benchWith({}, {}, () => undefined);
    rejected.ask(1);
    await rejected.b.advance(1e6);
    expect(rejected.statuses()).toEqual(['1 NOT_LOADED']);
    expect(rejected.log).toEqual([]);

    const refused = await benchWith({
      load: async () => fail('ENGINE_LOAD', { model: 'mean', reason: 'cpu: bad graph' }),
    });
    refused.ask(1);
    await refused.b.advance(1e6);
    expect(refused.statuses()).toEqual(['1 NOT_LOADED']);
    expect(refused.b.events[0]).toMatchObject({ name: 'LoadFailed', args: { code: 'ENGINE_LOAD' } });
    expect(refused.b.telemetry).toMatchObject({ RunErrors: 1 });
  });

  it('PGE-INF-003: answers NOT_LOADED when a real graph does not load', async () => {
    const b = await bench(inference, {
      config: { providers: 'cpu' },
      answers: { fetch: () => ({ ...mean, graph: new Uint8Array(40) }) },
    });
    b.in.request[0]({ ticket: 1, model: 'mean', count: 1, input: new Float32Array(12) });
    await b.advance(1e6);
    expect(b.calls('result')).toMatchObject([{ status: 'NOT_LOADED' }]);
    expect(b.events[0]).toMatchObject({ name: 'LoadFailed', args: { code: 'ENGINE_LOAD' } });
    await b.stop();
  });

  it('PGE-INF-004: gives a run up at its deadline, restarts the engine and loads its models again', async () => {
    const { b, log, ask, statuses } = await benchWith(
      {},
      { deadlineUs: 5000, costUsPerRun: 9000, costUsPerItem: 0, loadCostUs: 1000 },
    );
    ask(1);
    await b.advance(5999);
    expect(statuses()).toEqual([]);
    await b.advance(5000);
    expect(statuses()).toEqual(['1 DEADLINE']);
    expect(log).toEqual(['load mean#1', 'run mean#1', 'restart', 'load mean#2']);
    expect(b.telemetry).toMatchObject({ DeadlinesMissed: 1, EngineRestarts: 1, LoadedModels: 1 });
    expect(b.events.map(({ name }) => name)).toEqual([
      'ModelLoaded',
      'DeadlineMissed',
      'EngineRestarted',
      'ModelLoaded',
    ]);
  });

  it('PGE-INF-004: does not wait for a run that never ends', async () => {
    let kept: ((result: Result<Outputs>) => void) | undefined;
    const { b, engine, ask, statuses } = await benchWith(
      { run: () => new Promise((resolve) => (kept = resolve)) },
      { deadlineUs: 5000, costUsPerRun: 9000, loadCostUs: 0 },
    );
    const { restart } = engine;
    engine.restart = () => {
      kept?.(fail('ENGINE_LOST', { reason: 'restarted' }));
      return restart();
    };
    ask(1);
    ask(2);
    await b.advance(1e6);
    expect(statuses()).toEqual(['1 DEADLINE', '2 DEADLINE']);
    expect(b.telemetry).toMatchObject({ DeadlinesMissed: 2, EngineRestarts: 2 });
    expect(b.telemetry).not.toHaveProperty('Runs');
  });

  it('PGE-INF-005: survives an engine that ends during a run: FAILED, a restart, the next one runs', async () => {
    let crashes = 1;
    const { b, engine, log, ask, statuses } = await benchWith({
      run: async () => {
        if (crashes-- <= 0) return succeed({ share: new Float32Array([1]) });
        engine.alive = false;
        return fail('ENGINE_LOST', { reason: 'SIGSEGV' });
      },
    });
    ask(1);
    ask(2);
    await b.advance(5e6);
    expect(statuses()).toEqual(['1 FAILED', '2 OK']);
    expect(log).toEqual(['load mean#1', 'run mean#1', 'restart', 'load mean#2', 'run mean#2']);
    expect(b.telemetry).toMatchObject({ EngineRestarts: 1, RunErrors: 1, Runs: 1 });
  });

  it('PGE-INF-005: brings back an engine that ended between two runs', async () => {
    const { b, engine, log, ask, statuses } = await benchWith();
    ask(1);
    await b.advance(1e6);
    engine.alive = false;
    ask(2);
    await b.advance(1e6);
    expect(statuses()).toEqual(['1 OK', '2 OK']);
    expect(log).toEqual(['load mean#1', 'run mean#1', 'restart', 'load mean#2', 'run mean#2']);
  });

  it('PGE-INF-005: is restarted after a fault with a fresh engine, and closes the one before', async () => {
    const lives: ReturnType<typeof fakeEngine>[] = [];
    const engine = () => {
      lives.push(fakeEngine({}));
      return lives[lives.length - 1].engine;
    };
    const b = await bench(inference, { config: { engine }, answers: { fetch: () => mean } });
    b.in.request[0]({ ticket: 1, model: 'mean', count: 1, input: undefined as never });
    await b.advance(1e6);
    expect(b.telemetry.Faults).toBe(1);
    b.in.request[0]({ ticket: 2, model: 'mean', count: 1, input: new Float32Array(12) });
    await b.advance(1e6);
    expect(lives.map(({ log }) => log)).toEqual([
      ['load mean#1', 'close'],
      ['load mean#1', 'run mean#1'],
    ]);
    expect(b.calls('result')).toMatchObject([{ ticket: 2, status: 'OK' }]);
  });

  it('PGE-INF-006: refuses an input that is not as many items as asked', async () => {
    const { b, log } = await benchWith();
    b.in.request[0]({ ticket: 3, model: 'mean', count: 2, input: new Float32Array(12) });
    await b.advance(1e6);
    expect(b.calls('result')).toMatchObject([{ ticket: 3, status: 'FAILED' }]);
    expect(b.events.at(-1)).toMatchObject({ name: 'RunFailed', args: { code: 'INFER_ASKED' } });
    expect(log).toEqual(['load mean#1']);
  });

  it('PGE-INF-007: loads, swaps and releases by command, and refuses what is not loaded', async () => {
    const { b, log } = await benchWith();
    for (const [name, after] of [
      ['SWAP', 'refused'],
      ['RELEASE', 'refused'],
      ['LOAD', 'load'],
      ['LOAD', 'nothing'],
      ['SWAP', 'load'],
      ['RELEASE', 'release'],
    ]) {
      b.command(name, { model: 'mean' });
      await b.advance(1e6);
      expect(b.responses.at(-1)?.status, `${name}: ${after}`).toBe(
        after === 'refused' ? 'EXECUTION_ERROR' : 'OK',
      );
    }
    expect(log).toEqual(['load mean#1', 'load mean#2', 'release mean#1', 'release mean#2']);
    expect(b.telemetry.LoadedModels).toBe(0);
  });

  it('PGE-INF-008: says once which providers are not available, and closes its engine at the end', async () => {
    const { b, log } = await benchWith({
      load: async () => succeed({ provider: 'cpu', refused: [{ provider: 'cuda', reason: 'no library' }] }),
    });
    for (const model of ['a', 'b']) b.command('LOAD', { model });
    await b.advance(2e6);
    expect(b.events.filter(({ name }) => name === 'ProviderUnavailable')).toMatchObject([
      { severity: 'diagnostic', text: 'execution provider cuda is not available: no library' },
    ]);
    await b.stop();
    expect(log.at(-1)).toBe('close');
  });

  it('PGE-INF-015: says which version of a model runs now, and none where none does', async () => {
    const { b } = await benchWith();
    expect(b.in.versionOf({ model: 'mean' })).toBe('');
    b.in.prepare({ model: 'mean' });
    await b.advance(1e6);
    expect(b.in.versionOf({ model: 'mean' })).toBe('1.0.0');
  });
});
