/** The sending side of one transaction (727.0-B-5, 4.6): class 1, class 1 with closure, class 2. */
import { fail } from '../errors';
import {
  Condition,
  checksumOf,
  FileStatus,
  fileDataOverhead,
  type PduBody,
  type PduHeader,
  readFilestoreResponse,
  type Tlv,
} from '../protocols/cfdp';
import type { Outcome, Remote, TransactionReport } from './options';
import { RangeSet } from './ranges';
import { Timer } from './timer';
import { type Context, keyOf, type SuspendedBy, Transaction } from './transaction';

/** Requested ranges that are kept; what is asked beyond them will be asked for again. */
const MAX_REQUESTED = 4096;

/** What is sent; it never changes. */
export interface SourcePlan {
  readonly header: PduHeader;
  readonly closure: boolean;
  readonly checksumType: number;
  readonly fileSize: number;
  /** In our store; empty where no file is sent. */
  readonly path: string;
  readonly sourceName: string;
  readonly destinationName: string;
  readonly options: readonly { readonly type: number; readonly hex: string }[];
}

/** How far it is. */
export interface SourceProgress {
  readonly metadataSent: boolean;
  readonly sentBytes: number;
  /** The checksum's state over the bytes sent. */
  readonly sum: number;
  readonly condition: number;
  readonly suspendedBy?: SuspendedBy;
}

export interface SourceRecord {
  readonly role: 'source';
  readonly plan: SourcePlan;
  readonly progress: SourceProgress;
}

export class Source extends Transaction {
  readonly role = 'source';
  readonly #plan: SourcePlan;
  readonly #requested = new RangeSet(MAX_REQUESTED);
  readonly #segmentLength: number;
  readonly #ackTimer = new Timer();
  readonly #inactivity = new Timer();
  #metadataDue: boolean;
  #promptDue: 'nak' | 'keep-alive' | undefined;
  #eofDue = true;
  #eofSent = false;
  #sentBytes: number;
  #savedBytes: number;
  #sum: number;
  /** The peer has finished: it is acknowledged, then this ends. */
  #finished: Outcome | undefined;

  constructor(context: Context, remote: Remote, plan: SourcePlan, progress?: SourceProgress) {
    super(context, remote, plan.header);
    this.#plan = plan;
    this.#segmentLength = remote.maxPduLength - fileDataOverhead(plan.header);
    this.#metadataDue = !progress?.metadataSent;
    this.#sentBytes = progress?.sentBytes ?? 0;
    this.#savedBytes = this.#sentBytes;
    this.#sum = progress?.sum ?? checksumOf(plan.checksumType)?.start ?? 0;
    this.condition = progress?.condition ?? 0;
    this.suspendedBy = progress?.suspendedBy;
  }

  /** After a reboot: the file must still be the one that was being sent. */
  checkFile(): void {
    const { path, fileSize } = this.#plan;
    if (path === '' || this.condition !== 0) return;
    const stat = this.context.files.stat(path);
    if (stat.ok && stat.value.size === fileSize) return;
    const why = `it had ${fileSize} bytes when its transfer began`;
    this.fault(Condition.FILESTORE_REJECTION, stat.ok ? fail('FILE_FAILED', { path, why }) : stat);
  }

  report(): TransactionReport {
    const { path, fileSize } = this.#plan;
    const { id, role, suspended, condition } = this;
    const { acknowledged } = this.header;
    return { id, role, acknowledged, name: path, progress: this.#sentBytes, fileSize, suspended, condition };
  }

  prompt(ask: 'nak' | 'keep-alive'): void {
    this.#promptDue = ask;
  }

  cancel(condition: number): void {
    if (this.condition !== 0 || this.#finished !== undefined) return;
    this.condition = condition;
    this.suspendedBy = undefined;
    this.#requested.clear();
    this.#ackTimer.stop();
    this.#eofDue = true;
    this.save();
  }

  abandon(condition: number): void {
    this.context.indicate({ kind: 'abandoned', id: this.id, condition });
    this.end(lost(condition));
  }

  protected receive(body: PduBody): void {
    if (this.#inactivity.running) this.#startInactivity();
    switch (body.kind) {
      case 'ack':
        if (body.of !== 'eof' || !this.#eofSent) return;
        this.#ackTimer.stop();
        this.#eofDue = false;
        if (this.condition !== 0) this.#tell(lost(this.condition));
        return;
      case 'nak':
        for (const { start, end } of body.missing) this.#request(start, end);
        return;
      case 'keep-alive':
        if (this.#sentBytes - body.progress > this.remote.keepAliveLimitBytes)
          this.fault(Condition.KEEP_ALIVE_LIMIT);
        return;
      case 'finished': {
        const { condition, complete, fileStatus } = body;
        const responses = body.responses.flatMap((tlv) => {
          const read = readFilestoreResponse(tlv);
          if (!read.ok) this.context.refuse(read.error);
          return read.ok ? [read.value] : [];
        });
        const outcome = { condition, complete, fileStatus, responses };
        this.suspendedBy = undefined;
        if (this.header.acknowledged) this.#finished ??= outcome;
        else this.#tell(outcome);
        return;
      }
      default:
        this.#refuseRole(body.kind);
    }
  }

  protected work(): number {
    const now = this.context.nowUs();
    if (this.#ackTimer.expired(now)) {
      if (this.#ackTimer.count < this.remote.ackLimit) this.#eofDue = true;
      else if (this.condition !== 0) this.abandon(this.condition);
      else if (this.fault(Condition.POSITIVE_ACK_LIMIT)) this.#eofDue = true;
    }
    if (this.#inactivity.expired(now)) {
      if (this.condition !== 0) this.abandon(this.condition);
      else if (this.fault(Condition.INACTIVITY)) this.#startInactivity();
    }
    return 0;
  }

  protected nextBody(): PduBody | undefined {
    const { fileSize } = this.#plan;
    if (this.#finished !== undefined) {
      const { condition } = this.#finished;
      this.#tell(this.#finished);
      return { kind: 'ack', of: 'finished', condition, status: 1 };
    }
    if (this.condition !== 0) return this.#eofDue ? this.#eof() : undefined;
    if (this.#metadataDue) return this.#metadata();
    if (this.#promptDue !== undefined) {
      const ask = this.#promptDue;
      this.#promptDue = undefined;
      return { kind: 'prompt', ask };
    }
    const asked = this.#requested.takeFirst(this.#segmentLength);
    if (asked !== undefined) return this.#fileData(asked.start, asked.end);
    if (this.#sentBytes < fileSize) {
      const start = this.#sentBytes;
      const body = this.#fileData(start, Math.min(fileSize, start + this.#segmentLength));
      if (body === undefined) return this.condition === 0 ? undefined : this.nextBody();
      const checksum = checksumOf(this.#plan.checksumType);
      this.#sum = checksum?.update(this.#sum, body.data, start) ?? 0;
      this.#sentBytes += body.data.length;
      if (this.#sentBytes - this.#savedBytes >= this.context.limits.checkpointBytes) this.save();
      return body;
    }
    return this.#eofDue ? this.#eof() : undefined;
  }

  protected timers(): readonly Timer[] {
    return [this.#ackTimer, this.#inactivity];
  }

  protected kick(): void {
    if (this.#eofSent && this.header.acknowledged) this.#eofDue = true;
  }

  protected record(): SourceRecord {
    this.#savedBytes = this.#sentBytes;
    const { condition, suspendedBy } = this;
    const progress = {
      metadataSent: !this.#metadataDue,
      sentBytes: this.#sentBytes,
      sum: this.#sum,
      condition,
    };
    return {
      role: 'source',
      plan: this.#plan,
      progress: suspendedBy === undefined ? progress : { ...progress, suspendedBy },
    };
  }

  #request(start: number, end: number): void {
    if (this.condition !== 0) return;
    if (start === 0 && end === 0) this.#metadataDue = true;
    else if (start >= end || end > this.#plan.fileSize) {
      const { fileSize } = this.#plan;
      this.context.refuse(fail('CFDP_RANGE', { id: keyOf(this.id), start, end, size: fileSize }).error);
    } else this.#requested.add(start, Math.min(end, this.#sentBytes));
  }

  #metadata(): PduBody {
    const { closure, checksumType, fileSize, sourceName, destinationName, options } = this.#plan;
    this.#metadataDue = false;
    return {
      kind: 'metadata',
      closureRequested: closure,
      checksumType,
      fileSize,
      sourceName,
      destinationName,
      options: options.map(tlvOfHex),
    };
  }

  #fileData(start: number, end: number) {
    const data = new Uint8Array(end - start);
    const read = this.context.files.read(this.#plan.path, start, data);
    if (read.ok && read.value === data.length) return { kind: 'file-data', offset: start, data } as const;
    const { path } = this.#plan;
    this.fault(
      Condition.FILESTORE_REJECTION,
      read.ok ? fail('FILE_FAILED', { path, why: `it ends before byte ${end}` }) : read,
    );
    return undefined;
  }

  #eof(): PduBody {
    const now = this.context.nowUs();
    const { condition } = this;
    this.#eofDue = false;
    if (!this.#eofSent) {
      this.#eofSent = true;
      this.save();
      this.context.indicate({ kind: 'eof-sent', id: this.id });
    }
    if (this.header.acknowledged) this.#ackTimer.start(now, this.remote.ackTimeoutUs);
    if (this.header.acknowledged || (this.#plan.closure && condition === 0)) this.#startInactivity();
    else this.#tell(condition === 0 ? sent : lost(condition));
    const checksum = checksumOf(this.#plan.checksumType)?.value(this.#sum) ?? 0;
    const eof = { kind: 'eof', condition, checksum, fileSize: this.#sentBytes } as const;
    return condition === 0 ? eof : { ...eof, faultLocation: this.context.id };
  }

  #startInactivity(): void {
    this.#inactivity.start(this.context.nowUs(), this.remote.inactivityTimeoutUs);
  }

  /** Tells the user how it ended; nothing is left to do. */
  #tell(outcome: Outcome): void {
    const { id, role } = this;
    this.context.indicate({ kind: 'finished', id, role, name: this.#plan.path, outcome });
    this.end(outcome);
  }

  #refuseRole(kind: string): void {
    this.context.refuse(fail('CFDP_ROLE', { id: keyOf(this.id), kind, role: 'source' }).error);
  }
}

/** Class 1: all was sent; nobody says whether it arrived. */
const sent: Outcome = { condition: 0, complete: true, fileStatus: FileStatus.UNREPORTED, responses: [] };

function lost(condition: number): Outcome {
  return { condition, complete: false, fileStatus: FileStatus.UNREPORTED, responses: [] };
}

export function hexOfTlv({ type, value }: Tlv): { type: number; hex: string } {
  return { type, hex: Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}

export function tlvOfHex({ type, hex }: { readonly type: number; readonly hex: string }): Tlv {
  return { type, value: Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) };
}
