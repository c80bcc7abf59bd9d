import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Capture, Imager, PooledBuffer } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import { camera } from './camera';

/** A 2x2 imager that fills its frame with 9 and says what a test wants. */
function imager(capture?: (into: Uint8Array) => Promise<Result<Capture>>): Imager {
  return {
    width: 2,
    height: 2,
    capture:
      capture ??
      (async (into) => {
        into.fill(9);
        return succeed({ atUs: 5, view: { latDeg: 1, lonDeg: 2, headingDeg: 3, gsdM: 4 } });
      }),
  };
}

async function benchWith(options: { imager?: Imager; sun?: number; lat?: number; frames?: number } = {}) {
  const ground = { latDeg: options.lat ?? 0, lonDeg: 0, sunElevationDeg: options.sun ?? 30 };
  const b = await bench(camera, {
    config: { imager: 'eye', frames: options.frames ?? 2, exposureUs: 100 },
    board: {
      imagers: { eye: options.imager ?? imager() },
      ephemeris: { groundPoint: () => ground, contactAt: () => undefined },
    },
  });
  const tick = async () => {
    b.in.schedIn({ context: 0 });
    await b.advance(1e6);
  };
  const frames = () => b.calls('frameOut') as { info: Record<string, unknown>; pixels: PooledBuffer }[];
  return { b, ground, tick, frames };
}

describe('the camera', () => {
  it('PGE-CAM-001: takes a frame at its cadence, after the exposure time, tagged with the time of exposure', async () => {
    const { b, tick, frames } = await benchWith();
    b.in.schedIn({ context: 0 });
    await b.advance(99);
    expect(frames()).toEqual([]);
    await b.advance(1);
    expect(frames()[0].info).toEqual({
      id: 0,
      time: { timeBase: 2, timeContext: 0, seconds: 0, useconds: 5 },
      width: 2,
      height: 2,
      located: true,
      latDeg: 1,
      lonDeg: 2,
      headingDeg: 3,
      gsdM: 4,
    });
    expect([...frames()[0].pixels.bytes]).toEqual(Array(12).fill(9));
    for (let second = 1; second < 25; second++) await tick();
    expect(frames().map(({ info }) => info.id)).toEqual([0, 1]);
    expect(b.telemetry.FramesCaptured).toBe(2);
  });

  it('PGE-CAM-002: does not expose over dark ground or beyond its latitude', async () => {
    const dark = await benchWith({ sun: 7.9 });
    await dark.tick();
    expect(dark.frames()).toEqual([]);
    const polar = await benchWith({ lat: -80 });
    polar.b.command('MaxLatitudeDeg_PRM_SET', { val: 70 });
    await polar.tick();
    expect(polar.frames()).toEqual([]);
    polar.ground.latDeg = 60;
    await polar.tick();
    expect(polar.frames()).toHaveLength(1);
  });

  it('PGE-CAM-003: gives the buffer of a failed exposure back, counts it and goes on', async () => {
    let good = false;
    const failing = imager(async () =>
      good ? succeed({ atUs: 0 }) : fail('IMAGER_BUFFER_SIZE', { length: 1, needed: 12 }),
    );
    const { b, tick, frames } = await benchWith({ imager: failing, frames: 1 });
    for (let second = 0; second < 25; second++) await tick();
    expect(b.events.map(({ name, args }) => [name, args.code])).toEqual([
      ['CaptureFailed', 'IMAGER_BUFFER_SIZE'],
      ['CaptureFailed', 'IMAGER_BUFFER_SIZE'],
    ]);
    expect(b.telemetry.CaptureErrors).toBe(2);
    good = true;
    b.command('CAPTURE');
    await b.advance(1e6);
    expect(frames()[0].info).toMatchObject({ located: false, latDeg: 0, gsdM: 0 });
  });

  it('PGE-CAM-003: survives a driver that throws', async () => {
    const { b, tick } = await benchWith({
      imager: imager(() => {
        throw new Error('bus error');
      }),
    });
    await tick();
    expect(b.events).toMatchObject([{ name: 'CaptureFailed', args: { code: 'CAMERA_DRIVER' } }]);
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-CAM-004: misses a frame when every buffer is on loan, and takes the next when one came back', async () => {
    const { b, frames } = await benchWith({ frames: 1 });
    for (let n = 0; n < 2; n++) {
      b.command('CAPTURE');
      await b.advance(1e6);
    }
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'EXECUTION_ERROR']);
    expect(b.events).toMatchObject([{ name: 'FrameMissed', args: { missed: 1 } }]);
    expect(b.telemetry.FramesMissed).toBe(1);
    frames()[0].pixels.release();
    b.command('CAPTURE');
    await b.advance(1e6);
    expect(frames()).toHaveLength(2);
  });

  it('PGE-CAM-005: starts and stops by command; safe mode stops it until it is left', async () => {
    const { b, tick, frames } = await benchWith();
    b.command('STOP');
    await tick();
    expect(frames()).toHaveLength(0);
    b.command('START');
    b.in.modeIn({ mode: 'SAFE' });
    await tick();
    b.command('CAPTURE');
    await b.settle();
    expect(frames()).toHaveLength(0);
    expect(b.responses.at(-1)).toMatchObject({
      status: 'EXECUTION_ERROR',
      reason: 'no imaging in safe mode',
    });
    b.in.modeIn({ mode: 'NOMINAL' });
    await tick();
    expect(frames()).toHaveLength(1);
    expect(b.events.map(({ text }) => text)).toEqual([
      'imaging stopped: by command',
      'imaging every 20 s',
      'imaging stopped: safe mode',
    ]);
  });

  it('PGE-CAM-007: says what a streaming imager lost, and how often it was started again, also while it takes no frame', async () => {
    const health = { received: 9, dropped: 2, restarts: 1 };
    const { b, tick } = await benchWith({ imager: { ...imager(), health: () => health }, sun: -10 });
    await tick();
    expect(b.telemetry).toMatchObject({ ImagerDropped: 2, ImagerRestarts: 1 });
    health.restarts = 2;
    await tick();
    expect(b.telemetry.ImagerRestarts).toBe(2);
    const still = await benchWith();
    await still.tick();
    expect(still.b.telemetry.ImagerDropped).toBeUndefined();
  });

  it('PGE-CAM-006: flies on, and says so, when the board has no such imager', async () => {
    const b = await bench(camera, { config: { imager: 'nose' }, board: { imagers: { eye: imager() } } });
    b.command('CAPTURE');
    await b.settle();
    expect(b.responses[0].reason).toBe('the board has no imager nose; it has: eye');
    expect(b.events).toMatchObject([{ name: 'CaptureFailed', args: { code: 'CAMERA_NO_IMAGER' } }]);
  });
});
