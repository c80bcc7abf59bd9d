import { describe, expect, it } from 'vitest';
import { unixUsOf } from '../../../fsw/framework';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { NOON_S, PERIOD_S, polarEphemeris, tip } from '../testPass';
import { capturePlanner } from './capturePlanner';

const S = 1e6;
const CLEAR = [0.1, 0.1, 0.1, 0.1];
const CLOUDED = [0.9, 0.9, 0.9, 0.9];
/** Under the track, passed at NOON_S. */
const here = { latDeg: 0, lonDeg: 179 };

async function withBench(targets = 'noon 0 179 5 5', params: Record<string, unknown> = {}) {
  const files = memoryFiles(10 * 2 ** 30);
  const ephemeris = polarEphemeris();
  const b = await bench(capturePlanner, { config: { targets }, board: { files, ephemeris } });
  for (const [name, val] of Object.entries(params)) b.command(`${name}_PRM_SET`, { val });
  await b.settle();
  const fly = async (untilS: number) => {
    while (b.clock.nowUs() < untilS * S) {
      b.in.schedIn({ context: 0 });
      await b.advance(S);
    }
  };
  const hear = async (...args: Parameters<typeof tip>) => {
    b.in.classifiedIn(tip(...args));
    await b.settle();
  };
  const orders = () =>
    b.calls('orderOut') as { ticket: number; target: string; at: Parameters<typeof unixUsOf>[0] }[];
  const done = async (status: 'DONE' | 'FAILED' | 'NO_IMAGERY', index = -1) => {
    b.in.doneIn({ ticket: orders().at(index)?.ticket ?? 0, status, strips: 5 });
    await b.settle();
  };
  const names = () => b.events.map(({ name, args }) => (args.constraint as string | undefined) ?? name);
  return { b, files, ephemeris, fly, hear, orders, done, names };
}

describe('the capture planner', () => {
  it('PGE-PLAN-001: orders a capture of a target that a tip shows clear, for the best instant of its pass', async () => {
    const { b, fly, hear, orders } = await withBench();
    await fly(100);
    expect(b.telemetry.PlanLength).toBe(0);
    await hear(here, 100, CLEAR);
    expect(b.telemetry).toMatchObject({ PlanLength: 1, TipsClear: 1 });
    expect(b.events.map(({ text }) => text)).toEqual([
      `noon: capture in ${NOON_S - 100} s (Unix ${NOON_S}), 8.0 deg off nadir: clear, 10 % cloud`,
    ]);
    // 8 degrees of turn and 5 s of rest, 3 s before: the order goes out 16 s before.
    await fly(NOON_S - 17);
    expect(orders()).toEqual([]);
    await fly(NOON_S - 14);
    expect(orders()).toMatchObject([{ target: 'noon', latDeg: 0, lonDeg: 179 }]);
    expect(unixUsOf(orders()[0].at) / S).toBeCloseTo(NOON_S, 0);
    await fly(NOON_S + 20);
    expect(orders()).toHaveLength(1);
    expect(b.telemetry).toMatchObject({ CapturesOrdered: 1, PlanLength: 0 });
  });

  it('PGE-PLAN-001: takes a pass under way as soon as it has turned there', async () => {
    const { b, hear, fly, orders } = await withBench();
    await fly(NOON_S + 20);
    await hear(here, NOON_S + 20, CLEAR);
    expect(b.telemetry.PlanLength).toBe(1);
    await fly(NOON_S + 60);
    // 20 s past, 3 s to the order, 24.9 s of turn, 5 s of rest, to the full second.
    expect(unixUsOf(orders()[0].at) / S).toBe(NOON_S + 53);
  });

  it('PGE-PLAN-002: withholds a capture when a tip shows its target clouded, also of a frame that was discarded', async () => {
    const { b, hear, fly, orders, names } = await withBench();
    await hear(here, 0, CLEAR);
    expect(b.telemetry.PlanLength).toBe(1);
    await hear(here, 1, CLOUDED);
    expect(b.telemetry).toMatchObject({ PlanLength: 0, TipsClouded: 1 });
    await hear(here, 2, CLEAR);
    const { info } = tip(here, 3, CLOUDED);
    b.in.screenedIn({ info, verdict: 'CLOUDED', cloudFraction: new Float32Array(CLOUDED) });
    await fly(NOON_S + 60);
    expect(orders()).toEqual([]);
    expect(b.telemetry).toMatchObject({ PlanLength: 0, TipsClouded: 2, TipsClear: 2 });
    expect(names().filter((name) => name === 'CaptureWithheld')).toHaveLength(2);
  });

  it('PGE-PLAN-002: looks at the tiles that hold the target, not at the rest of the frame', async () => {
    const { b, hear } = await withBench('west 0 178.8 1 5');
    // Up is north: the target lies 22 km left of the middle, just below or above it.
    await hear({ latDeg: -0.1, lonDeg: 179 }, 0, [0, 1, 1, 1]);
    expect(b.telemetry).toMatchObject({ TipsClear: 1 });
    await hear({ latDeg: 0.1, lonDeg: 179 }, 0, [0, 0, 1, 0]);
    expect(b.telemetry).toMatchObject({ TipsClouded: 1 });
    await hear({ latDeg: 3, lonDeg: 179 }, 0, [1, 1, 1, 1]);
    expect(b.telemetry).toMatchObject({ TipsClouded: 1 });
    const nowhere = tip(here, 0, CLOUDED);
    b.in.classifiedIn({ ...nowhere, info: { ...nowhere.info, located: false } });
    await b.settle();
    expect(b.telemetry).toMatchObject({ TipsClouded: 1, TipsNowhere: 1 });
  });

  it('PGE-PLAN-003: makes targets of a watched class only where that is asked for', async () => {
    const probabilities = new Float32Array([0.1, 0.9, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1]);
    const off = await withBench('');
    await off.hear(here, 0, CLEAR, { probabilities });
    expect(off.b.telemetry).toMatchObject({ Targets: 0 });
    const { b, hear, fly, orders, done } = await withBench('', { WatchMask: 2 });
    await hear(here, 0, [0.9, 0, 0, 0], { probabilities });
    expect(b.telemetry).toMatchObject({ Targets: 0 });
    await hear(here, 0, CLEAR, { probabilities });
    await hear(here, 1, CLEAR, { probabilities });
    expect(b.telemetry).toMatchObject({ Targets: 1, TipsWatched: 1, PlanLength: 1 });
    expect(b.events[0].text).toBe('tip-7-0: river (0.90) at 0.144, 178.856');
    await fly(NOON_S + 10);
    expect(orders()).toMatchObject([{ target: 'tip-7-0' }]);
    await done('DONE');
    expect(b.telemetry).toMatchObject({ Targets: 0 });
  });

  it('PGE-PLAN-006: names the constraint of each refusal, once', async () => {
    const { b, hear, fly, names, files } = await withBench(
      'far 0 90 5 5; night 0 1 5 5; hasty 0 179 5 5 0.1; heavy 5 179 5 5',
    );
    for (const place of [
      { latDeg: 0, lonDeg: 90 },
      { latDeg: 0, lonDeg: 1 },
      here,
      { latDeg: 5, lonDeg: 179 },
    ])
      await hear(place, 0, CLEAR);
    expect(names().filter((name) => name === name.toUpperCase())).toEqual(['NO_ACCESS', 'SUN', 'DEADLINE']);
    files.maxBytes = 80 * 2 ** 20;
    await fly(65);
    expect(names().at(-1)).toBe('STORAGE');
    files.maxBytes = 10 * 2 ** 30;
    b.command('ReserveJ_PRM_SET', { val: 19_900 });
    await fly(130);
    expect(names().at(-1)).toBe('POWER');
    expect(b.telemetry).toMatchObject({
      RefusedAccess: 1,
      RefusedSun: 1,
      RefusedDeadline: 1,
      RefusedStorage: 1,
      RefusedPower: 1,
    });
  });

  it('PGE-PLAN-007: retries a capture that failed on the next pass within its deadline, and takes it once', async () => {
    const { b, hear, fly, orders, done, names } = await withBench('noon 0 179 5 5 2');
    await hear(here, 0, CLEAR);
    await fly(NOON_S + 10);
    await done('FAILED');
    await fly(NOON_S + 300);
    expect(orders()).toHaveLength(1);
    expect(b.events.at(-1)?.text).toContain('retry 1');
    await fly(NOON_S + PERIOD_S + 10);
    expect(orders()).toHaveLength(2);
    await done('DONE');
    await fly(7300);
    expect(names()).not.toContain('TargetExpired');
    expect(b.telemetry).toMatchObject({ CapturesDone: 1, CapturesFailed: 1, CapturesOrdered: 2, Targets: 0 });
  });

  it('PGE-PLAN-007: an order that is never answered has failed; a target without a capture expires', async () => {
    const { b, hear, fly, names } = await withBench('noon 0 179 5 5 1');
    await hear(here, 0, CLEAR);
    await fly(3700);
    expect(names()).toEqual([
      'CaptureScheduled',
      'CaptureOrdered',
      'CaptureEnded',
      'DEADLINE',
      'TargetExpired',
    ]);
    expect(b.telemetry).toMatchObject({ CapturesFailed: 1, Targets: 0 });
  });

  it('PGE-PLAN-007: a target that repeats is wanted again after its time, not before', async () => {
    const { b, hear, fly, orders, done } = await withBench('noon 0 179 5 5 0 3', { RequireTip: false });
    await hear(here, 0, CLEAR);
    await fly(NOON_S + 5);
    await done('DONE');
    await fly(NOON_S + PERIOD_S + 5);
    expect(orders()).toHaveLength(1);
    await fly(NOON_S + 2 * PERIOD_S + 5);
    expect(orders()).toHaveLength(2);
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-PLAN-008: orders nothing in safe mode or while held by command', async () => {
    const { b, hear, fly, orders, names } = await withBench();
    await hear(here, 0, CLEAR);
    b.in.modeIn({ mode: 'SAFE' });
    await fly(NOON_S + 30);
    b.in.modeIn({ mode: 'NOMINAL' });
    await b.settle();
    b.command('ENABLE', { enabled: false });
    await fly(NOON_S + PERIOD_S - 100);
    expect(orders()).toEqual([]);
    b.command('ENABLE', { enabled: true });
    await fly(NOON_S + PERIOD_S);
    expect(orders()).toHaveLength(1);
    expect(names().filter((name) => name.startsWith('Ordering'))).toEqual([
      'OrderingHeld',
      'OrderingResumed',
      'OrderingHeld',
      'OrderingResumed',
    ]);
  });

  it('PGE-PLAN-009: targets are added, held, removed and cleared by command, and PLAN tells the plan', async () => {
    const { b, hear } = await withBench('');
    const spec = { name: 'noon', ...here, radiusKm: 5, priority: 5, deadlineS: 0, repeatS: 0 };
    b.command('ADD_TARGET', spec);
    b.command('ADD_TARGET', { ...spec, name: 'bad', latDeg: 91 });
    await hear(here, 0, CLEAR);
    b.command('PLAN');
    await b.settle();
    expect(b.events.slice(-2).map(({ text }) => text)).toEqual([
      'plan: 1 captures, 1 targets known, 20000 J',
      `plan: noon in ${NOON_S} s (Unix ${NOON_S}), 8.0 deg off nadir`,
    ]);
    b.command('ENABLE_TARGET', { name: 'noon', enabled: false });
    await b.settle();
    expect(b.telemetry).toMatchObject({ PlanLength: 0, Targets: 1 });
    b.command('REMOVE_TARGET', { name: 'moon' });
    b.command('REMOVE_TARGET', { name: 'noon' });
    b.command('ADD_TARGET', spec);
    b.command('CLEAR');
    await b.settle();
    expect(b.telemetry).toMatchObject({ PlanLength: 0, Targets: 0 });
    expect(b.responses.filter(({ status }) => status !== 'OK').map(({ reason }) => reason)).toEqual([
      'target bad: latitude 91 is not in -90..90',
      'there is no target moon; known: noon',
    ]);
  });

  it('PGE-PLAN-010: leaves bad targets of the config out, by coded events, and takes the others', async () => {
    const { b } = await withBench('a 1 2 3; b 1 2 3 4; b 1 2 3 4; c 100 2 3 4; d x 2 3 4; e 1 2 3 4 5 6');
    expect(b.telemetry.Targets).toBe(2);
    expect(b.events.map(({ args }) => args.code)).toEqual(Array(4).fill('TARGET_FORMAT'));
  });

  it('PGE-PLAN-010: an ephemeris that throws and a disk that does not answer leave no plan and no fault', async () => {
    const { b, files, ephemeris, hear, fly, names, orders } = await withBench();
    await hear(here, 0, CLEAR);
    const { groundPoint } = ephemeris;
    ephemeris.groundPoint = () => {
      throw new Error('no orbit');
    };
    await fly(200);
    ephemeris.groundPoint = groundPoint;
    files.cutAt(1);
    await fly(300);
    expect(b.telemetry).toMatchObject({ Faults: 0 });
    expect(names()).toContain('PlanningFailed');
    await fly(NOON_S + 10);
    expect(orders()).toHaveLength(1);
  });
});
