/** What the camera knows between two messages. */
import type { Result } from '../../../fsw/errors';
import type { BufferPool, Place, PooledBuffer, Pushbroom, Scan, SelfOf, Swath } from '../../../fsw/framework';
import type { highResCameraModel } from './model';
import type { Shape } from './strips';

export interface Order extends Place {
  /** Undefined: by command, nobody waits for the answer. */
  readonly ticket: number | undefined;
  readonly target: string;
}

/** What the imager was asked, and its answer once it is there. A buffer is the driver's until then. */
interface Asked<T> {
  readonly sinceUs: number;
  answer?: Result<T>;
}
export interface OpenJob extends Asked<Swath> {
  readonly kind: 'open';
}
export interface ReadJob extends Asked<Scan> {
  readonly kind: 'read';
  readonly lines: number;
  readonly buffer: PooledBuffer;
}
export type Job = OpenJob | ReadJob;

export interface Capture {
  readonly order: Order;
  readonly number: number;
  /** The shutter opens then. */
  readonly atUs: number;
  job: Job | undefined;
  open: { readonly swath: Swath; readonly shape: Shape } | undefined;
  strips: number;
  lines: number;
  /** No buffer since then. */
  waitingUs: number | undefined;
}

export interface State {
  readonly imager: Pushbroom | undefined;
  readonly pool: BufferPool;
  capture: Capture | undefined;
  /** Calls of the driver that were given up and have not come back: until they do, the imager is not asked again. */
  stragglers: number;
  safe: boolean;
  captures: number;
  done: number;
  failed: number;
  stripsSent: number;
  waitTicks: number;
}

export type Camera = SelfOf<typeof highResCameraModel, State>;
