import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Clock, type Scan, timeOf } from '../../../fsw/framework';
import { hostTurn, type SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { bench } from '../../../fsw/framework/testing';
import type { BandStack } from '../ports';
import { type FakeImager, fakePushbroom, testBands, testCount } from '../testImager';
import { highResCamera } from './highResCamera';

const S = 1e6;
const order = { ticket: 9, target: 'wallops', latDeg: 37, lonDeg: -75, at: timeOf(2 * S) };

interface Options {
  fake?: Partial<FakeImager>;
  none?: boolean;
  config?: Record<string, unknown>;
  /** Time doesn't wait for the driver, as in flight. */
  wall?: boolean;
}

async function withBench({ fake, none, config, wall }: Options = {}) {
  const imager = fakePushbroom(fake);
  let benchClock: SimulatedClock | undefined;
  const b = await bench(highResCamera, {
    config: { stripLines: 12, stripKiB: 1, strips: 2, openUs: 1000, lineUs: 1000, ...config },
    board: {
      pushbrooms: none ? {} : { highRes: imager },
      ...(wall ? { clock: wallLike(() => benchClock) } : {}),
    },
  });
  benchClock = b.clock;
  const stacks = () => b.calls('stripOut').map(({ stack }) => stack as BandStack);
  /** A tick a second; what came out is given back when `release` says so. */
  const fly = async (seconds: number, release = true) => {
    for (let n = 0; n < seconds; n++) {
      if (release) for (const stack of stacks()) stack.release();
      b.in.schedIn({ context: 0 });
      await b.advance(S);
    }
    if (release) for (const stack of stacks()) stack.release();
    b.in.schedIn({ context: 0 });
    await b.settle();
  };
  const codes = () => b.events.map(({ name, args }) => args.code ?? name);
  return { b, calls: b.calls, imager, stacks, fly, codes };
}

/** The bench's clock, but work is handed through as a wall clock does: the answer comes when it is there. */
function wallLike(clock: () => SimulatedClock | undefined): Clock {
  const none = { cancel: () => undefined };
  return {
    epochUs: 0,
    nowUs: () => clock()?.nowUs() ?? 0,
    every: (periodUs, tick) => clock()?.every(periodUs, tick) ?? none,
    after: (delayUs, fire) => clock()?.after(delayUs, fire as () => void) ?? none,
    work: (pending) => pending,
  };
}

describe('the high-resolution camera', () => {
  it('PGE-HRC-001: opens its shutter at the ordered time and sends the strips of a capture in order, each with its place', async () => {
    const { b, imager, fly, calls } = await withBench();
    b.in.orderIn(order);
    await b.advance(1.9 * S);
    expect(imager.opened).toEqual([]);
    await b.advance(0.1 * S);
    expect(imager.opened).toEqual([{ latDeg: 37, lonDeg: -75 }]);
    await fly(3);
    const infos = calls('stripOut').map(({ info }) => info as Record<string, unknown>);
    expect(infos.map(({ strip, firstLine, height }) => [strip, firstLine, height])).toEqual([
      [0, 0, 12],
      [1, 12, 12],
      [2, 24, 6],
    ]);
    expect(infos[1]).toMatchObject({
      capture: 0,
      target: 'wallops',
      width: 7,
      latDeg: 37,
      lonDeg: -75,
      headingDeg: 190,
      gsdM: 10,
      time: timeOf(12_000),
    });
    expect(calls('captureEndOut')).toEqual([{ capture: 0, target: 'wallops', strips: 3, height: 30 }]);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'DONE', strips: 3 }]);
    expect(b.sent.map(({ end }) => end)).toEqual([
      'stripOut',
      'stripOut',
      'stripOut',
      'captureEndOut',
      'doneOut',
    ]);
    expect(b.telemetry).toMatchObject({ CapturesDone: 1, StripsSent: 3, BuffersFree: 2 });
    expect(imager.count.open).toBe(0);
  });

  it('PGE-HRC-002: gives the planes of all bands as views over one pooled buffer, at their own scales', async () => {
    const { b, fly, stacks } = await withBench({ fake: { lines: 12, last: 12 } });
    b.in.orderIn(order);
    await fly(3, false);
    const [{ planes }] = stacks();
    expect(planes.map(({ length }) => length)).toEqual([7 * 12, 4 * 6, 2 * 2]);
    expect(new Set(planes.map(({ buffer }) => buffer)).size).toBe(1);
    expect(planes[0].buffer).toBeInstanceOf(SharedArrayBuffer);
    planes.forEach((plane, band) => {
      const columns = [7, 4, 2][band];
      expect([...plane]).toEqual(
        [...plane].map((_, i) => testCount(band, Math.floor(i / columns), i % columns)),
      );
    });
  });

  it('PGE-HRC-003: leaves the end out that fits no whole line of the coarsest bands, and says so', async () => {
    const { b, fly, calls } = await withBench({ fake: { lines: 22 } });
    b.in.orderIn(order);
    await fly(4);
    expect(calls('captureEndOut')).toMatchObject([{ strips: 2, height: 18 }]);
    expect(b.events.map(({ text }) => text)).toContain(
      'wallops: the last 4 lines are left out: bands go together every 6 lines',
    );
  });

  it('PGE-HRC-003: reads to the end of an imager that does not know its length', async () => {
    const { b, fly, calls } = await withBench({ fake: { lines: undefined, last: 24 } });
    b.in.orderIn(order);
    await fly(4);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'DONE', strips: 2 }]);
  });

  it('PGE-HRC-004: has no more strips under way than buffers, and goes on when one comes back', async () => {
    const { b, fly, stacks, calls } = await withBench();
    b.in.orderIn(order);
    await fly(20, false);
    expect(stacks()).toHaveLength(2);
    expect(b.telemetry).toMatchObject({ BuffersFree: 0 });
    expect(b.telemetry.WaitTicks).toBeGreaterThan(10);
    expect(b.telemetry.WaitTicks).toBeLessThan(25);
    stacks()[0].release();
    await fly(1, false);
    expect(calls('doneOut')).toMatchObject([{ status: 'DONE', strips: 3 }]);
  });

  it('PGE-HRC-004: fails a capture that gets no buffer for BufferWaitS', async () => {
    const { b, imager, fly, calls, codes } = await withBench();
    b.command('BufferWaitS_PRM_SET', { val: 5 });
    b.in.orderIn(order);
    await fly(12, false);
    expect(codes()).toContain('HIGHRES_NO_BUFFER');
    expect(calls('captureEndOut')).toMatchObject([{ strips: 2, height: 24 }]);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'FAILED', strips: 2 }]);
    expect(imager.count.open).toBe(0);
  });

  it('PGE-HRC-005: is given up by ABORT and by safe mode, between two strips or in one', async () => {
    for (const stop of ['ABORT', 'SAFE']) {
      const { b, imager, fly, calls } = await withBench();
      const abort = () => (stop === 'ABORT' ? b.command('ABORT') : b.in.modeIn({ mode: 'SAFE' }));
      b.in.orderIn(order);
      // The first strip takes 12 ms of flight time: this is amid the second.
      await b.advance(2 * S + 20_000);
      abort();
      await b.settle();
      expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'ABORTED', strips: 1 }]);
      expect(calls('captureEndOut')).toMatchObject([{ strips: 1, height: 12 }]);
      await fly(2);
      expect(calls('stripOut')).toHaveLength(1);
      expect(b.telemetry).toMatchObject({ BuffersFree: 2, CapturesFailed: 1 });
      expect(imager.count.open).toBe(0);
    }
  });

  it('PGE-HRC-005: takes no order in safe mode, and one again after it', async () => {
    const { b, fly, calls } = await withBench();
    b.in.modeIn({ mode: 'SAFE' });
    b.in.orderIn(order);
    await fly(3);
    b.in.modeIn({ mode: 'NOMINAL' });
    b.in.orderIn({ ...order, ticket: 10, at: timeOf(0) });
    await fly(3);
    expect(calls('doneOut').map(({ ticket, status }) => [ticket, status])).toEqual([
      [9, 'FAILED'],
      [10, 'DONE'],
    ]);
  });

  it('PGE-HRC-006: a driver that throws or fails costs its capture and no buffer', async () => {
    const throwing = async () => {
      throw new Error('bus error');
    };
    const cases: [Partial<FakeImager>, string, string][] = [
      [{ open: throwing }, 'CAMERA_DRIVER', 'FAILED'],
      [{ read: throwing }, 'CAMERA_DRIVER', 'FAILED'],
      [{ read: async () => fail('SWATH_PLANES', { why: 'no' }) }, 'SWATH_PLANES', 'FAILED'],
      [
        { open: async () => fail('PUSHBROOM_NOTHING_THERE', { place: 'sea' }) },
        'PUSHBROOM_NOTHING_THERE',
        'NO_IMAGERY',
      ],
      [{ lines: 30, last: 30, width: 0 }, 'HIGHRES_SHAPE', 'FAILED'],
      [{ bands: [] }, 'HIGHRES_SHAPE', 'FAILED'],
      [{ bands: [{ ...testBands[0], scale: 1.5 }] }, 'HIGHRES_SHAPE', 'FAILED'],
    ];
    for (const [fake, code, status] of cases) {
      const { b, imager, fly, calls, codes } = await withBench({ fake });
      b.in.orderIn(order);
      await fly(3);
      expect(codes()).toEqual([...(calls('stripOut').length || fake.read ? ['CaptureStarted'] : []), code]);
      expect(calls('doneOut')).toEqual([{ ticket: 9, status, strips: 0 }]);
      expect(calls('captureEndOut')).toEqual([]);
      expect(b.telemetry).toMatchObject({ BuffersFree: 2, Faults: 0 });
      expect(imager.count.open).toBe(0);
    }
  });

  it('PGE-HRC-006: an imager that changes its shape amid a capture ends it', async () => {
    const { b, imager, fly, calls, codes } = await withBench();
    b.in.orderIn(order);
    await b.advance(2 * S + 20_000);
    imager.now.width = 6;
    await fly(2);
    expect(codes()).toEqual(['CaptureStarted', 'HIGHRES_SHAPE']);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'FAILED', strips: 1 }]);
    expect(b.telemetry).toMatchObject({ BuffersFree: 2 });
  });

  it('PGE-HRC-007: gives a stalled imager up, keeps its buffer until the driver lets go, and asks it nothing before', async () => {
    let answer: (scan: Result<Scan>) => void = () => undefined;
    const stalled = () =>
      new Promise<Result<Scan>>((resolve) => {
        answer = resolve;
      });
    const { b, imager, fly, calls, codes } = await withBench({ wall: true, fake: { read: stalled } });
    b.in.orderIn({ ...order, at: timeOf(0) });
    await fly(40);
    expect(codes()).toEqual(['CaptureStarted', 'HIGHRES_STALLED']);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'FAILED', strips: 0 }]);
    expect(b.telemetry).toMatchObject({ BuffersFree: 1 });
    b.in.orderIn({ ...order, ticket: 10 });
    await fly(1);
    expect(codes().at(-1)).toBe('HIGHRES_BUSY');
    answer(succeed({ atUs: 0 }));
    await hostTurn();
    await fly(1);
    expect(b.telemetry).toMatchObject({ BuffersFree: 2 });
    expect(imager.count.open).toBe(0);
    b.command('CAPTURE', { latDeg: 1, lonDeg: 2 });
    await fly(1);
    expect(b.responses.at(-1)).toMatchObject({ status: 'OK' });
  });

  it('PGE-HRC-008: refuses strips that its buffers do not hold or that cut a line of a coarse band', async () => {
    const small = await withBench({ fake: { width: 700 } });
    small.b.in.orderIn(order);
    await small.fly(3);
    expect(small.b.events.at(-1)?.text).toBe(
      'capture of wallops failed after 0 strips: HIGHRES_STRIP: a strip of 12 lines in bands of scale 1, 2, 6 needs 21468 bytes, buffers have 1024',
    );
    const odd = await withBench({ config: { stripLines: 8 } });
    odd.b.in.orderIn(order);
    await odd.fly(3);
    expect(odd.codes()).toEqual(['HIGHRES_STRIP']);
    expect(odd.imager.count.open).toBe(0);
  });

  it('PGE-HRC-009: says once that the board has no such imager, and answers orders FAILED', async () => {
    const { b, fly, calls, codes } = await withBench({ none: true });
    b.in.orderIn(order);
    b.command('CAPTURE', { latDeg: 1, lonDeg: 2 });
    await fly(3);
    expect(codes()).toEqual(['NoImager', 'CAMERA_NO_IMAGER']);
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'FAILED', strips: 0 }]);
    expect(b.responses[0]).toMatchObject({ reason: 'the board has no imager highRes; it has: none' });
  });

  it('PGE-HRC-010: captures by command, refuses a place that is none, and is busy while it does', async () => {
    const { b, imager, fly, calls, codes } = await withBench();
    b.command('CAPTURE', { latDeg: 91, lonDeg: 0 });
    b.command('CAPTURE', { latDeg: 1, lonDeg: 2 });
    b.command('CAPTURE', { latDeg: 3, lonDeg: 4 });
    b.command('ABORT');
    await b.settle();
    b.command('ABORT');
    b.command('CAPTURE', { latDeg: 5, lonDeg: 6 });
    b.in.orderIn(order);
    await fly(3);
    expect(b.responses.map(({ status }) => status)).toEqual([
      'VALIDATION_ERROR',
      'OK',
      'EXECUTION_ERROR',
      'OK',
      'EXECUTION_ERROR',
      'OK',
    ]);
    expect(codes()).toContain('HIGHRES_BUSY');
    expect(calls('captureEndOut')).toMatchObject([{ target: 'manual', strips: 3 }]);
    expect(imager.opened.at(-1)).toEqual({ latDeg: 5, lonDeg: 6 });
    expect(calls('doneOut')).toEqual([{ ticket: 9, status: 'FAILED', strips: 0 }]);
  });
});
