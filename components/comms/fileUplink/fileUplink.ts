/** Puts files together that come up the link in F´ file packets, in whatever order and however often interrupted. */
import { fail, type Result } from '../../../fsw/errors';
import {
  ComIn,
  component,
  defineComponent,
  input,
  ok,
  output,
  Sched,
  type SelfOf,
  string,
  U16,
  U32,
} from '../../../fsw/framework';
import { type FilePacket, readFilePacket, readRanges, showRanges } from '../../../fsw/protocols';
import { checksumOnDisk } from '../checksumOnDisk';
import { FileAnnounce, FilePath } from '../ports';
import {
  addData,
  discardUpload,
  finishUpload,
  keptUploads,
  openUpload,
  saveUpload,
  type Upload,
  type UploadName,
} from './upload';

/** Characters of an event that lists what is missing. */
const MAX_RANGES_TEXT = 600;
/** How many such events an END brings at most; the ground asks again for the rest. */
const MAX_RANGE_EVENTS = 4;

const model = defineComponent({
  kind: 'active',
  doc: 'Receives files as F´ file packets, tolerates lost and reordered ones, and goes on after a reboot.',
  ports: {
    fileIn: input.async(ComIn),
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    fileAnnounce: output(FileAnnounce, { optional: true }),
  },
  commands: {
    DISCARD_UPLOADS: { id: 0, doc: 'Remove all that is there of incomplete uploads, the one under way too.' },
  },
  events: {
    FileReceived: {
      id: 0,
      severity: 'activity-high',
      args: { path: FilePath },
      format: 'received {path}',
      doc: 'All bytes are there, their checksum is right, and the file is in its place.',
    },
    UploadStarted: {
      id: 1,
      severity: 'activity-high',
      args: { path: FilePath, size: U32, missing: U32, gaps: U32, ranges: string(MAX_RANGES_TEXT) },
      format: 'upload of {path}: {missing} of {size} bytes to come: {ranges}',
      doc: 'START was taken. `ranges` (offset+length, …) names the first of the gaps to be filled.',
    },
    FileIncomplete: {
      id: 2,
      severity: 'warning-low',
      args: { path: FilePath, missing: U32, gaps: U32, ranges: string(MAX_RANGES_TEXT) },
      format: '{path}: {missing} bytes missing in {gaps} gaps: {ranges}',
      doc: 'END came before all bytes did: send the ranges (offset+length, …) and END again. Many take several events.',
    },
    FileChecksumError: {
      id: 3,
      severity: 'warning-high',
      args: { path: FilePath, expected: U32, found: U32 },
      format: '{path}: checksum {found} is not {expected}: discarded',
      doc: 'All bytes are there and are not those that were sent; the upload begins anew.',
    },
    FileWriteError: {
      id: 4,
      severity: 'warning-high',
      args: { path: FilePath, code: string(24), reason: string(120) },
      format: '{path}: {code}: {reason}',
      throttle: 5,
      doc: 'The store refused a write; what is there stays. Sent again after the next START.',
    },
    FileOpenError: {
      id: 5,
      severity: 'warning-high',
      args: { path: FilePath, code: string(24), reason: string(120) },
      format: 'upload to {path} refused: {code}: {reason}',
      doc: 'START was refused: a path that climbs, a size over the limit, a store that is full.',
    },
    PacketOutOfBounds: {
      id: 6,
      severity: 'warning-low',
      args: { path: FilePath, offset: U32, length: U16 },
      format: '{path}: {length} bytes at {offset} lie outside of the file',
      throttle: 5,
      doc: 'A DATA packet was not used; sent again after the next START.',
    },
    DecodeError: {
      id: 7,
      severity: 'warning-low',
      args: { code: string(24), reason: string(120) },
      format: '{code}: {reason}',
      throttle: 5,
      doc: 'A file packet could not be read; sent again after the next START.',
    },
    InvalidReceiveMode: {
      id: 8,
      severity: 'warning-low',
      args: { packet: string(8) },
      format: '{packet} packet, and no file is under way',
      throttle: 3,
      doc: 'The START before it did not arrive or was refused; sent again after the next START.',
    },
    UplinkCanceled: {
      id: 9,
      severity: 'activity-high',
      args: { path: FilePath },
      format: 'upload of {path} canceled',
      doc: 'CANCEL came: all that is there of the file was removed.',
    },
    UploadSuspended: {
      id: 10,
      severity: 'activity-high',
      args: { path: FilePath, missing: U32 },
      format: 'upload of {path} waits, {missing} bytes missing',
      doc: 'Another file was started; its own START goes on with this one.',
    },
    UploadsDiscarded: {
      id: 11,
      severity: 'activity-high',
      args: { uploads: U16 },
      format: '{uploads} incomplete uploads removed',
      doc: 'By command, or the oldest made room for a new one.',
    },
  },
  telemetry: {
    FilesReceived: { id: 0, type: U32, update: 'on-change', doc: 'Files complete since boot.' },
    PacketsReceived: { id: 1, type: U32, update: 'on-change', doc: 'File packets since boot.' },
    PacketsRefused: { id: 2, type: U32, update: 'on-change', doc: 'Those that could not be used.' },
    BytesMissing: { id: 3, type: U32, update: 'on-change', unit: 'B', doc: 'Of the file under way.' },
  },
  config: {
    folder: { type: string(60), default: 'uplink', doc: 'Where files go, in the store of the board.' },
    partFolder: { type: string(60), default: 'uplink-parts', doc: 'Where incomplete ones are kept.' },
    maxFileBytes: { type: U32, default: 1 << 30, min: 1, unit: 'B', doc: 'The largest file that is taken.' },
    maxUploads: { type: U16, default: 8, min: 1, doc: 'Incomplete uploads that are kept; the oldest goes.' },
    maxGaps: { type: U32, default: 4096, min: 1, doc: 'Gaps in a file; DATA that would make more waits.' },
    saveBytes: {
      type: U32,
      default: 256 << 10,
      min: 1,
      unit: 'B',
      doc: 'New bytes after which what is there is put on the medium (each tick does it, too).',
    },
  },
});

interface State {
  upload: Upload | undefined;
  /** The file that was completed last: an END sent again is answered again. */
  last: { readonly path: string; readonly checksum: number } | undefined;
  received: number;
  packets: number;
  refused: number;
}
type Self = SelfOf<typeof model, State>;

export const fileUplink = component(model, {
  state: (): State => ({ upload: undefined, last: undefined, received: 0, packets: 0, refused: 0 }),
  ports: (self) => ({
    fileIn({ data }) {
      self.tlm.PacketsReceived(++self.state.packets);
      const packet = readFilePacket(data);
      if (!packet.ok) {
        self.event.DecodeError({ code: packet.error.code, reason: packet.error.text });
        refuse(self);
        return undefined;
      }
      return take(self, packet.value);
    },
    schedIn() {
      const { upload } = self.state;
      if (upload && upload.unsaved > 0) check(self, upload, save(self, upload));
    },
  }),
  commands: (self) => ({
    DISCARD_UPLOADS() {
      self.state.upload = undefined;
      self.tlm.BytesMissing(0);
      self.event.UploadsDiscarded({ uploads: makeRoom(self, 0) });
      return ok;
    },
  }),
  start({ tlm }) {
    tlm.FilesReceived(0);
    tlm.PacketsReceived(0);
    tlm.PacketsRefused(0);
    tlm.BytesMissing(0);
  },
  stop(self) {
    const { upload } = self.state;
    if (upload && upload.unsaved > 0) check(self, upload, save(self, upload));
  },
});

function take(self: Self, packet: FilePacket): void | Promise<void> {
  const { upload, last } = self.state;
  if (packet.type === 'start') begin(self, packet);
  else if (upload && packet.type === 'data') addPacket(self, upload, packet);
  else if (upload && packet.type === 'end') return end(self, upload, packet.checksum);
  else if (upload) cancel(self, upload);
  else if (packet.type === 'end' && last?.checksum === packet.checksum)
    self.event.FileReceived({ path: last.path });
  else {
    self.event.InvalidReceiveMode({ packet: packet.type });
    refuse(self);
  }
  return undefined;
}

type Start = FilePacket & { type: 'start' };

function begin(self: Self, { source, destination, size }: Start): void {
  const { state, config, event } = self;
  for (const name of ['FileWriteError', 'PacketOutOfBounds', 'DecodeError', 'InvalidReceiveMode'] as const)
    self.clearThrottle(name);
  const path = `${config.folder}/${destination.replace(/^\/+/, '')}`;
  suspend(self, path);
  state.last = undefined;
  const admitted = admit(self, { source, path, size });
  if (!admitted.ok) {
    event.FileOpenError({ path, code: admitted.error.code, reason: admitted.error.text });
    refuse(self);
    return;
  }
  const upload = admitted.value;
  state.upload = upload;
  check(self, upload, save(self, upload));
  const missing = size - upload.there.covered;
  const { ranges } = gapsOf(upload, 0);
  event.UploadStarted({ path, size, missing, gaps: countGaps(upload), ranges: ranges.text });
  self.tlm.BytesMissing(missing);
}

/** Opens the upload if the store and the limits take it. Errors: FILE_TOO_LARGE and those of the store. */
function admit(self: Self, name: UploadName): Result<Upload> {
  const { config, board } = self;
  const { path, size } = name;
  const folder = board.files.makeFolder(config.folder);
  if (!folder.ok) return folder;
  const target = board.files.stat(path);
  if (target.ok && target.value.kind === 'folder') return fail('FILE_KIND', { path, kind: 'file' });
  if (!target.ok && target.error.code !== 'FILE_MISSING') return target;
  if (size > config.maxFileBytes) return fail('FILE_TOO_LARGE', { path, size, max: config.maxFileBytes });
  const opened = openUpload(board.files, config.partFolder, name);
  if (!opened.ok) return opened;
  const { there } = opened.value;
  if (there.covered === 0) makeRoom(self, config.maxUploads - 1, opened.value);
  const free = board.files.freeBytes();
  if (!free.ok || free.value >= size - there.covered) return opened;
  if (there.covered === 0) discardUpload(board.files, opened.value);
  return fail('FILE_DISK_FULL', { path });
}

function cancel(self: Self, upload: Upload): void {
  self.state.upload = undefined;
  discardUpload(self.board.files, upload);
  self.tlm.BytesMissing(0);
  self.event.UplinkCanceled({ path: upload.path });
}

/** Another file is started: what is there of this one is put on the medium, and its own START will go on. */
function suspend(self: Self, startedPath: string): void {
  const { upload } = self.state;
  self.state.upload = undefined;
  if (upload === undefined) return;
  check(self, upload, save(self, upload));
  if (upload.path !== startedPath)
    self.event.UploadSuspended({ path: upload.path, missing: upload.size - upload.there.covered });
}

function addPacket(self: Self, upload: Upload, { offset, bytes }: FilePacket & { type: 'data' }): void {
  const { path, size, there } = upload;
  const end = offset + bytes.length;
  const inside = end <= size;
  if (!inside) self.event.PacketOutOfBounds({ path, offset, length: bytes.length });
  const fits = inside && there.countAfter(offset, end) <= self.config.maxGaps;
  if (!fits || !check(self, upload, addData(self.board.files, upload, offset, bytes))) {
    refuse(self);
    return;
  }
  self.tlm.BytesMissing(size - there.covered);
  if (upload.unsaved >= self.config.saveBytes) check(self, upload, save(self, upload));
}

async function end(self: Self, upload: Upload, expected: number): Promise<void> {
  const { state, event, board, clock } = self;
  const { path, size } = upload;
  if (!upload.there.hasAll(size)) {
    check(self, upload, save(self, upload));
    return reportGaps(self, upload);
  }
  const found = await checksumOnDisk({ files: board.files, clock }, upload.partFile, size);
  if (!check(self, upload, found)) return;
  if (found.value !== expected) {
    state.upload = undefined;
    discardUpload(board.files, upload);
    return event.FileChecksumError({ path, expected, found: found.value });
  }
  if (!check(self, upload, finishUpload(board.files, upload))) return;
  state.upload = undefined;
  state.last = { path, checksum: expected };
  self.tlm.FilesReceived(++state.received);
  event.FileReceived({ path });
  self.out.fileAnnounce({ path });
}

/** Says what is missing, in as many events as it takes or are allowed. */
function reportGaps({ event }: Self, upload: Upload): void {
  const { path, size, there } = upload;
  const gaps = countGaps(upload);
  let from = 0;
  for (let i = 0; i < MAX_RANGE_EVENTS && from < size; i++) {
    const { ranges, next } = gapsOf(upload, from);
    event.FileIncomplete({ path, missing: size - there.covered, gaps, ranges: ranges.text });
    from = next;
  }
}

/** The gaps from `from` on as text, as far as there is room, and where the first without room begins. */
function gapsOf({ there, size }: Upload, from: number) {
  const ranges = showRanges(there.missing(size, from), MAX_RANGES_TEXT);
  const listed = readRanges(ranges.text).at(-1)?.end ?? size;
  const [following] = there.missing(size, listed);
  return { ranges, next: following?.start ?? size };
}

function countGaps({ there, size }: Upload): number {
  return [...there.missing(size)].length;
}

/** Removes the oldest incomplete uploads, `except` apart, until `keep` are left; returns how many. */
function makeRoom({ board, config, event }: Self, keep: number, except?: Upload): number {
  const others = keptUploads(board.files, config.partFolder).filter(
    ({ partFile }) => partFile !== except?.partFile,
  );
  const gone = others.slice(0, Math.max(0, others.length - keep));
  for (const upload of gone) discardUpload(board.files, upload);
  if (except && gone.length > 0) event.UploadsDiscarded({ uploads: gone.length });
  return gone.length;
}

function save({ board, clock }: Self, upload: Upload): Result<void> {
  return saveUpload(board.files, upload, clock.epochUs + clock.nowUs());
}

/** Whether the store did it; if not, says so. */
function check<T>({ event }: Self, { path }: Upload, done: Result<T>): done is { ok: true; value: T } {
  if (!done.ok) event.FileWriteError({ path, code: done.error.code, reason: done.error.text });
  return done.ok;
}

function refuse({ state, tlm }: Self): void {
  tlm.PacketsRefused(++state.refused);
}
