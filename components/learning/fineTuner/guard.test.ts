import { describe, expect, it } from 'vitest';
import { succeed } from '../../../fsw/errors';
import type { Memory } from '../../../fsw/framework';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { seededRandom } from '../../../fsw/framework/random';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import type { FlightEngine } from '../../../fsw/learning/engines/workshop';
import { STATE_NAME } from './guardedState';
import { TRAIN, type TunerOptions, tunerBench } from './testTuner';

/** Memory that can be hit. */
function openMemory() {
  const held = new Map<string, Uint8Array>();
  const memory: Memory = {
    allocate(name, bytes) {
      const buffer = new SharedArrayBuffer(bytes);
      held.set(name, new Uint8Array(buffer));
      return succeed(buffer);
    },
    release: (name) => void held.delete(name),
  };
  return { memory, held };
}

async function started(options: TunerOptions = {}, change: Partial<typeof TRAIN> = {}) {
  const b = await tunerBench({ ...options, params: { CheckpointSteps: 5, ...options.params } });
  await b.takeLabels();
  await b.obey('TRAIN', { ...TRAIN, ...change });
  return b;
}

async function untilStep(b: Awaited<ReturnType<typeof tunerBench>>, step: number): Promise<void> {
  for (let i = 0; i < 500 && Number(b.telemetry.Step) < step; i++) await b.advance(1e5);
}

describe('the guarded state of training', () => {
  it('PGE-FTN-011: a flipped bit between two steps is found, rolled back, counted, and leaves no trace in what is learned', async () => {
    const whole = await started();
    await whole.tick(40);
    const expected = whole.named('Measured').at(-1);
    await whole.stop();
    const random = seededRandom(5);
    const { memory, held } = openMemory();
    const b = await started({ memory });
    for (const step of [3, 8, 17, 29]) {
      await untilStep(b, step);
      await b.obey('PAUSE');
      const state = held.get(STATE_NAME) ?? new Uint8Array(1);
      const bit = random.integer(state.length * 8);
      state[bit >> 3] ^= 1 << (bit & 7);
      await b.obey('RESUME');
    }
    await b.tick(60);
    expect(b.named('RolledBack').map(({ code }) => code)).toEqual(Array(4).fill('TRAINING_STATE'));
    expect(b.telemetry).toMatchObject({ Rollbacks: 4, Step: 30, Stage: 'IDLE' });
    expect(b.named('Measured').at(-1)).toEqual(expected);
    expect(held.has(STATE_NAME)).toBe(false);
    await b.stop();
  });

  it('PGE-FTN-012: what no healthy step gives is not taken: NaN, a loss, a gradient or growth beyond bounds', async () => {
    const spoil: Record<string, (outputs: Record<string, Float32Array>) => void> = {
      'a loss': (outputs) => outputs[lossName(outputs)].fill(Number.NaN),
      'a gradient': (outputs) => outputs[normName(outputs)].fill(1e9),
      parameters: (outputs) => longest(outputs)[0].fill(1e20, 0, 1),
      'a moment': (outputs) => longest(outputs)[1].fill(Number.POSITIVE_INFINITY, 0, 1),
    };
    for (const [what, hit] of Object.entries(spoil)) {
      let runs = 0;
      const inner = sameProcessEngine();
      const engine: FlightEngine = {
        ...inner,
        alive: true,
        async run(name, inputs) {
          const run = await inner.run(name, inputs);
          if (run.ok && name.endsWith('.step') && ++runs === 7)
            hit(run.value as Record<string, Float32Array>);
          return run;
        },
      };
      const b = await started({ engine: () => engine }, { steps: 10 });
      await b.tick(30);
      expect(b.named('RolledBack')).toMatchObject([{ code: 'TRAINING_BOUNDS', to: 5 }]);
      expect(b.named('RolledBack')[0].reason).toContain(what);
      expect(b.telemetry).toMatchObject({ Step: 10, Stage: 'IDLE' });
      await b.stop();
    }
  });

  it('PGE-FTN-013: keeps no state that an engine gave whose copies have changed, and loads it anew', async () => {
    let hit = false;
    let loads = 0;
    const inner = sameProcessEngine();
    const engine: FlightEngine = {
      ...inner,
      alive: true,
      async load(name, graph, weights, providers) {
        loads++;
        hit = false;
        const spoiled = new Uint8Array(weights?.bytes ?? []);
        // The highest bit of the first weights' mantissas.
        for (let at = spoiled.length - 3400; at < spoiled.length - 3200; at += 4) spoiled[at + 2] ^= 0x40;
        await inner.load(`${name}.hit`, graph, weights && { ...weights, bytes: spoiled }, providers);
        return inner.load(name, graph, weights, providers);
      },
      run: (name, inputs) => inner.run(hit ? `${name}.hit` : name, inputs),
    };
    const b = await started({ engine: () => engine }, { steps: 12 });
    await untilStep(b, 7);
    hit = true;
    const before = loads;
    await b.tick(40);
    expect(b.named('RolledBack')).toMatchObject([{ step: 10, to: 5, code: 'ENGINE_SUSPECT' }]);
    expect(loads).toBeGreaterThan(before);
    expect(b.telemetry).toMatchObject({ Step: 12, Stage: 'IDLE' });
    const whole = await started({}, { steps: 12 });
    await whole.tick(40);
    expect(b.named('Measured').at(-1)).toEqual(whole.named('Measured').at(-1));
    await whole.stop();
    await b.stop();
  });

  it('PGE-FTN-014: an engine that is lost is started afresh from the last checkpoint', async () => {
    let runs = 0;
    const inner = sameProcessEngine();
    const engine: FlightEngine = {
      ...inner,
      alive: true,
      run: (name, inputs) =>
        ++runs === 12 ? inner.close().then(() => inner.run(name, inputs)) : inner.run(name, inputs),
    };
    const b = await started({ engine: () => engine }, { steps: 10 });
    await b.tick(30);
    expect(b.named('RolledBack')).toMatchObject([{ code: 'ENGINE_LOST' }]);
    expect(b.telemetry).toMatchObject({ Step: 10, Stage: 'IDLE' });
    await b.stop();
  });

  it('PGE-FTN-014: an engine that is not done at its deadline is given up, and the job with it when that goes on', async () => {
    const b = await started({
      config: { deadlineUs: 300_000, loadCostUs: 1000 },
      params: { MaxRollbacks: 2 },
    });
    await b.tick(10);
    expect(b.named('RolledBack').map(({ code }) => code)).toEqual(['ENGINE_DEADLINE', 'ENGINE_DEADLINE']);
    expect(b.named('JobFailed')).toHaveLength(1);
    expect(b.telemetry).toMatchObject({ Stage: 'IDLE' });
    await b.stop();
  });

  it('PGE-FTN-015: gives up a job that is rolled back too often; the same task goes on later from its checkpoint', async () => {
    const files = memoryFiles();
    const { memory, held } = openMemory();
    const b = await started({ files, memory, params: { MaxRollbacks: 3 } }, { steps: 20 });
    await untilStep(b, 7);
    for (let i = 0; i < 600 && b.named('JobFailed').length === 0; i++) {
      const state = held.get(STATE_NAME);
      if (state) state[i % state.length] ^= 4;
      await b.advance(1e5);
    }
    expect(b.named('RolledBack')).toHaveLength(3);
    expect(b.named('JobFailed')).toMatchObject([{ code: 'TRAINING_STATE' }]);
    b.command('MaxRollbacks_PRM_SET', { val: 9 });
    expect(await b.obey('TRAIN', { ...TRAIN, steps: 20 })).toBe('OK');
    await b.tick(40);
    expect(b.named('JobResumed')).toMatchObject([{ step: 5 }]);
    expect(b.telemetry).toMatchObject({ Step: 20, Stage: 'IDLE' });
    await b.stop();
  });
});

function scalars(outputs: Record<string, Float32Array>): string[] {
  return Object.keys(outputs).filter((name) => outputs[name].length === 1);
}

/** In the order of the graph: the loss, then the norm. */
function lossName(outputs: Record<string, Float32Array>): string {
  return scalars(outputs)[0];
}

function normName(outputs: Record<string, Float32Array>): string {
  return scalars(outputs)[1];
}

/** New parameters and moments. */
function longest(outputs: Record<string, Float32Array>): Float32Array[] {
  const most = Math.max(...Object.values(outputs).map(({ length }) => length));
  return Object.values(outputs).filter(({ length }) => length === most);
}
