import { describe, expect, it } from 'vitest';
import { layoutId, vectorId } from './ids';
import {
  type Accepted,
  checkCanary,
  checkNorms,
  checkUpdate,
  countRefusal,
  defaultLimits,
  type Gathering,
  type Refusals,
  takenBy,
} from './refusal';
import { nodeKeys, testDelta, testStart, testTask, testTaskId, testUpdate } from './testVectors';

const gathering: Gathering = {
  tasks: new Map([[testTaskId, testTask]]),
  keys: new Map(Object.values(nodeKeys).map(({ id, publicKey }) => [id, publicKey])),
  nodes: new Map(Object.entries(nodeKeys).map(([name, { id }]) => [name, id])),
  taken: new Set(),
  round: 3,
  nowMs: 1_799_000_060_000,
  limits: defaultLimits,
};
const good = testUpdate();

function accepted(bytes = good.bytes, change: Partial<Gathering> = {}): Accepted {
  const checked = checkUpdate(bytes, { ...gathering, ...change });
  if (!checked.ok) throw new Error(checked.error.text);
  return checked.value;
}

describe('an update', () => {
  it('that fits is taken with its delta, norm and age', () => {
    const { delta, norm, age, update } = accepted(good.bytes, { round: 5 });
    expect(delta).toEqual(testDelta(testStart.length, 9));
    expect(norm).toBeCloseTo(Math.hypot(...delta), 9);
    expect(age).toBe(2);
    expect(update).toEqual(good.update);
  });

  const beta = { ...gathering, tasks: new Map([[testTaskId, { ...testTask, node: '*' }]]) };
  it.each<[string, string, Uint8Array, Partial<Gathering>]>([
    ['damaged', 'FED_SIGNATURE', damaged(good.bytes), {}],
    ['cut', 'FED_FORMAT', good.bytes.subarray(0, 70), {}],
    ['of a key that nobody trusts', 'FED_KEY', good.bytes, { keys: new Map() }],
    ['of another node in its name', 'FED_NODE', testUpdate({}, nodeKeys.beta.key).bytes, {}],
    ['of an unknown node', 'FED_NODE', testUpdate({ node: 'omega' }).bytes, {}],
    ['to a task for another', 'FED_NODE', testUpdate({ node: 'beta' }, nodeKeys.beta.key).bytes, {}],
    ['of another run', 'FED_NODE', testUpdate({ run: 'other' }).bytes, {}],
    ['to no task of ours', 'FED_TASK', testUpdate({ task: '00'.repeat(32) }).bytes, {}],
    ['for other weights', 'FED_BASE', testUpdate({ base: '00'.repeat(32) }).bytes, {}],
    ['for another model', 'FED_BASE', testUpdate({ model: 'vessels' }).bytes, {}],
    ['from other parameters', 'FED_START', testUpdate({ start: '00'.repeat(32) }).bytes, {}],
    ['of another layout', 'FED_LAYOUT', testUpdate({ layout: layoutId([]) }).bytes, {}],
    ['of another length', 'FED_PACKED', testUpdate({}, nodeKeys.alpha.key, testDelta(9, 1)).bytes, {}],
    ['with NaN', 'FED_NUMBER', testUpdate({ delta: wholeOfNaN() }).bytes, {}],
    ['from rounds ago', 'FED_STALE', good.bytes, { round: 12 }],
    ['made days ago', 'FED_STALE', good.bytes, { nowMs: gathering.nowMs + 4 * 86_400_000 }],
    ['made in the future', 'FED_STALE', good.bytes, { nowMs: good.update.madeMs - 300_001 }],
    ['that is huge', 'FED_NORM', testUpdate({}, nodeKeys.alpha.key, testDelta(90, 9, 100)).bytes, {}],
    ['that was taken', 'FED_DUPLICATE', good.bytes, { taken: new Set(takenBy(accepted())) }],
    [
      'made anew for a task that was answered',
      'FED_DUPLICATE',
      testUpdate({ examples: 41 }).bytes,
      { taken: new Set(takenBy(accepted())) },
    ],
  ])('%s is refused: %s', (_, code, bytes, change) => {
    expect(checkUpdate(bytes, { ...gathering, ...change })).toMatchObject({ ok: false, error: { code } });
  });

  it('to a task for all, and from parameters that the task leaves to the model, is taken', () => {
    const byBeta = testUpdate({ node: 'beta' }, nodeKeys.beta.key).bytes;
    expect(checkUpdate(byBeta, beta).ok).toBe(true);
    const { start, ...own } = testTask;
    const tasks = new Map([[testTaskId, own]]);
    expect(checkUpdate(good.bytes, { ...gathering, tasks, ownStart: vectorId(testStart) }).ok).toBe(true);
    expect(checkUpdate(good.bytes, { ...gathering, tasks })).toMatchObject({ error: { code: 'FED_START' } });
  });
});

describe('a round', () => {
  const withNorm = (norm: number): Accepted => ({ ...accepted(), norm });

  it('refuses what is many times its median, and nothing while there is no median', () => {
    const updates = [1, 1.2, 0.8, 30].map(withNorm);
    const { counted, refused } = checkNorms(updates, { medians: 4 });
    expect(counted).toEqual(updates.slice(0, 3));
    expect(refused.map(({ error }) => error.code)).toEqual(['FED_NORM']);
    expect(checkNorms([1, 30].map(withNorm), { medians: 4 }).refused).toEqual([]);
    expect(checkNorms([withNorm(30)], { medians: 4 }, [1, 1.1]).refused).toHaveLength(1);
  });

  it('does not use parameters that lose accuracy on the reference set', () => {
    expect(checkCanary({ before: 0.9, after: 0.895 }, ['alpha'], { accuracyLoss: 0.01 }).ok).toBe(true);
    for (const after of [0.88, Number.NaN])
      expect(checkCanary({ before: 0.9, after }, ['alpha', 'beta'], { accuracyLoss: 0.01 })).toMatchObject({
        error: { code: 'FED_CANARY', text: expect.stringContaining('alpha, beta') },
      });
  });

  it('counts each refusal by its code', () => {
    const counts: Refusals = {};
    for (const bytes of [damaged(good.bytes), damaged(good.bytes), good.bytes.subarray(0, 3)]) {
      const checked = checkUpdate(bytes, gathering);
      if (!checked.ok) countRefusal(counts, checked.error);
    }
    expect(counts).toEqual({ FED_SIGNATURE: 2, FED_FORMAT: 1 });
  });
});

function damaged(bytes: Uint8Array): Uint8Array {
  const wrong = bytes.slice();
  wrong[200] ^= 4;
  return wrong;
}

/** 90 values of NaN, packed whole and not deflated. */
function wholeOfNaN(): Uint8Array {
  return Uint8Array.of(0, 90, ...[0xd0, 0x05], ...new Uint8Array(360).fill(0xff));
}
