/** A camera behind a GStreamer pipeline (USB, CSI, network), which runs as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import type { Capture, Clock, Imager, ImagerHealth, Timer } from '../../../fsw/framework';
import { gstArguments, gstReason } from './command';
import { Frames } from './frames';
import { GdpReader } from './gdp';

const FIRST_PAUSE_US = 1e6;
const LONGEST_PAUSE_US = 30e6;
const STDERR_BYTES = 4096;

export interface GstreamerImagerOptions {
  /** Up to raw video of any form, such as `v4l2src ! videoconvert`; what follows is ours (see `gstArguments`). */
  readonly pipeline: string;
  readonly width: number;
  readonly height: number;
  /** A frame must come within this time of the one before. */
  readonly deadlineMs?: number;
  /** The first frame must come within this time of the start. */
  readonly startDeadlineMs?: number;
  readonly clock: Pick<Clock, 'nowUs' | 'after'>;
  /** What runs a pipeline; a test has its own. */
  readonly program?: readonly string[];
}

/** An order that waits for a frame. */
interface Order {
  readonly into: Uint8Array;
  readonly resolve: (result: Result<Capture>) => void;
}

/**
 * The pipeline starts with the first capture and then runs on; a capture gives its newest frame, each once, with the
 * flight time of its exposure. A pipeline that ends, stalls, changes its size or writes nonsense fails the captures that
 * wait, is ended, and started again after 1 s, 2 s … 30 s; until then each capture fails at once, with the reason.
 * Errors of `capture`: IMAGER_BUFFER_SIZE, CAMERA_STALLED, CAMERA_SIZE, CAMERA_STREAM, CAMERA_PIPELINE.
 */
export class GstreamerImager implements Imager {
  readonly width: number;
  readonly height: number;
  private child: ChildProcess | undefined;
  private frames: Frames | undefined;
  private readonly orders: Order[] = [];
  private watchdog: Timer | undefined;
  private restart: Timer | undefined;
  private pauseUs = FIRST_PAUSE_US;
  /** When the pipeline last gave a sign of life: its start, or a frame. */
  private aliveUs = 0;
  private trouble: Failed | undefined;
  private closed = false;
  private readonly past = { received: 0, dropped: 0, restarts: 0 };

  constructor(private readonly options: GstreamerImagerOptions) {
    this.width = options.width;
    this.height = options.height;
  }

  async capture(into: Uint8Array): Promise<Result<Capture>> {
    const needed = this.width * this.height * 3;
    if (into.length !== needed) return fail('IMAGER_BUFFER_SIZE', { length: into.length, needed });
    if (this.closed) return fail('CAMERA_PIPELINE', { why: 'it was closed' });
    if (this.restart !== undefined && this.trouble) return this.trouble;
    if (this.child === undefined) this.start();
    const taken = this.take(into);
    if (taken !== undefined) return taken;
    return new Promise((resolve) => this.orders.push({ into, resolve }));
  }

  health(): ImagerHealth {
    const { received, dropped, restarts } = this.past;
    return {
      received: received + (this.frames?.received ?? 0),
      dropped: dropped + (this.frames?.dropped ?? 0),
      restarts,
    };
  }

  close(): void {
    this.closed = true;
    this.end(fail('CAMERA_PIPELINE', { why: 'it was closed' }));
    this.restart?.cancel();
  }

  private take(into: Uint8Array): Result<Capture> | undefined {
    const sinceUs = this.options.clock.nowUs() - this.deadlineUs();
    const atUs = this.frames?.take(into, sinceUs);
    return atUs === undefined ? undefined : succeed({ atUs });
  }

  private start(): void {
    const { pipeline, width, height, clock, program = ['gst-launch-1.0'] } = this.options;
    const args = gstArguments(pipeline, width, height);
    if (!args.ok) {
      this.pause(args);
      return;
    }
    const [command = '', ...first] = program;
    const child = spawn(command, [...first, ...args.value], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.child = child;
    // What still comes from a pipeline that was given up is of no interest.
    const current = (act: () => void) => {
      if (this.child === child) act();
    };
    const frames = new Frames({ width, height, nowUs: () => clock.nowUs(), onFrame: () => this.onFrame() });
    this.frames = frames;
    const reader = new GdpReader(frames);
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => {
      stderr = (stderr + text.toString('utf8')).slice(-STDERR_BYTES);
    });
    // A pipe that breaks is followed by the end of the process, which says why.
    for (const pipe of [child.stderr, child.stdio[3]]) pipe?.on('error', () => undefined);
    child.stdio[3]?.on('data', (chunk: Buffer) =>
      current(() => {
        const read = reader.push(chunk);
        if (!read.ok) this.end(read);
      }),
    );
    child.on('error', (error) =>
      current(() => this.end(fail('CAMERA_PIPELINE', { why: `${command}: ${error.message}` }))),
    );
    child.on('close', (code, signal) =>
      current(() => {
        const why = gstReason(stderr) ?? `${command} ended (${signal ?? `exit code ${code}`})`;
        this.end(fail('CAMERA_PIPELINE', { why }));
      }),
    );
    this.aliveUs = clock.nowUs();
    this.watch(this.deadlineUs());
  }

  private onFrame(): void {
    this.aliveUs = this.options.clock.nowUs();
    this.pauseUs = FIRST_PAUSE_US;
    if (this.frames?.received === 1) {
      this.watchdog?.cancel();
      this.watch(this.deadlineUs());
    }
    const order = this.orders[0];
    const taken = order && this.take(order.into);
    if (taken === undefined) return;
    this.orders.shift()?.resolve(taken);
  }

  /** Until its first frame, a pipeline has more time: a sensor has to be set up. */
  private deadlineUs(): number {
    const { deadlineMs = 2_000, startDeadlineMs = 10_000 } = this.options;
    return (this.frames?.received ? deadlineMs : startDeadlineMs) * 1000;
  }

  private watch(delayUs: number): void {
    this.watchdog = this.options.clock.after(delayUs, () => {
      const silentUs = this.options.clock.nowUs() - this.aliveUs;
      const leftUs = this.deadlineUs() - silentUs;
      if (leftUs > 0) this.watch(leftUs);
      else this.end(fail('CAMERA_STALLED', { seconds: (silentUs / 1e6).toFixed(1) }));
    });
  }

  /** Gives the pipeline up, and everybody who waits for it the reason. */
  private end(reason: Failed): void {
    const { child, frames } = this;
    this.child = undefined;
    this.frames = undefined;
    this.watchdog?.cancel();
    this.past.received += frames?.received ?? 0;
    this.past.dropped += frames?.dropped ?? 0;
    kill(child, 'SIGINT');
    this.pause(reason, child);
  }

  /** The device must be free before the next start: a process that does not end by itself is killed then. */
  private pause(reason: Failed, ended?: ChildProcess): void {
    this.trouble = reason;
    for (const { resolve } of this.orders.splice(0)) resolve(reason);
    const delayUs = this.pauseUs;
    this.pauseUs = Math.min(LONGEST_PAUSE_US, 2 * delayUs);
    this.restart = this.options.clock.after(delayUs, () => {
      this.restart = undefined;
      kill(ended, 'SIGKILL');
      if (this.closed) return;
      this.past.restarts++;
      this.start();
    });
  }
}

/** A program that could not be started has no pid until Node says so: libuv would signal pid 0, our own process group. */
function kill(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid !== undefined) child.kill(signal);
}
