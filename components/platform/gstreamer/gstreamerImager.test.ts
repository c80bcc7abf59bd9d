import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Result } from '../../../fsw/errors';
import type { Capture } from '../../../fsw/framework';
import { WallClock } from '../../../fsw/framework/wallClock';
import { GstreamerImager } from './gstreamerImager';
import { gstreamerAbsent } from './testGstreamer';

/** Flight time that stands still until a test moves it. */
function stillClock() {
  let nowUs = 0;
  const timers = new Set<{ dueUs: number; fire: () => unknown }>();
  return {
    nowUs: () => nowUs,
    after(delayUs: number, fire: () => unknown) {
      const timer = { dueUs: nowUs + delayUs, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(us: number) {
      nowUs += us;
      for (const timer of [...timers].filter(({ dueUs }) => dueUs <= nowUs)) {
        timers.delete(timer);
        timer.fire();
      }
    },
    /** How long until each timer. */
    waits: () => [...timers].map(({ dueUs }) => dueUs - nowUs),
  };
}

type Step = Record<string, unknown>;
const size = { size: [4, 2] };
const frame = (number: number) => ({ frame: number, ptsUs: number * 100_000, fill: number });

/** An imager of 4 x 2 pixels over a pipeline that does these steps, a list for each of its starts. */
function imagerOver(...runs: Step[][]) {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-gst-'));
  const log = join(folder, 'pids');
  const clock = stillClock();
  const program = [process.execPath, join(__dirname, 'fakePipeline.mjs'), JSON.stringify(runs), log];
  const imager = new GstreamerImager({ pipeline: 'fakesrc', width: 4, height: 2, clock, program });
  onTestFinished(() => {
    imager.close();
    rmSync(folder, { recursive: true });
  });
  const into = new Uint8Array(24);
  const pids = () => readFileSync(log, 'utf8').trim().split('\n').map(Number);
  return { imager, clock, into, pids, capture: () => imager.capture(into) };
}

const codeOf = (result: Result<Capture>) => (result.ok ? undefined : result.error.code);

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a camera behind a pipeline', () => {
  it('PGE-GST-003: gives a frame with its pixels and its time', async () => {
    const { capture, into, clock } = imagerOver([size, frame(3)]);
    clock.advance(5_000_000);
    expect(await capture()).toEqual({ ok: true, value: { atUs: 5_000_000 } });
    expect([...into]).toEqual(Array(24).fill(3));
  });

  it('PGE-GST-007: that stalls fails the capture at its deadline, and is started again', async () => {
    const { capture, clock, imager, pids, into } = imagerOver(
      [size, frame(0), { stubborn: true }],
      [size, frame(9)],
    );
    expect((await capture()).ok).toBe(true);
    const waiting = capture();
    clock.advance(1_999_999);
    clock.advance(1);
    expect(await waiting).toMatchObject({
      error: { code: 'CAMERA_STALLED', text: 'the camera gives no frame, for 2.0 s now' },
    });
    expect(codeOf(await capture())).toBe('CAMERA_STALLED');
    clock.advance(1_000_000);
    expect((await capture()).ok).toBe(true);
    expect(into[0]).toBe(9);
    expect(imager.health()).toEqual({ received: 2, dropped: 0, restarts: 1 });
    // It ignored that it was asked to end.
    await vi.waitFor(() => expect(pids().map(lives)).toEqual([false, true]), { timeout: 10_000 });
  });

  it('PGE-GST-007: has more time for its first frame', async () => {
    const { capture, clock } = imagerOver([size]);
    const waiting = capture();
    clock.advance(9_999_999);
    expect(clock.waits()).toEqual([1]);
    clock.advance(1);
    expect(codeOf(await waiting)).toBe('CAMERA_STALLED');
  });

  it.each([
    ['changes its size in flight', 'CAMERA_SIZE', { size: [8, 2] }],
    ['writes nonsense', 'CAMERA_STREAM', { garbage: 'x'.repeat(62) }],
    ['ends', 'CAMERA_PIPELINE', { exit: 3 }],
  ])('PGE-GST-006: that %s is a coded error (%s), and is started again', async (_, code, step) => {
    const { capture, clock, imager } = imagerOver([size, frame(0), step], [size, frame(1)]);
    expect((await capture()).ok).toBe(true);
    expect(codeOf(await capture())).toBe(code);
    clock.advance(1_000_000);
    expect((await capture()).ok).toBe(true);
    expect(imager.health()).toEqual({ received: 2, dropped: 0, restarts: 1 });
  });

  it('PGE-GST-005: counts the frames that its source lost, over all restarts', async () => {
    const stop = { garbage: 'x'.repeat(62) };
    const { capture, clock, imager } = imagerOver(
      [size, frame(0), frame(1), frame(5), stop],
      [size, frame(20), frame(22), stop],
    );
    const failed = async () => {
      while ((await capture()).ok);
    };
    await failed();
    expect(imager.health()).toEqual({ received: 3, dropped: 3, restarts: 0 });
    clock.advance(1_000_000);
    await failed();
    expect(imager.health()).toEqual({ received: 5, dropped: 4, restarts: 1 });
  });

  it('PGE-GST-011: says why its pipeline ended, in the words of GStreamer', async () => {
    const say = 'ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Cannot identify device.';
    const { capture } = imagerOver([{ say }, { exit: 1 }]);
    expect(await capture()).toMatchObject({ error: { text: `camera pipeline: ${say}` } });
    const mute = imagerOver([{ exit: 7 }]);
    expect(await mute.capture()).toMatchObject({ error: { text: expect.stringContaining('exit code 7') } });
  });

  it('PGE-GST-008: waits longer before each start that fails, half a minute at most, until a frame comes', async () => {
    const clock = stillClock();
    const options = { pipeline: 'a', width: 4, height: 2, clock, program: ['/nowhere/gst-launch-1.0'] };
    const imager = new GstreamerImager(options);
    const pauses: number[] = [];
    for (let failures = 0; failures < 7; failures++) {
      const waiting = imager.capture(new Uint8Array(24));
      expect(codeOf(await waiting)).toBe('CAMERA_PIPELINE');
      const [pause = 0] = clock.waits();
      pauses.push(pause / 1e6);
      clock.advance(pause);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    imager.close();
  });

  it('PGE-GST-009: ends its pipeline when it is closed, and what waits fails', async () => {
    const { capture, imager, pids, clock } = imagerOver([size, frame(0)]);
    await capture();
    const waiting = capture();
    imager.close();
    expect(codeOf(await waiting)).toBe('CAMERA_PIPELINE');
    expect(codeOf(await capture())).toBe('CAMERA_PIPELINE');
    expect(clock.waits()).toEqual([]);
    await vi.waitFor(() => expect(pids().some(lives)).toBe(false), { timeout: 10_000 });
  });

  it('PGE-GST-012: refuses a buffer of a wrong size', async () => {
    const { imager } = imagerOver([size]);
    expect(codeOf(await imager.capture(new Uint8Array(23)))).toBe('IMAGER_BUFFER_SIZE');
  });
});

const reason = gstreamerAbsent();
if (reason) console.warn(`SKIPPED a camera behind a real GStreamer: ${reason}`);

describe.skipIf(reason !== undefined)('a camera behind a real GStreamer', () => {
  function camera(pipeline: string) {
    const clock = new WallClock();
    const imager = new GstreamerImager({ pipeline, width: 50, height: 40, clock });
    onTestFinished(() => {
      imager.close();
      clock.release();
    });
    const into = new Uint8Array(50 * 40 * 3);
    return { imager, into, clock, capture: () => imager.capture(into) };
  }

  it('PGE-GST-001: gives frames of videotestsrc, each later than the one before', async () => {
    const { capture, into, clock } = camera('videotestsrc is-live=true pattern=red ! videoconvert');
    const times: number[] = [0];
    for (let n = 0; n < 3; n++) {
      const taken = await capture();
      if (!taken.ok) throw new Error(taken.error.text);
      expect(taken.value.atUs).toBeGreaterThan(times.at(-1) ?? 0);
      expect(taken.value.atUs).toBeLessThanOrEqual(clock.nowUs());
      times.push(taken.value.atUs);
    }
    for (let at = 0; at < into.length; at += 3) expect([...into.subarray(at, at + 3)]).toEqual([255, 0, 0]);
  });

  it('PGE-GST-005: counts what is lost between the source and here', async () => {
    const { capture, imager } = camera('videotestsrc is-live=true ! identity drop-probability=0.5');
    expect((await capture()).ok).toBe(true);
    await vi.waitFor(() => expect(imager.health().dropped).toBeGreaterThan(0), { timeout: 20_000 });
  });

  it('PGE-GST-006: says that the camera gives another size', async () => {
    const { capture } = camera('videotestsrc is-live=true ! video/x-raw,width=64,height=48');
    expect(await capture()).toMatchObject({
      error: { code: 'CAMERA_SIZE', text: 'the camera gives 64x48 RGB, 50x40 RGB expected' },
    });
  });

  it('PGE-GST-006: sees that the size changes in flight', async () => {
    const { capture } = camera(
      'videotestsrc is-live=true num-buffers=3 ! video/x-raw,width=50,height=40,format=RGB ! concat name=c ' +
        'videotestsrc is-live=true ! video/x-raw,width=64,height=48,format=RGB ! c. c. ! identity',
    );
    expect((await capture()).ok).toBe(true);
    let last = await capture();
    while (last.ok) last = await capture();
    expect(last.error.text).toBe('the camera gives 64x48 RGB, 50x40 RGB expected');
  });

  it('PGE-GST-011: says what GStreamer says of a pipeline that it does not know, and of a device that is not there', async () => {
    expect(await camera('nosuchsrc').capture()).toMatchObject({
      error: { code: 'CAMERA_PIPELINE', text: expect.stringContaining('no element "nosuchsrc"') },
    });
    expect(await camera('v4l2src device=/dev/video99 ! videoconvert').capture()).toMatchObject({
      error: { code: 'CAMERA_PIPELINE', text: expect.stringContaining('/dev/video99') },
    });
  });

  it('PGE-GST-008: starts a pipeline again that has come to its end', async () => {
    const { capture, imager } = camera('videotestsrc is-live=true num-buffers=2');
    while ((await capture()).ok);
    await vi.waitFor(() => expect(imager.health().restarts).toBeGreaterThan(0), { timeout: 20_000 });
    expect((await capture()).ok).toBe(true);
  });
});
