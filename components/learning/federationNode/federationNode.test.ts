import { describe, expect, it } from 'vitest';
import { idOf, vectorId } from '../../../fsw/federation';
import { testDelta } from '../../../fsw/federation/testVectors';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { publicHex } from '../../../fsw/models';
import { readOwed } from './owed';
import {
  bootNode,
  keyOf,
  layout,
  layoutOfTasks,
  learnedFrom,
  learns,
  memoryStorage,
  orThrow,
  planStart,
  startOf,
  storageOf,
  taskOf,
  VALUES,
} from './testNode';

const short = (bytes: Uint8Array) => idOf(bytes).slice(0, 16);
const owedOf = (files: ReturnType<typeof memoryFiles>) =>
  orThrow(readOwed(files, 'federation/owed', { bytes: 1e6, norm: 1e9 }));

describe('a task', () => {
  it('PGE-FED-001: is trained for with its parameters, and answered by one signed update', async () => {
    const n = await bootNode();
    const start = testDelta(VALUES, 7);
    const bytes = taskOf({ start: startOf(start), coding: { kind: 'float32' } });
    expect(await n.give(bytes)).toBe('OK');
    expect(n.files.stat('up.task').ok).toBe(false);
    await n.tick();
    expect(n.orders).toMatchObject([{ model: 'land-cover', steps: 10, rate: 0.1, seed: 3, initial: start }]);
    const [{ update, delta }] = n.updates();
    expect(update).toMatchObject({
      ...{ task: idOf(bytes), run: 'survey', round: 1, node: 'alpha', examples: 40, layout: layoutOfTasks },
      metrics: { loss: 0.5, accuracyBefore: 0.5 },
      start: vectorId(start),
    });
    expect(update.metrics).not.toHaveProperty('accuracyAfter');
    learnedFrom(n.orders[0]).forEach((value, i) => {
      expect(delta[i]).toBeCloseTo(value, 6);
    });
    await n.tick(3);
    expect(n.named('UpdateReady')).toMatchObject([{ task: short(bytes), examples: 40 }]);
    expect(n.telemetry).toMatchObject({ TasksWaiting: 0, TasksDone: 1, UpdatesWaiting: 1, Training: false });
  });

  it("PGE-FED-001: begins with the model's own parameters, or with a delta against ones that are known", async () => {
    const n = await bootNode();
    await n.give(taskOf());
    await n.tick();
    expect(n.orders[0].initial).toBeUndefined();
    expect(n.updates()[0].update.start).toBe(vectorId(planStart));
    const next = testDelta(VALUES, 8, 0.5);
    const start = startOf(next.map((value, i) => value - planStart[i]));
    const sum = planStart.map((value, i) => value + Math.fround(next[i] - planStart[i]));
    await n.give(taskOf({ round: 2, start: { ...start, id: vectorId(sum), against: vectorId(planStart) } }));
    await n.tick();
    expect(n.orders[1].initial).toEqual(sum);
    // Known by name now, over a boot too: nothing need be sent.
    const again = await bootNode({ files: n.files, storage: n.storage });
    expect(await again.give(taskOf({ round: 3, start: { id: vectorId(sum) } }))).toBe('OK');
    await again.tick();
    expect(again.orders[0].initial).toEqual(sum);
  });

  it.each([
    ['damaged', 'FED_SIGNATURE', () => taskOf().map((byte, i) => (i === 300 ? byte ^ 1 : byte))],
    ['no task', 'FED_FORMAT', () => new Uint8Array(500)],
    ['signed by another than the ground', 'FED_KEY', () => taskOf({}, 'beta')],
    ['expired', 'FED_EXPIRED', () => taskOf({ expiresMs: 10 })],
    ['of another base', 'FED_BASE', () => taskOf({ base: 'cd'.repeat(32) })],
    ['of an unknown start', 'FED_START', () => taskOf({ start: { id: vectorId(planStart) } })],
    [
      'of a start that is not what it says',
      'FED_START',
      () => taskOf({ start: { ...startOf(planStart), id: vectorId(testDelta(VALUES, 1)) } }),
    ],
    ['of a start of another length', 'FED_PACKED', () => taskOf({ start: startOf(planStart.subarray(1)) })],
  ])('PGE-FED-002: that is %s is refused by name, and nothing changes', async (_, code, bytes) => {
    const weights = 'ab'.repeat(32);
    const n = await bootNode({ epochMs: 60_000, weights });
    const before = Object.keys(n.files.list('federation/tasks'));
    expect(await n.give(bytes())).toContain('EXECUTION_ERROR');
    await n.tick();
    expect(n.named('TaskRefused')).toMatchObject([{ source: 'up.task', code }]);
    expect(n.telemetry.TasksRefused).toBe(1);
    expect(n.orders).toEqual([]);
    expect(Object.keys(n.files.list('federation/tasks'))).toEqual(before);
  });

  it('PGE-FED-002: that is a duplicate, waiting or answered, over boots too, is refused; so is one too many', async () => {
    const n = await bootNode({ trains: () => undefined, config: { maxTasks: 2 } });
    const bytes = taskOf();
    expect(await n.give(bytes)).toBe('OK');
    expect(await n.give(bytes)).toContain('EXECUTION_ERROR');
    await n.give(taskOf({ round: 2 }));
    await n.give(taskOf({ round: 3 }));
    expect(n.named('TaskRefused').map(({ code }) => code)).toEqual(['FED_DUPLICATE', 'FED_FULL']);
    const later = await bootNode({ files: n.files, storage: n.storage });
    await later.tick(3);
    expect(later.updates()).toHaveLength(2);
    await later.give(bytes);
    expect(later.named('TaskRefused')).toMatchObject([{ code: 'FED_DUPLICATE' }]);
  });

  it('PGE-FED-003: waits while the trainer is busy, is given up when it refuses, or fails too often', async () => {
    const answers: ('BUSY' | 'REFUSED' | 'FAILED')[] = ['BUSY', 'FAILED', 'FAILED', 'FAILED', 'REFUSED'];
    const n = await bootNode({ trains: () => answers.shift() });
    await n.give(taskOf());
    await n.tick(5);
    expect(n.orders).toHaveLength(1);
    for (let i = 0; i < 3; i++) {
      await n.advance(60e6);
      await n.tick();
    }
    expect(n.named('TrainingFailed').map(({ failures }) => failures)).toEqual([1, 2, 3]);
    await n.give(taskOf({ round: 2 }));
    await n.advance(60e6);
    await n.tick();
    expect(n.named('TaskGivenUp').map(({ code }) => code)).toEqual(['FED_TRAINING', 'FED_TRAINING']);
    expect(n.telemetry).toMatchObject({ TasksWaiting: 0, TasksRefused: 2 });
    expect(n.updates()).toEqual([]);
  });

  it('PGE-FED-003: is ordered again when the trainer has lost it; the answer to either order is taken, once', async () => {
    const n = await bootNode({ trains: () => undefined });
    await n.give(taskOf());
    await n.advance(3599e6);
    await n.tick(2);
    expect(n.orders).toHaveLength(1);
    await n.advance(1e6);
    await n.tick(2);
    const [first, second] = n.calls('trainOrder') as { ticket: number }[];
    expect(second).toEqual(first);
    for (let i = 0; i < 2; i++)
      n.in.trainDone({ ...first, status: 'DONE', reason: '', result: learns(n.orders[0]) });
    await n.tick(2);
    expect(n.updates()).toHaveLength(1);
  });

  it.each<[string, object, number]>([
    ['of another length', { parameters: new Float32Array(3) }, 0],
    ['of another layout', { layout: [...layout].reverse() }, 0],
    ['from another start', { initial: testDelta(VALUES, 2) }, 0],
    ['that is no number', { parameters: new Float32Array(VALUES).fill(Number.NaN) }, 1],
  ])(
    'PGE-FED-003: takes no result %s; what would come again is given up at once',
    async (_, wrong, again) => {
      const answers = [wrong];
      const n = await bootNode({ trains: (order) => ({ ...learns(order), ...answers.shift() }) });
      await n.give(taskOf({ start: startOf(planStart) }));
      await n.tick();
      expect(n.updates()).toEqual([]);
      await n.advance(60e6);
      await n.tick();
      expect([n.named('TrainingFailed').length, n.named('TaskGivenUp').length]).toEqual([again, 1 - again]);
      expect(n.updates()).toHaveLength(again);
    },
  );

  it('PGE-FED-004: is given up when it expires, also while nobody was there; one that is still wanted goes on', async () => {
    const n = await bootNode({ trains: () => undefined });
    await n.give(taskOf({ expiresMs: 3_600_000 }));
    await n.give(taskOf({ round: 2, expiresMs: 3 * 86_400_000 }));
    await n.tick();
    expect(n.orders).toHaveLength(1);
    const back = await bootNode({ files: n.files, storage: n.storage, epochMs: 2 * 86_400_000 });
    await back.tick(2);
    expect(back.named('TaskGivenUp')).toMatchObject([{ code: 'FED_EXPIRED' }]);
    expect(back.updates().map(({ update }) => update.round)).toEqual([2]);
  });

  it('PGE-FED-004: is given up by command, and an answer that comes later is nobody’s', async () => {
    const n = await bootNode({ trains: () => undefined });
    const bytes = taskOf();
    await n.give(bytes);
    await n.tick();
    const [{ ticket }] = n.calls('trainOrder') as { ticket: number }[];
    expect(await n.obey('GIVE_UP', { task: short(bytes) })).toBe('OK');
    expect(await n.obey('GIVE_UP', { task: short(bytes) })).toContain('does not wait');
    n.in.trainDone({ ticket, status: 'DONE', reason: '', result: learns(n.orders[0]) });
    await n.tick(2);
    expect(n.updates()).toEqual([]);
    expect(n.named('TaskGivenUp')).toHaveLength(1);
  });
});

describe('an update', () => {
  it('PGE-FED-005: goes down once in each pass until it is acknowledged, and then never again', async () => {
    const contacts = [1, 2, 3].map((hour) => ({
      station: 'A',
      startUs: hour * 3600e6,
      endUs: hour * 3600e6 + 600e6,
    }));
    const n = await bootNode({ contacts });
    await n.give(taskOf());
    await n.tick(2);
    expect(n.sent).toEqual([]);
    const [{ name, id }] = n.updates();
    for (let hour = 1; hour <= 2; hour++) {
      await n.advance(3600e6);
      await n.tick(3);
    }
    expect(n.sent).toEqual([`federation/updates/${name}.update`, `federation/updates/${name}.update`]);
    expect(n.calls('fileSend')[0]).toMatchObject({
      destination: `federation/${name}.update`,
      offset: 0,
      length: 0,
    });
    expect(await n.obey('ACK', { update: id })).toBe('OK');
    expect(await n.obey('ACK', { update: name })).toBe('OK');
    expect(await n.obey('ACK', { update: 'nonsense' })).toContain('update id: nonsense');
    await n.advance(3600e6);
    await n.tick(3);
    expect(n.sent).toHaveLength(2);
    expect(n.named('UpdateDone')).toEqual([{ update: name, returned: false }]);
    expect(n.telemetry).toMatchObject({ UpdatesWaiting: 0, UpdatesAcked: 1 });
  });

  it('PGE-FED-006: owes what it left out to the next one, over boots; all together is what was learned', async () => {
    const files = memoryFiles();
    const storage = storageOf('alpha');
    const sum = new Float64Array(VALUES);
    for (let round = 1; round <= 5; round++) {
      const n = await bootNode({ files, storage });
      await n.give(taskOf({ round, seed: round }));
      await n.tick(2);
      learnedFrom(n.orders[0]).forEach((value, i) => {
        sum[i] += value;
      });
    }
    const n = await bootNode({ files, storage });
    const sent = n.updates();
    expect(sent).toHaveLength(5);
    const { residual } = owedOf(files) ?? { residual: new Float32Array(0) };
    sum.forEach((value, i) => {
      expect(sent.reduce((all, { delta }) => all + delta[i], residual[i])).toBeCloseTo(value, 5);
    });
    expect(n.telemetry.OwedNorm).toBeGreaterThan(0);
    // The ground refuses the last: all that it held is owed again, once.
    const last = sent.find(({ update }) => update.round === 5);
    expect(await n.obey('RETURN', { update: last?.id })).toBe('OK');
    expect(await n.obey('RETURN', { update: last?.id })).toBe('OK');
    const again = owedOf(files)?.residual ?? residual;
    again.forEach((value, i) => {
      expect(value).toBeCloseTo(residual[i] + (last?.delta[i] ?? 0), 6);
    });
  });

  it('PGE-FED-006: of another layout or base owes nothing to it', async () => {
    const n = await bootNode();
    await n.give(taskOf());
    await n.tick(2);
    await n.give(taskOf({ round: 2, base: 'cd'.repeat(32) }));
    await n.tick(2);
    const second = n.updates().find(({ update }) => update.round === 2);
    const residual = owedOf(n.files as ReturnType<typeof memoryFiles>)?.residual ?? new Float32Array(VALUES);
    learnedFrom(n.orders[1]).forEach((value, i) => {
      expect((second?.delta[i] ?? 0) + residual[i]).toBeCloseTo(value, 5);
    });
  });

  it('PGE-FED-007: goes without what is owed when that is damaged or out of bounds, and says so', async () => {
    const files = memoryFiles();
    const storage = storageOf('alpha');
    const n = await bootNode({ files, storage });
    await n.give(taskOf());
    await n.tick(2);
    const file = files.contents()['federation/owed'];
    file[file.length >> 1] ^= 0x40;
    const damaged = await bootNode({ files, storage });
    expect(damaged.named('OwedLost')).toMatchObject([{ code: 'FED_FORMAT' }]);
    file[file.length >> 1] ^= 0x40;
    const whole = await bootNode({ files, storage });
    expect(whole.named('OwedLost')).toEqual([]);
    const tight = readOwed(files, 'federation/owed', { bytes: 1e6, norm: 1e-6 });
    expect(tight).toMatchObject({ error: { code: 'FED_NORM' } });
    expect(readOwed(files, 'federation/owed', { bytes: 10, norm: 1 })).toMatchObject({ ok: false });
    await damaged.give(taskOf({ round: 2 }));
    await damaged.tick(2);
    expect(damaged.updates()).toHaveLength(2);
  });

  it('PGE-FED-008: waits with its task while the shelf is full, and no update of its own is dropped', async () => {
    const n = await bootNode({ config: { maxUpdates: 2 } });
    for (let round = 1; round <= 3; round++) await n.give(taskOf({ round, expiresMs: 1e9 + round }));
    await n.tick(5);
    expect(n.orders).toHaveLength(2);
    await n.obey('ACK', { update: n.updates()[0].name });
    await n.tick(3);
    expect(n.updates().map(({ update }) => update.round)).toContain(3);
  });
});

describe('keys', () => {
  it('PGE-FED-009: are taken by command over boots, and forgotten', async () => {
    const storage = storageOf('alpha', []);
    const files = memoryFiles();
    const n = await bootNode({ files, storage });
    await n.give(taskOf());
    expect(n.named('TaskRefused')).toMatchObject([{ code: 'FED_KEY' }]);
    const publicKey = publicHex(keyOf('ground'));
    expect(await n.obey('TRUST', { node: 'ground', publicKey: 'zz' })).toContain('64 hex');
    expect(await n.obey('TRUST', { node: 'ground', publicKey })).toBe('OK');
    const later = await bootNode({ files, storage, trains: () => undefined });
    expect(await later.give(taskOf())).toBe('OK');
    expect(await later.obey('TRUST', { node: 'ground', publicKey: '' })).toBe('OK');
    const forgot = await bootNode({ files, storage });
    // The task is kept: its key may be known again.
    expect(forgot.named('TaskRefused')).toMatchObject([{ code: 'FED_KEY' }]);
    expect(await forgot.obey('TRUST', { node: 'ground', publicKey })).toBe('OK');
    const knows = await bootNode({ files, storage });
    await knows.tick();
    expect(knows.orders).toHaveLength(1);
  });

  it('PGE-FED-009: of our own missing means that nothing is trained for, and said', async () => {
    const n = await bootNode({ storage: memoryStorage() });
    expect(n.named('KeyFault')).toMatchObject([{ code: 'MODEL_OWN_KEY' }]);
    await n.tick();
    expect(n.orders).toEqual([]);
  });
});
