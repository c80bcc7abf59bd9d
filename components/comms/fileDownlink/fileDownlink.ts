/** Sends files of the board's store down the link as F´ file packets, no faster than the link takes them. */
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import {
  Com,
  component,
  defineComponent,
  I8,
  input,
  isConnected,
  ok,
  output,
  refused,
  Sched,
  type SelfOf,
  string,
  U16,
  U32,
  type Value,
} from '../../../fsw/framework';
import {
  addModularChecksum,
  FILE_DATA_OVERHEAD,
  type FilePacket,
  filePacket,
  SPACE_PACKET_HEADER_LENGTH,
} from '../../../fsw/protocols';
import { checksumOnDisk } from '../checksumOnDisk';
import { Backlog, FilePath, FileSend, FileSendDone, type FileSendStatus } from '../ports';

/** What the Com port carries at most, less what is not the file's. */
const MAX_CHUNK = 1016 - FILE_DATA_OVERHEAD;
/** Components that may ask for files. */
const REQUESTERS = 2;
const MAX_SIZE = 0xffffffff;

const model = defineComponent({
  kind: 'active',
  doc: 'Sends files down as F´ file packets, paced by the tick and by what waits for the link.',
  ports: {
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    fileSend: input.sync(FileSend, REQUESTERS),
    fileDone: output(FileSendDone, REQUESTERS),
    comOut: output(Com),
    backlog: output(Backlog, { optional: true }),
  },
  commands: {
    SendFile: {
      id: 0,
      args: { sourceFilename: FilePath, destFilename: FilePath },
      doc: 'Send a file of the store; it waits for its turn. FileSent tells when all of it went to the link.',
    },
    Cancel: { id: 1, doc: 'Give up the file that is being sent; those that wait stay.' },
    SendPartial: {
      id: 2,
      args: { sourceFilename: FilePath, destFilename: FilePath, startOffset: U32, length: U32 },
      doc: 'Send a part of a file, as when the ground misses it; length 0 means up to the end.',
    },
  },
  events: {
    SendStarted: {
      id: 0,
      severity: 'activity-low',
      args: { fileSize: U32, sourceFileName: FilePath, destFileName: FilePath },
      format: 'sending {sourceFileName} ({fileSize} bytes) as {destFileName}',
      doc: 'START was handed to the link.',
    },
    FileSent: {
      id: 1,
      severity: 'activity-high',
      args: { sourceFileName: FilePath, destFileName: FilePath },
      format: 'sent {sourceFileName} as {destFileName}',
      doc: 'END was handed to the link. Whether all arrived, only the ground knows.',
    },
    DownlinkCanceled: {
      id: 2,
      severity: 'activity-high',
      args: { sourceFileName: FilePath, destFileName: FilePath },
      format: 'gave up sending {sourceFileName} as {destFileName}',
      doc: 'By command.',
    },
    FileOpenError: {
      id: 3,
      severity: 'warning-high',
      args: { fileName: FilePath, code: string(24), reason: string(120) },
      format: 'cannot send {fileName}: {code}: {reason}',
      doc: 'The file is not there, is a folder, or does not have the part asked for.',
    },
    FileReadError: {
      id: 4,
      severity: 'warning-high',
      args: { fileName: FilePath, code: string(24), reason: string(120) },
      format: 'stopped sending {fileName}: {code}: {reason}',
      doc: 'The file could not be read on; CANCEL was sent to the ground.',
    },
  },
  telemetry: {
    FilesSent: { id: 0, type: U32, update: 'on-change', doc: 'Files sent since boot.' },
    PacketsSent: { id: 1, type: U32, update: 'on-change', doc: 'File packets handed to the link.' },
    FilesWaiting: {
      id: 2,
      type: U16,
      update: 'on-change',
      doc: 'Files that wait, the one under way counted.',
    },
    BytesLeft: { id: 3, type: U32, update: 'on-change', unit: 'B', doc: 'Of the file under way.' },
  },
  params: {
    BytesPerTick: {
      id: 0,
      type: U32,
      default: 16 << 10,
      min: 1,
      unit: 'B',
      doc: 'Bytes on the air that each tick hands to the link at most.',
    },
    MaxBacklogBytes: {
      id: 1,
      type: U32,
      default: 64 << 10,
      min: 1,
      unit: 'B',
      doc: 'No more is handed over while this many bytes wait for the link (needs backlog).',
    },
    ValuePerByteLog2: {
      id: 2,
      type: I8,
      default: -10,
      doc: 'What a byte on the air is worth, as a power of two: file packets of one power never overtake each other.',
    },
  },
  config: {
    maxFiles: { type: U16, default: 16, min: 1, doc: 'Files that may wait.' },
    chunkBytes: { type: U16, default: MAX_CHUNK, min: 1, max: MAX_CHUNK, doc: 'Of a file in each packet.' },
  },
});

interface Request {
  readonly source: string;
  readonly destination: string;
  readonly offset: number;
  /** 0: up to the end. */
  readonly length: number;
}

/** Who is told when it is done; commands are answered at once and have nobody. */
interface Waiting extends Request {
  readonly requester?: { readonly index: number; readonly key: number };
}

interface UnderWay extends Waiting {
  readonly size: number;
  /** The next byte to send, and the end of the part. */
  at: number;
  readonly end: number;
  sequence: number;
  /** Of the whole file, known at the start when a part is sent; else it grows with each packet. */
  checksum: number;
}

interface State {
  waiting: Waiting[];
  current: UnderWay | undefined;
  sent: number;
  packets: number;
}
type Self = SelfOf<typeof model, State>;
type Status = Value<typeof FileSendStatus>;

export const fileDownlink = component(model, {
  state: (): State => ({ waiting: [], current: undefined, sent: 0, packets: 0 }),
  ports: (self) => ({
    async schedIn() {
      const { param, out, state } = self;
      const room = isConnected(out.backlog) ? param.MaxBacklogBytes - out.backlog({}) : param.BytesPerTick;
      let left = Math.min(param.BytesPerTick, room);
      while (left > 0 && (state.current || state.waiting.length > 0)) left -= await step(self);
      report(self);
    },
    fileSend: ({ key, ...request }, index) =>
      enqueue(self, { ...request, requester: { index, key } }) ? 'OK' : 'REFUSED',
  }),
  commands: (self) => ({
    SendFile: ({ sourceFilename, destFilename }) =>
      commanded(self, { source: sourceFilename, destination: destFilename, offset: 0, length: 0 }),
    SendPartial: ({ sourceFilename, destFilename, startOffset, length }) =>
      commanded(self, { source: sourceFilename, destination: destFilename, offset: startOffset, length }),
    Cancel() {
      const { current } = self.state;
      if (current === undefined) return refused('no file is being sent');
      send(self, { type: 'cancel', sequence: current.sequence });
      self.event.DownlinkCanceled({ sourceFileName: current.source, destFileName: current.destination });
      finish(self, current, 'CANCELED');
      report(self);
      return ok;
    },
  }),
  start: (self) => report(self),
});

function commanded(self: Self, request: Request) {
  return enqueue(self, request) ? ok : refused(`${self.config.maxFiles} files wait already`, 'BUSY');
}

function enqueue({ state, config }: Self, request: Waiting): boolean {
  if (state.waiting.length >= config.maxFiles) return false;
  state.waiting.push(request);
  return true;
}

/** Sends one packet of the file under way, or of the next; returns what it takes on the air. */
async function step(self: Self): Promise<number> {
  const { state } = self;
  const { current } = state;
  if (current) return current.at < current.end ? sendData(self, current) : sendEnd(self, current);
  const next = state.waiting.shift();
  if (next === undefined) return 0;
  const opened = await open(self, next);
  if (!opened.ok) {
    const { code, text } = opened.error;
    self.event.FileOpenError({ fileName: next.source, code, reason: text });
    done(self, next, 'FAILED');
    return 0;
  }
  state.current = opened.value;
  const { size, source, destination } = opened.value;
  self.event.SendStarted({ fileSize: size, sourceFileName: source, destFileName: destination });
  return send(self, { type: 'start', sequence: opened.value.sequence++, size, source, destination });
}

async function open({ board, clock }: Self, request: Waiting): Promise<Result<UnderWay>> {
  const { source: path, offset, length } = request;
  const stat = board.files.stat(path);
  if (!stat.ok) return stat;
  const { kind, size } = stat.value;
  if (kind !== 'file') return fail('FILE_KIND', { path, kind: 'file' });
  if (size > MAX_SIZE) return fail('FILE_TOO_LARGE', { path, size, max: MAX_SIZE });
  const end = length === 0 ? size : offset + length;
  if (offset > size || end > size) return fail('FILE_FAILED', { path, why: `it ends at byte ${size}` });
  const isPart = offset > 0 || end < size;
  const checksum = isPart ? await checksumOnDisk({ files: board.files, clock }, path, size) : succeed(0);
  if (!checksum.ok) return checksum;
  return succeed({ ...request, size, at: offset, end, sequence: 0, checksum: checksum.value });
}

function sendData(self: Self, current: UnderWay): number {
  const { at, end, source } = current;
  const bytes = new Uint8Array(Math.min(self.config.chunkBytes, end - at));
  const read = self.board.files.read(source, at, bytes);
  if (!read.ok) return stopReading(self, current, read.error);
  if (read.value < bytes.length) {
    const why = `it now ends at byte ${at + read.value}`;
    return stopReading(self, current, fail('FILE_FAILED', { path: source, why }).error);
  }
  if (isWhole(current)) current.checksum = addModularChecksum(current.checksum, at, bytes);
  current.at += bytes.length;
  return send(self, { type: 'data', sequence: current.sequence++, offset: at, bytes });
}

function isWhole({ offset, end, size }: UnderWay): boolean {
  return offset === 0 && end === size;
}

function stopReading(self: Self, current: UnderWay, { code, text }: Fault): number {
  self.event.FileReadError({ fileName: current.source, code, reason: text });
  finish(self, current, 'FAILED');
  return send(self, { type: 'cancel', sequence: current.sequence });
}

function sendEnd(self: Self, current: UnderWay): number {
  const { source, destination, sequence, checksum } = current;
  const airBytes = send(self, { type: 'end', sequence, checksum });
  self.state.sent++;
  self.event.FileSent({ sourceFileName: source, destFileName: destination });
  finish(self, current, 'OK');
  return airBytes;
}

function finish(self: Self, current: UnderWay, status: Status): void {
  self.state.current = undefined;
  done(self, current, status);
}

function done({ out }: Self, { requester }: Waiting, status: Status): void {
  if (requester) out.fileDone[requester.index]({ key: requester.key, status });
}

/** Hands one packet to the link; returns what it takes on the air. */
function send({ state, out, param }: Self, packet: FilePacket): number {
  const written = filePacket(packet);
  if (!written.ok) return 0;
  const airBytes = written.value.length + SPACE_PACKET_HEADER_LENGTH;
  state.packets++;
  out.comOut({ data: written.value, value: airBytes * 2 ** param.ValuePerByteLog2 });
  return airBytes;
}

function report({ state, tlm }: Self): void {
  const { current, waiting, sent, packets } = state;
  tlm.FilesSent(sent);
  tlm.PacketsSent(packets);
  tlm.FilesWaiting(waiting.length + (current ? 1 : 0));
  tlm.BytesLeft(current ? current.end - current.at : 0);
}
