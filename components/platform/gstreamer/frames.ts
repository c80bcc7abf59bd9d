/** The frames of one run of a pipeline: the newest is kept, those that the source lost are counted. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { GdpHeader, GdpReceiver } from './gdp';

/** How much the clocks of pipeline and flight may drift apart, as a share of time. */
const DRIFT = 1e-4;

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  /** Flight time, microseconds. */
  nowUs(): number;
  /** A frame is there. */
  onFrame(): void;
}

interface Slot {
  readonly bytes: Uint8Array;
  arrivedUs: number;
  atUs: number;
  full: boolean;
}

/** Memory: two frames. */
export class Frames implements GdpReceiver {
  received = 0;
  dropped = 0;
  /** GStreamer pads each row to a multiple of four bytes. */
  private readonly stride: number;
  private periodUs = 0;
  private formKnown = false;
  private filling: Slot;
  private newest: Slot;
  private lastNumber: number | undefined;
  private lastPtsUs: number | undefined;
  /** Flight time at the pipeline's time 0, as the frame that came with the least delay shows it. */
  private zeroUs: number | undefined;

  constructor(private readonly options: FrameOptions) {
    this.stride = Math.ceil((options.width * 3) / 4) * 4;
    const slot = () => ({
      bytes: new Uint8Array(this.stride * options.height),
      arrivedUs: 0,
      atUs: 0,
      full: false,
    });
    this.filling = slot();
    this.newest = slot();
  }

  /** Errors: CAMERA_SIZE, for any form but that which was set. */
  caps(text: string): Result<void> {
    const field = (name: string) => new RegExp(`\\b${name}=\\(\\w+\\)([\\w/]+)`).exec(text)?.[1] ?? '?';
    const { width, height } = this.options;
    const found = `${field('width')}x${field('height')} ${field('format')}`;
    const expected = `${width}x${height} RGB`;
    if (found !== expected) return fail('CAMERA_SIZE', { found, expected });
    const [frames = 0, seconds = 1] = field('framerate').split('/').map(Number);
    this.periodUs = frames > 0 ? (1e6 * seconds) / frames : 0;
    this.formKnown = true;
    return succeed(undefined);
  }

  begin({ bytes }: GdpHeader): Result<Uint8Array> {
    const { filling } = this;
    if (!this.formKnown) return fail('CAMERA_STREAM', { why: 'a frame comes before its form' });
    if (bytes !== filling.bytes.length)
      return fail('CAMERA_STREAM', { why: `a frame of ${bytes} bytes, ${filling.bytes.length} expected` });
    filling.arrivedUs = this.options.nowUs();
    return succeed(filling.bytes);
  }

  end({ ptsUs, number }: GdpHeader): void {
    const { filling } = this;
    this.received++;
    this.dropped += this.lostBefore(ptsUs, number);
    filling.atUs = this.flightTime(ptsUs, filling.arrivedUs);
    filling.full = true;
    this.lastNumber = number;
    this.lastPtsUs = ptsUs;
    [this.filling, this.newest] = [this.newest, filling];
    this.options.onFrame();
  }

  /**
   * Copies the newest frame, and returns the flight time of its exposure; undefined when it was taken already, or came
   * before `sinceUs`.
   */
  take(into: Uint8Array, sinceUs: number): number | undefined {
    const { newest, stride } = this;
    if (!newest.full || newest.arrivedUs < sinceUs) return undefined;
    newest.full = false;
    const rowBytes = this.options.width * 3;
    for (let row = 0; row < this.options.height; row++)
      into.set(newest.bytes.subarray(row * stride, row * stride + rowBytes), row * rowBytes);
    return newest.atUs;
  }

  /** By the source's own count where it has one (V4L2 does), else by the gap between time-stamps. */
  private lostBefore(ptsUs: number | undefined, number: number | undefined): number {
    if (number !== undefined && this.lastNumber !== undefined)
      return Math.max(0, number - this.lastNumber - 1);
    if (ptsUs === undefined || this.lastPtsUs === undefined || this.periodUs === 0) return 0;
    return Math.max(0, Math.round((ptsUs - this.lastPtsUs) / this.periodUs) - 1);
  }

  /**
   * A frame arrives late by whatever kept it; its time-stamp does not. The first maps the pipeline's time to ours, each that
   * comes with less delay corrects that, and the clocks may drift.
   */
  private flightTime(ptsUs: number | undefined, arrivedUs: number): number {
    if (ptsUs === undefined) return arrivedUs;
    const seen = arrivedUs - ptsUs;
    const drift = DRIFT * Math.max(0, ptsUs - (this.lastPtsUs ?? ptsUs));
    this.zeroUs = this.zeroUs === undefined ? seen : Math.min(seen, this.zeroUs + drift);
    return Math.round(ptsUs + this.zeroUs);
  }
}
