import {
  bool,
  defineComponent,
  F32,
  input,
  output,
  Sched,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { FileSend, FileSendDone } from '../../comms/ports';
import { ModelFetch } from '../../payload/ports';
import { NeighbourMessage, TrainDone, TrainOrder } from '../ports';

/** The first digits of a content address: enough to tell a few thousand apart, and the name of its file. */
export const ShortId = string(16);
const Node = string(40);
const Code = string(32);
const Reason = string(160);
const Path = string(200);

export const federationNodeModel = defineComponent({
  kind: 'active',
  doc: 'Trains what a federation asks for, packs and signs what was learned, keeps it until the ground has it, and averages with spacecraft in view.',
  ports: {
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    trainOrder: output(TrainOrder),
    trainDone: input.async(TrainDone),
    fileSend: output(FileSend),
    fileDone: input.async(FileSendDone),
    /** Messages of neighbours, from the board. */
    neighbourIn: input.async(NeighbourMessage, { onFull: 'drop-new' }),
    /** With it, a task for other weights than those on board is refused at once. */
    model: output(ModelFetch, { optional: true }),
  },
  commands: {
    TASK: { id: 0, args: { path: Path }, doc: 'Take a task from the file store; its file is removed.' },
    ACK: {
      id: 1,
      args: { update: string(64) },
      doc: 'The ground has an update, by its id or the first 16 digits of it: it is not sent again.',
    },
    RETURN: {
      id: 2,
      args: { update: string(64) },
      doc: 'The ground refused an update: it is not sent again, and what it held is owed to the next, if it was the last.',
    },
    GIVE_UP: {
      id: 3,
      args: { task: string(64) },
      doc: 'Do not train for a task that waits or is under way.',
    },
    TRUST: {
      id: 4,
      authority: 'engineer',
      args: { node: Node, publicKey: string(64) },
      doc: 'Take the Ed25519 public key (64 hex digits) of a spacecraft, or of `ground`, who gives tasks; empty: forget it.',
    },
  },
  events: {
    TaskAccepted: {
      id: 0,
      severity: 'activity-high',
      args: { task: ShortId, run: string(64), round: U32, steps: U32, waiting: U8 },
      format: 'task {task} of round {round} of {run}: {steps} steps, {waiting} tasks wait',
      doc: 'A task is on the medium and will be trained for.',
    },
    TaskRefused: {
      id: 1,
      severity: 'warning-low',
      args: { source: Path, code: Code, reason: Reason },
      format: 'task {source} refused: {code}: {reason}',
      throttle: 20,
      doc: 'A task is damaged, signed by nobody known, a duplicate, expired, or for another model; nothing changed.',
    },
    TaskCarried: {
      id: 2,
      severity: 'activity-low',
      args: { task: ShortId, node: Node },
      format: 'task {task} is kept for {node}',
      doc: 'A task for another spacecraft, to be handed over when it is in view.',
    },
    TrainingOrdered: {
      id: 3,
      severity: 'activity-low',
      args: { task: ShortId, steps: U32 },
      format: 'task {task}: training of {steps} steps ordered',
      throttle: 20,
      doc: 'Also after a boot, or when the trainer was busy.',
    },
    TrainingFailed: {
      id: 4,
      severity: 'warning-low',
      args: { task: ShortId, failures: U8, reason: Reason },
      format: 'task {task}: training failed ({failures}): {reason}',
      doc: 'It is tried again, so often as TrainTries says.',
    },
    TaskGivenUp: {
      id: 5,
      severity: 'warning-low',
      args: { task: ShortId, code: Code, reason: Reason },
      format: 'task {task} given up: {code}: {reason}',
      doc: 'By expiry, by command, or because it cannot be trained; no update will come.',
    },
    UpdateReady: {
      id: 6,
      severity: 'activity-high',
      args: { task: ShortId, update: ShortId, bytes: U32, examples: U32, loss: F32 },
      format: 'task {task}: update {update}, {bytes} bytes from {examples} examples, loss {loss.3f}',
      doc: 'The update is on the medium, and goes down at each pass until ACK.',
    },
    UpdateSent: {
      id: 7,
      severity: 'activity-low',
      args: { update: ShortId, bytes: U32 },
      format: 'update {update} handed to the link, {bytes} bytes',
      throttle: 20,
      doc: 'Whether it arrived, ACK tells.',
    },
    UpdateDone: {
      id: 8,
      severity: 'activity-high',
      args: { update: ShortId, returned: bool },
      format: 'update {update} is done (returned: {returned})',
      doc: 'The ground has it, or does not want it; also heard from a neighbour.',
    },
    UpdateCarried: {
      id: 9,
      severity: 'activity-low',
      args: { update: ShortId, node: Node, from: Node },
      format: 'update {update} of {node} taken over from {from}',
      throttle: 20,
      doc: 'Ours is the next pass over a ground station.',
    },
    MessageRefused: {
      id: 10,
      severity: 'warning-low',
      args: { from: Node, code: Code, reason: Reason },
      format: 'message of {from} refused: {code}: {reason}',
      throttle: 20,
      doc: 'From a neighbour; nothing changed.',
    },
    Averaged: {
      id: 11,
      severity: 'activity-low',
      args: { peer: Node, weight: F32 },
      format: 'averaged with {peer}, weight now {weight.1f}',
      throttle: 20,
      doc: "A neighbour's part was taken in.",
    },
    OwedLost: {
      id: 12,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'what is owed to the next update is lost: {code}: {reason}',
      doc: 'Damaged, or out of bounds; the next update goes without it.',
    },
    GossipLost: {
      id: 13,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'the average with neighbours begins anew: {code}: {reason}',
      doc: 'Its state was damaged.',
    },
    FileFault: {
      id: 14,
      severity: 'warning-high',
      args: { path: Path, code: Code, reason: Reason },
      format: '{path}: {code}: {reason}',
      throttle: 20,
      doc: 'The store failed; what was to be written is tried again or refused.',
    },
    KeyFault: {
      id: 15,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'keys of the federation: {code}: {reason}',
      doc: 'Our own key, or those of others, cannot be read: nothing is signed, or nobody believed.',
    },
  },
  telemetry: {
    TasksWaiting: { id: 0, type: U8, update: 'on-change', doc: 'Tasks on board, the one under way counted.' },
    TasksDone: { id: 1, type: U32, update: 'on-change', doc: 'Updates made since boot.' },
    TasksRefused: { id: 2, type: U32, update: 'on-change', doc: 'Tasks refused or given up since boot.' },
    Training: { id: 3, type: bool, update: 'on-change', doc: 'Training was ordered and has not ended.' },
    UpdatesWaiting: {
      id: 4,
      type: U8,
      update: 'on-change',
      doc: 'Updates that the ground has not acknowledged.',
    },
    UpdatesAcked: { id: 5, type: U32, update: 'on-change', doc: 'Updates acknowledged since boot.' },
    Carried: {
      id: 6,
      type: U32,
      update: 'on-change',
      doc: 'Tasks and updates of others taken over since boot.',
    },
    MessagesRefused: {
      id: 7,
      type: U32,
      update: 'on-change',
      doc: 'Messages of neighbours refused since boot.',
    },
    OwedNorm: { id: 8, type: F32, update: 'on-change', doc: 'L2 norm of what is owed to the next update.' },
    Averages: { id: 9, type: U32, update: 'on-change', doc: 'Parts of neighbours taken in since boot.' },
    GossipWeight: { id: 10, type: F32, update: 'on-change', doc: 'Examples that our average stands for.' },
  },
  params: {
    RetryS: {
      id: 0,
      type: U16,
      default: 60,
      min: 1,
      unit: 's',
      doc: 'Until a busy or failed trainer is asked again.',
    },
    TrainTries: {
      id: 1,
      type: U8,
      default: 3,
      min: 1,
      doc: 'Failures of training after which a task is given up.',
    },
    HelloS: {
      id: 2,
      type: U16,
      default: 60,
      min: 1,
      unit: 's',
      doc: 'From greeting to greeting of a neighbour in view.',
    },
    MaxOwedNorm: {
      id: 3,
      type: F32,
      default: 1000,
      min: 0,
      doc: 'Largest norm of what is owed: more is damage, and is dropped.',
    },
  },
  config: {
    node: { type: Node, default: 'perigee', doc: 'Our name in the federation.' },
    folder: {
      type: string(60),
      default: 'federation',
      doc: 'Where all of it is, in the file store of the board.',
    },
    keyFile: {
      type: string(60),
      default: 'federation-keys',
      doc: 'Names and public keys of spacecraft and `ground`, in the storage of the board.',
    },
    downFolder: { type: string(60), default: 'federation', doc: 'Folder on the ground for updates.' },
    maxTasks: { type: U8, default: 4, min: 1, doc: 'Tasks that may wait.' },
    maxUpdates: { type: U8, default: 16, min: 1, doc: 'Updates on board, those of others counted.' },
    maxFileBytes: { type: U32, default: 32 << 20, min: 1, unit: 'B', doc: 'Of a task or an update.' },
  },
});
