import { describe, expect, it } from 'vitest';
import { fail } from '../../../fsw/errors';
import type { StoredModel } from '../ports';
import { guardBench, oneWeight } from './testEngine';

async function withOld(guard: 'CANARY' | 'TWIN' = 'CANARY', config = {}) {
  const made = await guardBench(guard, config);
  const { b, ask, log } = made;
  ask(1, 1);
  await b.advance(1e5);
  log.length = 0;
  let ticket = 0;
  const offer = async (fetch: () => StoredModel | undefined) => {
    b.in.offered({ ticket: ++ticket, model: 'scale', compare: true, fetch });
    await b.advance(1e5);
    return b.calls('verdict').at(-1);
  };
  const answer = async () => {
    made.ask(9, 1);
    await b.advance(1e5);
    return made.answers().at(-1);
  };
  return { ...made, offer, answer };
}

const next = (change: Partial<StoredModel> = {}) => oneWeight(5, { version: '2.0.0', ...change });

describe('a version that the store offers', () => {
  it('PGE-INF-014: is loaded beside the old one, proven by its canary, and takes over', async () => {
    const { b, log, offer, answer } = await withOld();
    expect(await offer(next)).toEqual({ ticket: 1, fit: true, reason: '' });
    expect(log).toEqual(['load scale#2', 'run scale#2', 'release scale#1']);
    expect(b.events.at(-1)).toMatchObject({ name: 'ModelLoaded', args: { version: '2.0.0' } });
    expect(await answer()).toBe('9 OK 5');
  });

  it('PGE-INF-014: is taken as twins where the guard is TWIN, and when nothing ran before', async () => {
    const { b, log, offer } = await withOld('TWIN');
    expect(await offer(next)).toMatchObject({ fit: true });
    expect(log.filter((line) => !line.startsWith('run'))).toEqual([
      ...['load scale#3', 'load scale#4', 'release scale#1', 'release scale#2'],
    ]);
    b.command('RELEASE', { model: 'scale' });
    await b.advance(1e5);
    expect(await offer(next)).toMatchObject({ fit: true });
  });

  it('PGE-INF-014: is refused when it does not load or its canary strays; the old one runs on', async () => {
    const { b, offer, answer, names } = await withOld();
    const { canary } = oneWeight(4);
    const wrong: [() => StoredModel | undefined, string][] = [
      [() => undefined, 'the store has no whole copy of it'],
      [() => next({ name: 'other' }), 'it is a version of other'],
      [() => next({ weights: new Uint8Array(1) }), 'scale#2: no provider loads it: weightless'],
      [() => next({ canary }), 'scale: its canary: y[0] is 5, 4 ± 0.01 expected'],
    ];
    for (const [i, [fetch, reason]] of wrong.entries())
      expect(await offer(fetch)).toEqual({ ticket: i + 1, fit: false, reason });
    expect(names().filter((name) => name === 'OfferRefused')).toHaveLength(4);
    expect(await answer()).toBe('9 OK 3');
    expect(b.telemetry).not.toHaveProperty('EngineRestarts');
  });

  it('PGE-INF-014: that takes the engine along, or too long, is refused; the old one flies on before the verdict', async () => {
    const { b, engine, log, offer, answer } = await withOld('CANARY', { deadlineUs: 1000 });
    engine.beforeRun = async () => {
      engine.beforeRun = undefined;
      engine.alive = false;
      return fail('ENGINE_LOST', { reason: 'SIGSEGV' });
    };
    expect(await offer(next)).toEqual({
      ticket: 1,
      fit: false,
      reason: "the engine's process ended: SIGSEGV",
    });
    expect(log).toEqual(['load scale#2', 'run scale#2', 'restart', 'load scale#3', 'run scale#3']);
    const slow = { count: 200, input: new Float32Array(200), outputs: {}, tolerance: 0 };
    expect(await offer(() => next({ canary: slow }))).toEqual({
      ticket: 2,
      fit: false,
      reason: 'scale: not done after 1000 us',
    });
    expect(await answer()).toBe('9 OK 3');
    expect(b.telemetry).toMatchObject({ EngineRestarts: 2, LoadedModels: 1 });
  });

  it('PGE-INF-014: is answered also when inference ends during its trial', async () => {
    const { b, engine } = await withOld();
    engine.load = () => new Promise(() => undefined);
    b.in.offered({ ticket: 7, model: 'scale', compare: true, fetch: next });
    await b.settle();
    await b.stop();
    expect(b.calls('verdict')).toEqual([
      { ticket: 7, fit: false, reason: 'inference ended during the trial' },
    ]);
  });
});
