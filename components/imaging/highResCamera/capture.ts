/** A capture from its order to its end, one step a message: nothing waits inside a handler, so that ABORT is always heard. */
import { type ErrorCode, type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import { type GroundView, type Scan, type Swath, timeOf } from '../../../fsw/framework';
import type { Camera, Capture, Job, OpenJob, Order, ReadJob, State } from './state';
import { checkShape, type Shape, shapeOf, stackOver, stripBytes } from './strips';

/** Takes an order on; its shutter opens at `atUs`. Errors: HIGHRES_BUSY, CAMERA_NO_IMAGER. */
export function beginCapture(self: Camera, order: Order, atUs: number): Result<void> {
  const { state, clock, config, board } = self;
  if (state.imager === undefined) {
    const known = Object.keys(board.pushbrooms ?? {}).join(', ') || 'none';
    return fail('CAMERA_NO_IMAGER', { imager: config.imager, known });
  }
  if (state.safe) return fail('HIGHRES_BUSY', { why: 'safe mode' });
  if (state.capture) return fail('HIGHRES_BUSY', { why: `capture of ${state.capture.order.target}` });
  if (state.stragglers > 0) return fail('HIGHRES_BUSY', { why: 'the imager still owes an answer' });
  state.capture = {
    order,
    number: state.captures,
    atUs,
    job: undefined,
    open: undefined,
    strips: 0,
    lines: 0,
    waitingUs: undefined,
  };
  // The tick alone would be up to a second late: seven kilometres of ground.
  clock.after(Math.max(0, atUs - clock.nowUs()), () => wake(self));
  return succeed(undefined);
}

/** The next step, if its time has come. */
export function advance(self: Camera): void {
  const { state, clock, param, config, tlm } = self;
  const { capture } = state;
  tlm.BuffersFree(state.pool.available);
  if (capture === undefined || clock.nowUs() < capture.atUs) return;
  const { job } = capture;
  if (job?.answer === undefined) {
    if (job === undefined) step(self, capture);
    else if (clock.nowUs() - job.sinceUs >= param.StallS * 1e6)
      failed(self, capture, fail('HIGHRES_STALLED', { imager: config.imager, seconds: param.StallS }));
    return;
  }
  capture.job = undefined;
  if (job.kind === 'open') opened(self, capture, job.answer);
  else scanned(self, capture, job, job.answer);
  if (state.capture === capture) wake(self);
}

/** Ends a capture that is not complete, with what its receivers need to know. */
export function finish(
  self: Camera,
  capture: Capture,
  status: 'DONE' | 'NO_IMAGERY' | 'FAILED' | 'ABORTED',
  reason = '',
): void {
  const { state, out, event, tlm } = self;
  const { order, number, strips, lines } = capture;
  abandon(state, capture);
  if (status === 'DONE') tlm.CapturesDone(++state.done);
  else tlm.CapturesFailed(++state.failed);
  if (status === 'DONE') event.CaptureEnded({ target: order.target, capture: number, strips, lines });
  if (status === 'ABORTED') event.CaptureAborted({ target: order.target, reason, strips });
  if (strips > 0) out.captureEndOut({ capture: number, target: order.target, strips, height: lines });
  if (order.ticket !== undefined) out.doneOut({ ticket: order.ticket, status, strips });
  tlm.BuffersFree(state.pool.available);
}

/** Lets a capture go. What the driver works on is its own until it answers; then it is given back. */
export function abandon(state: State, capture: Capture): void {
  state.capture = undefined;
  const { job, open } = capture;
  if (job !== undefined && job.answer === undefined) {
    state.stragglers++;
    return;
  }
  if (job) putAway(job, open?.swath);
  else if (open) closeQuietly(open.swath);
}

function failed(self: Camera, capture: Capture, { error }: Failed): void {
  const { order, strips } = capture;
  self.event.CaptureFailed({ target: order.target, code: error.code, reason: error.text, strips });
  const nothing: ErrorCode = 'PUSHBROOM_NOTHING_THERE';
  finish(self, capture, error.code === nothing ? 'NO_IMAGERY' : 'FAILED');
}

/** Asks the imager for the next thing: to open, or for a strip. */
function step(self: Camera, capture: Capture): void {
  const { state, clock, config, param, tlm } = self;
  const { imager } = state;
  const { open, order } = capture;
  if (imager === undefined) return;
  const sinceUs = clock.nowUs();
  if (open === undefined) {
    state.captures++;
    const job: OpenJob = { kind: 'open', sinceUs };
    const { latDeg, lonDeg } = order;
    const pending = guarded(() => imager.open({ latDeg, lonDeg }), config.imager);
    ask(self, capture, job, pending, config.openUs, (answer) => {
      job.answer = answer;
    });
    return;
  }
  const { swath, shape } = open;
  const left = swath.lines === undefined ? config.stripLines : swath.lines - capture.lines;
  const lines = Math.min(config.stripLines, Math.floor(left / shape.grain) * shape.grain);
  if (!(lines > 0)) {
    if (left > 0) self.event.LinesDropped({ target: order.target, lines: left, grain: shape.grain });
    finish(self, capture, 'DONE');
    return;
  }
  const buffer = state.pool.acquire(stripBytes(shape, lines));
  if (!buffer.ok) {
    // Buffers come back with the ticks; the pool is the bound of what is under way.
    capture.waitingUs ??= sinceUs;
    tlm.WaitTicks(++state.waitTicks);
    const seconds = param.BufferWaitS;
    if (sinceUs - capture.waitingUs >= seconds * 1e6)
      failed(self, capture, fail('HIGHRES_NO_BUFFER', { seconds }));
    return;
  }
  capture.waitingUs = undefined;
  const { planes } = stackOver(shape, lines, buffer.value);
  const job: ReadJob = { kind: 'read', lines, buffer: buffer.value, sinceUs };
  const pending = guarded(() => swath.read(lines, planes), config.imager);
  ask(self, capture, job, pending, lines * config.lineUs, (answer) => {
    job.answer = answer;
  });
}

function opened(self: Camera, capture: Capture, answer: Result<Swath>): void {
  const { config, event, state } = self;
  if (!answer.ok) {
    failed(self, capture, answer);
    return;
  }
  const swath = answer.value;
  const shape = shapeOf(swath, config.imager);
  if (shape.ok) capture.open = { swath, shape: shape.value };
  else closeQuietly(swath);
  const fits = shape.ok ? checkStrip(shape.value, config.stripLines, state.pool.blockSize) : shape;
  if (!fits.ok) {
    failed(self, capture, fits);
    return;
  }
  event.CaptureStarted({ target: capture.order.target, capture: capture.number });
}

function scanned(self: Camera, capture: Capture, { buffer, lines }: ReadJob, answer: Result<Scan>): void {
  const { state, clock, config, out, tlm } = self;
  const { open, order } = capture;
  if (open === undefined) return;
  const { swath, shape } = open;
  const same = answer.ok ? checkShape(shape, swath, config.imager) : answer;
  if (!answer.ok || !same.ok) {
    buffer.release();
    const known = swath.lines !== undefined;
    if (!answer.ok && answer.error.code === 'SWATH_END' && !known) finish(self, capture, 'DONE');
    else if (!same.ok) failed(self, capture, same);
    return;
  }
  const { atUs, view = NOWHERE } = answer.value;
  const { latDeg, lonDeg, headingDeg, gsdM } = view;
  const info = {
    capture: capture.number,
    target: order.target,
    strip: capture.strips,
    firstLine: capture.lines,
    time: timeOf(clock.epochUs + atUs),
    width: shape.width,
    height: lines,
    latDeg,
    lonDeg,
    headingDeg,
    gsdM,
  };
  capture.strips++;
  capture.lines += lines;
  tlm.StripsSent(++state.stripsSent);
  out.stripOut({ info, stack: stackOver(shape, lines, buffer) });
}

const NOWHERE: GroundView = { latDeg: 0, lonDeg: 0, headingDeg: 0, gsdM: 0 };

/** Errors: HIGHRES_STRIP. */
function checkStrip(shape: Shape, lines: number, max: number): Result<void> {
  const needed = stripBytes(shape, lines);
  if (lines % shape.grain === 0 && needed <= max) return succeed(undefined);
  const scales = [...new Set(shape.bands.map(({ scale }) => scale))].join(', ');
  return fail('HIGHRES_STRIP', { lines, scales, needed, max });
}

/** Starts a call of the driver; its answer is noted, and the next message takes it up. */
function ask<T>(
  self: Camera,
  capture: Capture,
  job: Job,
  pending: Promise<Result<T>>,
  costUs: number,
  note: (answer: Result<T>) => void,
): void {
  const { state, clock } = self;
  capture.job = job;
  void clock.work(pending, costUs).then((answer) => {
    note(answer);
    if (capture.job === job && state.capture === capture) {
      wake(self);
      return;
    }
    state.stragglers--;
    putAway(job, capture.open?.swath);
  });
}

/** A driver that throws instead of returning its failure costs a capture, not its buffer. */
async function guarded<T>(call: () => Promise<Result<T>>, imager: string): Promise<Result<T>> {
  try {
    return await call();
  } catch (error) {
    return fail('CAMERA_DRIVER', { imager, reason: String(error) });
  }
}

/** What a job of a capture that is over holds. */
function putAway(job: Job, open: Swath | undefined): void {
  if (job.kind === 'read') job.buffer.release();
  const swath = job.kind === 'open' && job.answer?.ok ? job.answer.value : open;
  if (swath) closeQuietly(swath);
}

/** Nobody waits for a swath that is closed; a driver that throws here has nothing left to lose. */
function closeQuietly(swath: Swath): void {
  try {
    swath.close();
  } catch {}
}

function wake(self: Camera): void {
  self.in.schedIn({ context: 0 });
}
