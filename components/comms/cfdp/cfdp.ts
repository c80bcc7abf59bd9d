/** CFDP on board: files up and down, class 1 and 2, resumed after loss of signal and after a reboot. */
import { CfdpEntity, type Indication } from '../../../fsw/cfdp';
import type { Result } from '../../../fsw/errors';
import {
  bool,
  ComIn,
  component,
  defineComponent,
  Flush,
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
} from '../../../fsw/framework';
import { SPACE_PACKET_HEADER_LENGTH } from '../../../fsw/protocols';
import { conditionName, type TransactionId } from '../../../fsw/protocols/cfdp';
import { CFDP_APID, Pdu } from '../pduPort';
import { FileAnnounce, FilePath, FileSend, FileSendDone } from '../ports';

/** Components that may ask for files. */
const REQUESTERS = 2;
const Condition = string(40);
const transaction = { source: U32, sequence: U32 };

const model = defineComponent({
  kind: 'active',
  doc: 'Takes and sends files by CFDP, paced by the tick, while there is contact.',
  ports: {
    pduIn: input.async(ComIn),
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    fileSend: input.sync(FileSend, REQUESTERS),
    fileDone: output(FileSendDone, REQUESTERS),
    pduOut: output(Pdu),
    flush: output(Flush, { optional: true }),
    fileAnnounce: output(FileAnnounce, { optional: true }),
  },
  commands: {
    SEND_FILE: {
      id: 0,
      args: { sourceFilename: FilePath, destFilename: FilePath, entity: U32, acknowledged: bool },
      doc: 'Send a file to an entity: class 2 (acknowledged), else class 1.',
    },
    SUSPEND_TRANSACTION: { id: 1, args: transaction, doc: 'Send nothing more for it until it is resumed.' },
    RESUME_TRANSACTION: { id: 2, args: transaction, doc: 'Go on with a suspended transaction.' },
    CANCEL_TRANSACTION: { id: 3, args: transaction, doc: 'Give a transaction up and tell the peer.' },
    ABANDON_TRANSACTION: { id: 4, args: transaction, doc: 'Give a transaction up at once, telling nobody.' },
  },
  events: {
    TransferStarted: {
      id: 0,
      severity: 'activity-low',
      args: { ...transaction, fileName: FilePath, fileSize: U32 },
      format: 'transaction {source}-{sequence}: {fileName}, {fileSize} bytes',
      doc: 'A file begins to go down, or the metadata of one that comes up are here.',
    },
    TransferFinished: {
      id: 1,
      severity: 'activity-high',
      args: { ...transaction, fileName: FilePath },
      format: 'transaction {source}-{sequence}: {fileName} is over, complete',
      doc: 'All of it arrived and is right; in class 1 without closure: all of it was sent.',
    },
    TransferFailed: {
      id: 2,
      severity: 'warning-high',
      args: { ...transaction, fileName: FilePath, condition: Condition },
      format: 'transaction {source}-{sequence}: {fileName} ended: {condition}',
      doc: 'It was cancelled, here or by the peer; nothing was put in place.',
    },
    TransferSuspended: {
      id: 3,
      severity: 'warning-low',
      args: { ...transaction, condition: Condition },
      format: 'transaction {source}-{sequence} is suspended: {condition}',
      doc: 'By command until resumed by one; by a fault of the link until the peer is heard or contact begins.',
    },
    TransferResumed: {
      id: 4,
      severity: 'activity-high',
      args: transaction,
      format: 'transaction {source}-{sequence} goes on',
      doc: 'A suspended transaction goes on.',
    },
    TransferFault: {
      id: 5,
      severity: 'warning-low',
      args: { ...transaction, condition: Condition },
      format: 'transaction {source}-{sequence}: {condition}',
      doc: 'A fault that its handler ignores, or for which it was abandoned.',
    },
    Refused: {
      id: 6,
      severity: 'warning-low',
      args: { code: string(24), reason: string(120) },
      format: '{code}: {reason}',
      throttle: 10,
      doc: 'A PDU, a path or a journal that cannot be used; sent again once a file is over.',
    },
    OpenFailed: {
      id: 7,
      severity: 'warning-high',
      args: { code: string(24), reason: string(120) },
      format: 'no file can be taken or sent: {code}: {reason}',
      doc: 'The journal could not be opened; tried again at every tick.',
    },
  },
  telemetry: {
    PdusReceived: { id: 0, type: U32, update: 'on-change', doc: 'PDUs taken.' },
    PdusRefused: { id: 1, type: U32, update: 'on-change', doc: 'PDUs and requests refused.' },
    PdusSent: { id: 2, type: U32, update: 'on-change', doc: 'PDUs sent.' },
    BytesSent: { id: 3, type: U32, update: 'on-change', unit: 'B', doc: 'What they took on the air.' },
    Active: { id: 4, type: U16, update: 'on-change', doc: 'Transactions under way.' },
    Completed: { id: 5, type: U32, update: 'on-change', doc: 'Files over, complete.' },
    Failed: { id: 6, type: U32, update: 'on-change', doc: 'Transactions that ended otherwise.' },
    Progress: { id: 7, type: U32, update: 'on-change', unit: 'B', doc: 'Bytes done of all files under way.' },
  },
  params: {
    BytesPerTick: {
      id: 0,
      type: U32,
      default: 10_000,
      min: 1,
      unit: 'B',
      doc: 'On the air in each tick; a PDU that overdraws it is paid by the next tick.',
    },
  },
  config: {
    entityId: { type: U32, default: 2, doc: 'Ours.' },
    peers: {
      type: string(80),
      default: '11',
      doc: 'Entities that we talk with, numbers with commas between.',
    },
    maxPduLength: { type: U16, default: 900, min: 64, unit: 'B', doc: 'The longest PDU sent.' },
    ackTimeoutS: { type: U16, default: 10, min: 1, unit: 's', doc: 'Before EOF or Finished is sent again.' },
    nakTimeoutS: {
      type: U16,
      default: 10,
      min: 1,
      unit: 's',
      doc: 'Before what is missing is asked for again.',
    },
    repeats: { type: U16, default: 10, min: 1, doc: 'How often, before the transaction is suspended.' },
    inactivityS: {
      type: U16,
      default: 300,
      unit: 's',
      doc: 'Silence in contact that suspends; 0: none does.',
    },
    maxTransactions: { type: U16, default: 16, min: 1, doc: 'At a time, each way.' },
    maxFileMiB: { type: U32, default: 65_536, min: 1, unit: 'MiB', doc: 'The longest file taken.' },
  },
});

interface State {
  entity: CfdpEntity | undefined;
  /** Who is told when a file is over, by its transaction. */
  readonly asked: Map<string, { readonly index: number; readonly key: number }>;
  completed: number;
  failed: number;
}
type Self = SelfOf<typeof model, State>;

export const cfdp = component(model, {
  state: (): State => ({ entity: undefined, asked: new Map(), completed: 0, failed: 0 }),
  ports: (self) => ({
    pduIn({ data }) {
      self.state.entity?.receive(data, self.clock.nowUs());
    },
    schedIn() {
      const { board, clock, out, param, state } = self;
      const nowUs = clock.nowUs();
      const entity = state.entity ?? open(self);
      if (entity === undefined) return;
      entity.contact(board.ephemeris.contactAt(nowUs) !== undefined, nowUs);
      if (entity.tick(nowUs, param.BytesPerTick) > 0 && isConnected(out.flush)) out.flush({});
      report(self, entity);
    },
    fileSend({ source, destination, offset, length, key }, index) {
      const peer = Number(self.config.peers.split(',')[0]);
      if (offset !== 0 || length !== 0) return 'REFUSED';
      const id = put(self, { destination: peer, sourceName: source, destinationName: destination });
      if (id === undefined || !id.ok) return 'REFUSED';
      self.state.asked.set(keyOf(id.value), { index, key });
      return 'OK';
    },
  }),
  commands: (self) => {
    const act = (call: (entity: CfdpEntity) => Result<unknown> | undefined) => {
      const { entity } = self.state;
      const done = entity === undefined ? undefined : call(entity);
      return done?.ok ? ok : refused(done?.error.text ?? 'the journal is not open');
    };
    return {
      SEND_FILE: ({ sourceFilename, destFilename, entity, acknowledged }) =>
        act(() =>
          put(self, {
            destination: entity,
            sourceName: sourceFilename,
            destinationName: destFilename,
            acknowledged,
          }),
        ),
      SUSPEND_TRANSACTION: (id) => act((entity) => entity.suspend(id)),
      RESUME_TRANSACTION: (id) => act((entity) => entity.resume(id)),
      CANCEL_TRANSACTION: (id) => act((entity) => entity.cancel(id)),
      ABANDON_TRANSACTION: (id) => act((entity) => entity.abandon(id)),
    };
  },
  start(self) {
    open(self);
  },
});

function keyOf({ source, sequence }: TransactionId): string {
  return `${source}-${sequence}`;
}

function open(self: Self): CfdpEntity | undefined {
  const { board, clock, config, event, out, state } = self;
  const remote = {
    maxPduLength: config.maxPduLength,
    ackTimeoutUs: config.ackTimeoutS * 1e6,
    nakTimeoutUs: config.nakTimeoutS * 1e6,
    inactivityTimeoutUs: config.inactivityS * 1e6,
    ackLimit: config.repeats,
    nakLimit: config.repeats,
  };
  const opened = CfdpEntity.open(
    {
      id: config.entityId,
      remotes: config.peers.split(',').map((id) => ({ ...remote, id: Number(id) })),
      files: board.files,
      send: (data) => out.pduOut({ data, apid: CFDP_APID }),
      indicate: (indication) => tell(self, indication),
      packetOverhead: SPACE_PACKET_HEADER_LENGTH,
      maxSources: config.maxTransactions,
      maxDestinations: config.maxTransactions,
      maxFileBytes: config.maxFileMiB * 2 ** 20,
    },
    clock.nowUs(),
  );
  if (opened.ok) state.entity = opened.value;
  else event.OpenFailed({ code: opened.error.code, reason: opened.error.text });
  return state.entity;
}

function put(self: Self, request: Parameters<CfdpEntity['put']>[0]): Result<TransactionId> | undefined {
  const { entity } = self.state;
  const done = entity?.put(request);
  if (entity === undefined || !done?.ok) return done;
  const fileSize = entity.transactions().find(({ id }) => keyOf(id) === keyOf(done.value))?.fileSize ?? 0;
  self.event.TransferStarted({
    ...done.value,
    fileName: request.sourceName ?? '',
    fileSize: clipped(fileSize),
  });
  return done;
}

function tell(self: Self, indication: Indication): void {
  const { event, out, state } = self;
  switch (indication.kind) {
    case 'metadata-received': {
      const { id, destinationName, fileSize } = indication;
      event.TransferStarted({ ...id, fileName: destinationName.slice(0, 200), fileSize: clipped(fileSize) });
      return;
    }
    case 'finished': {
      const { id, name, outcome, role } = indication;
      const asked = state.asked.get(keyOf(id));
      state.asked.delete(keyOf(id));
      const fine = outcome.condition === 0 && outcome.complete;
      if (fine) {
        state.completed++;
        event.TransferFinished({ ...id, fileName: name });
        self.clearThrottle('Refused');
      } else {
        state.failed++;
        event.TransferFailed({ ...id, fileName: name, condition: conditionName(outcome.condition) });
      }
      if (asked !== undefined) out.fileDone[asked.index]({ key: asked.key, status: fine ? 'OK' : 'FAILED' });
      const arrived = fine && role === 'destination' && name !== '';
      if (arrived && isConnected(out.fileAnnounce)) out.fileAnnounce({ path: name });
      return;
    }
    case 'suspended':
      event.TransferSuspended({ ...indication.id, condition: conditionName(indication.condition) });
      return;
    case 'resumed':
      event.TransferResumed(indication.id);
      return;
    case 'abandoned':
      state.failed++;
      event.TransferFault({ ...indication.id, condition: conditionName(indication.condition) });
      return;
    case 'fault':
      event.TransferFault({ ...indication.id, condition: conditionName(indication.condition) });
      return;
    case 'refused':
      event.Refused({ code: indication.error.code, reason: indication.error.text });
      return;
    default:
      return;
  }
}

function report({ state, tlm }: Self, entity: CfdpEntity): void {
  const { counts } = entity;
  const all = entity.transactions();
  tlm.PdusReceived(counts.received);
  tlm.PdusRefused(counts.refused);
  tlm.PdusSent(counts.sent);
  tlm.BytesSent(clipped(counts.sentBytes));
  tlm.Active(all.length);
  tlm.Completed(state.completed);
  tlm.Failed(state.failed);
  tlm.Progress(clipped(all.reduce((sum, { progress }) => sum + progress, 0)));
}

/** As a U32 holds it. */
function clipped(bytes: number): number {
  return Math.min(bytes, 0xffffffff);
}
