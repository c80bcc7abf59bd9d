/** What components and missions import. */
export type {
  Board,
  Capture,
  Contact,
  Ephemeris,
  FileStat,
  FileStore,
  GroundView,
  HostMonitor,
  Imager,
  ImagerHealth,
  Memory,
  Neighbours,
  Radio,
  Storage,
  Watchdog,
} from './board';
export { BufferPool, type PooledBuffer } from './buffers';
export { type LimitState, limitState } from './channels';
export type { Clock, Timer } from './clock';
export { type CommandMeta, component, type Self, type SelfOf } from './component';
export { isConnected } from './deployment';
export type { Dictionary } from './dictionary';
export { folderOf, readWhole, writeWhole } from './files';
export {
  type AuthorityName,
  authorities,
  type Band,
  defineComponent,
  type SeverityName,
  severities,
} from './model';
export { type FramePlace, pixelPlace } from './pixelPlace';
export { type Arguments, input, output, port, Serial } from './ports';
export type { Place, Pushbroom, Scan, SpectralBand, Swath } from './pushbroom';
export type { Random } from './random';
export * from './standardPorts';
export type { Tick, Ticker, Ticking, TickSchedule } from './ticker';
export { Time, timeOf, unixUsOf } from './time';
export { connect, defineTopology, instance, type Topology } from './topology';
export { type Tripled, tripled } from './tripled';
export * from './types';
