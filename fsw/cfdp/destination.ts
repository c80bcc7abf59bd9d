/** The receiving side of one transaction (727.0-B-5, 4.6 and 4.7): class 1 and class 2. */
import { fail } from '../errors';
import {
  Condition,
  checksumOf,
  FileStatus,
  type Metadata,
  type PduBody,
  type PduHeader,
  TlvType,
} from '../protocols/cfdp';
import type { DestinationRecord, Phase } from './destinationRecord';
import { confined } from './filestore';
import { finishedBody } from './finished';
import { NakRound } from './nakRound';
import type { Outcome, Remote, TransactionReport } from './options';
import { ReceivedFile } from './receivedFile';
import { FilestoreRequests } from './requests';
import { hexOfTlv, tlvOfHex } from './source';
import { Timer } from './timer';
import { type Context, keyOf, Transaction } from './transaction';

export class Destination extends Transaction {
  readonly role = 'destination';
  readonly #file: ReceivedFile;
  readonly #ackTimer = new Timer();
  readonly #naks: NakRound;
  readonly #checkTimer = new Timer();
  readonly #keepAlive = new Timer();
  readonly #inactivity = new Timer();
  #metadata: Metadata | undefined;
  #path = '';
  readonly #requests: FilestoreRequests;
  #eof: DestinationRecord['eof'];
  #phase: Phase = 'receiving';
  #complete = false;
  #fileStatus: number = FileStatus.UNREPORTED;
  #savedBytes = 0;
  #ackEofDue = false;
  #finishedDue = false;
  #keepAliveDue = false;

  constructor(
    context: Context,
    remote: Remote,
    header: PduHeader,
    chunk: Uint8Array,
    saved?: DestinationRecord,
  ) {
    super(context, remote, header);
    this.#file = new ReceivedFile(context.files, this.id, chunk, context.limits.maxRanges, saved?.file);
    this.#requests = new FilestoreRequests(saved);
    this.#naks = new NakRound(remote, header, context.limits.maxNaks);
    this.#startInactivity();
    this.#keepAlive.start(context.nowUs(), header.acknowledged ? remote.keepAliveUs : 0);
    if (saved !== undefined) this.#restore(saved);
  }

  report(): TransactionReport {
    const { id, role, suspended, condition } = this;
    return {
      id,
      role,
      acknowledged: this.header.acknowledged,
      name: this.#path,
      progress: this.#file.ranges.bytes,
      fileSize: this.#eof?.fileSize ?? this.#metadata?.fileSize ?? 0,
      suspended,
      condition,
    };
  }

  cancel(condition: number): void {
    if (this.#phase === 'finished') {
      this.#close();
      return;
    }
    this.suspendedBy = undefined;
    this.condition = condition;
    this.#complete = false;
    const rejected = condition === Condition.FILESTORE_REJECTION;
    this.#fileStatus = rejected ? FileStatus.REJECTED : FileStatus.DISCARDED;
    this.#discard();
    this.#finish();
  }

  abandon(condition: number): void {
    if (this.#phase !== 'finished') this.#discard();
    this.context.indicate({ kind: 'abandoned', id: this.id, condition });
    this.condition ||= condition;
    this.end(this.#outcome());
  }

  protected receive(body: PduBody): void {
    this.#startInactivity();
    switch (body.kind) {
      case 'metadata':
        if (this.#metadata === undefined && this.#phase === 'receiving') this.#takeMetadata(body);
        return;
      case 'file-data':
        if (this.#phase === 'receiving') this.#takeData(body.offset, body.data);
        return;
      case 'eof':
        this.#ackEofDue = this.header.acknowledged;
        if (this.#phase !== 'receiving') return;
        if (body.condition !== 0) {
          this.cancel(body.condition);
          return;
        }
        this.#takeEof(body.checksum, body.fileSize);
        return;
      case 'ack':
        if (body.of === 'finished' && this.#phase === 'finished') this.#close();
        return;
      case 'prompt':
        if (body.ask === 'keep-alive') this.#keepAliveDue = true;
        else this.#naks.timer.ring(this.context.nowUs());
        return;
      default:
        this.context.refuse(
          fail('CFDP_ROLE', { id: keyOf(this.id), kind: body.kind, role: 'destination' }).error,
        );
    }
  }

  protected work(budgetBytes: number): number {
    this.#lookAtTimers();
    if (this.suspended || this.ended || this.#phase !== 'receiving') return 0;
    const read = this.#file.verify(budgetBytes);
    if (!read.ok) this.fault(Condition.FILESTORE_REJECTION, read);
    if (this.#phase === 'receiving' && this.#isComplete()) {
      const right = !this.#hasFile() || this.#file.matches(this.#eof?.checksum ?? 0);
      if (right || this.fault(Condition.FILE_CHECKSUM_FAILURE)) this.#deliver();
    }
    return read.ok ? read.value : 0;
  }

  protected nextBody(): PduBody | undefined {
    if (this.#ackEofDue) {
      this.#ackEofDue = false;
      return { kind: 'ack', of: 'eof', condition: this.condition, status: 1 };
    }
    if (this.#finishedDue) return this.#sendFinished();
    if (this.#phase !== 'receiving' || !this.header.acknowledged) return undefined;
    if (this.#keepAliveDue) {
      this.#keepAliveDue = false;
      return { kind: 'keep-alive', progress: this.#file.ranges.end };
    }
    const { ranges } = this.#file;
    const scopeEnd = this.#eof?.fileSize ?? ranges.end;
    return this.#naks.next(this.context.nowUs(), ranges, scopeEnd, this.#metadata !== undefined);
  }

  protected timers(): readonly Timer[] {
    return [this.#ackTimer, this.#naks.timer, this.#checkTimer, this.#keepAlive, this.#inactivity];
  }

  protected kick(): void {
    if (this.#phase === 'finished') this.#finishedDue = this.#tellsPeer();
    else if (this.#phase === 'delivering') this.#deliver();
    else if (!this.#isComplete()) this.#naks.timer.ring(this.context.nowUs());
    this.#startInactivity();
  }

  protected record(): DestinationRecord {
    const { condition, header, suspendedBy } = this;
    const metadata = this.#metadata;
    return {
      role: 'destination',
      header,
      ...(metadata && { metadata: { ...metadata, options: metadata.options.map(hexOfTlv) } }),
      ...(this.#eof && { eof: this.#eof }),
      file: this.#file.saved(),
      phase: this.#phase,
      begun: this.#requests.begun,
      condition,
      complete: this.#complete,
      fileStatus: this.#fileStatus,
      responses: this.#requests.responses,
      ...(suspendedBy && { suspendedBy }),
    };
  }

  #restore(saved: DestinationRecord): void {
    const { metadata } = saved;
    if (metadata !== undefined)
      this.#know({ ...metadata, kind: 'metadata', options: metadata.options.map(tlvOfHex) });
    this.#eof = saved.eof;
    this.#phase = saved.phase;
    this.condition = saved.condition;
    this.#complete = saved.complete;
    this.#fileStatus = saved.fileStatus;
    this.#savedBytes = this.#file.ranges.bytes;
    this.suspendedBy = saved.suspendedBy;
    if (this.#phase === 'delivering') this.#deliver();
    else this.kick();
  }

  // What arrives

  #takeMetadata(metadata: Metadata): void {
    const known = this.#know(metadata);
    const messages = metadata.options
      .filter(({ type }) => type === TlvType.MESSAGE_TO_USER)
      .map(({ value }) => value);
    const { sourceName, destinationName, fileSize } = metadata;
    this.context.indicate({
      kind: 'metadata-received',
      id: this.id,
      sourceName,
      destinationName,
      fileSize,
      messages,
    });
    if (checksumOf(metadata.checksumType) === undefined && !this.fault(Condition.UNSUPPORTED_CHECKSUM))
      return;
    if (!known.ok && !this.fault(Condition.FILESTORE_REJECTION, known)) return;
    const room = this.#roomFor(fileSize);
    if (!room.ok && !this.fault(Condition.FILESTORE_REJECTION, room)) return;
    const size = this.#eof?.fileSize ?? fileSize;
    const tooLong = size > 0 && (this.#file.ranges.end > size || (fileSize > 0 && fileSize !== size));
    if (tooLong && !this.fault(Condition.FILE_SIZE_ERROR)) return;
    this.save();
  }

  /** Takes over what the metadata say. */
  #know(metadata: Metadata) {
    this.#metadata = metadata;
    this.#file.useChecksum(metadata.checksumType);
    this.#requests.take(metadata.options, (fault) => this.context.refuse(fault));
    if (!this.#hasFile()) return { ok: true } as const;
    const path = confined(metadata.destinationName);
    if (path.ok) this.#path = path.value;
    return path;
  }

  #roomFor(fileSize: number) {
    const path = this.#path;
    if (fileSize > this.context.limits.maxFileBytes) return fail('FILE_DISK_FULL', { path });
    const free = this.context.files.freeBytes();
    return free.ok && fileSize - this.#file.ranges.bytes > free.value
      ? fail('FILE_DISK_FULL', { path })
      : free;
  }

  #takeData(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    const { maxFileBytes, checkpointBytes } = this.context.limits;
    const size = this.#eof?.fileSize ?? (this.#metadata?.fileSize || maxFileBytes);
    if (end > size) {
      this.context.refuse(fail('CFDP_RANGE', { id: keyOf(this.id), start: offset, end, size }).error);
      return;
    }
    const written = this.#file.add(offset, data);
    if (!written.ok && !this.fault(Condition.FILESTORE_REJECTION, written)) return;
    if (this.#file.ranges.bytes - this.#savedBytes >= checkpointBytes) this.#checkpoint();
    const late = this.#file.ranges.prefix < this.#file.ranges.end || this.#metadata === undefined;
    if (late) this.#naks.gapSeen(this.context.nowUs());
  }

  #takeEof(checksum: number, fileSize: number): void {
    if (this.#eof !== undefined) return;
    const announced = this.#metadata?.fileSize || fileSize;
    this.#eof = { checksum, fileSize };
    this.context.indicate({ kind: 'eof-received', id: this.id });
    const wrong = this.#file.ranges.end > fileSize || announced !== fileSize;
    if (wrong && !this.fault(Condition.FILE_SIZE_ERROR)) return;
    // On the medium before it is acknowledged: the sender will not say it again.
    this.#checkpoint();
    if (this.header.acknowledged) this.#naks.timer.ring(this.context.nowUs());
    else this.#checkTimer.start(this.context.nowUs(), this.remote.checkTimeoutUs);
  }

  // Timers

  #lookAtTimers(): void {
    const now = this.context.nowUs();
    const { remote } = this;
    if (this.#naks.timer.expired(now)) this.#beginNaks();
    if (this.#keepAlive.expired(now)) {
      this.#keepAliveDue = true;
      this.#keepAlive.start(now, remote.keepAliveUs);
    }
    if (this.#checkTimer.expired(now)) {
      if (this.#checkTimer.count < remote.checkLimit) this.#checkTimer.start(now, remote.checkTimeoutUs);
      else if (this.fault(Condition.CHECK_LIMIT)) this.#deliver();
    }
    if (this.#ackTimer.expired(now)) {
      if (this.#ackTimer.count < remote.ackLimit) this.#finishedDue = true;
      else if (this.condition !== 0) this.abandon(this.condition);
      else if (this.fault(Condition.POSITIVE_ACK_LIMIT)) this.#finishedDue = true;
    }
    if (this.#inactivity.expired(now)) {
      this.#startInactivity();
      // A sender of class 1 will not come back to it.
      if (this.#phase === 'receiving' && !this.header.acknowledged) this.cancel(Condition.INACTIVITY);
      else if (this.#phase === 'receiving') this.fault(Condition.INACTIVITY);
    }
  }

  #startInactivity(): void {
    this.#inactivity.start(this.context.nowUs(), this.remote.inactivityTimeoutUs);
  }

  #beginNaks(): void {
    if (this.#phase !== 'receiving') return;
    const { bytes } = this.#file.ranges;
    const tooMany = this.#naks.isLimitReached(bytes, this.#eof !== undefined);
    if (!tooMany || this.fault(Condition.NAK_LIMIT)) this.#naks.begin();
  }

  // The file

  #hasFile(): boolean {
    return this.#metadata !== undefined && this.#metadata.destinationName !== '';
  }

  #isComplete(): boolean {
    if (this.#metadata === undefined || this.#eof === undefined) return false;
    const { fileSize } = this.#eof;
    return !this.#hasFile() || this.#file.isWhole(fileSize);
  }

  /** The file's bytes onto the medium, and then into the journal that they are there. */
  #checkpoint(): void {
    this.#file.sync();
    this.#savedBytes = this.#file.ranges.bytes;
    this.save();
  }

  /** Moves the whole file to where it belongs and carries out the requests. A kill at any point is no harm. */
  #deliver(): void {
    const wasDelivering = this.#phase === 'delivering';
    this.#phase = 'delivering';
    if (!wasDelivering) this.#checkpoint();
    const size = this.#eof?.fileSize ?? this.#file.ranges.end;
    if (this.#hasFile()) {
      const placed = this.#file.putInPlace(this.#path, size, wasDelivering);
      if (!placed.ok) {
        this.fault(Condition.FILESTORE_REJECTION, placed);
        return;
      }
    }
    this.#complete =
      this.#eof !== undefined && (!this.#hasFile() || this.#file.ranges.covers(0, this.#eof.fileSize));
    this.#fileStatus = this.#hasFile() ? FileStatus.RETAINED : FileStatus.UNREPORTED;
    // Data that no name was given to.
    if (!this.#hasFile()) this.#file.discard();
    const { files, limits } = this.context;
    this.#requests.carryOut(files, limits.maxFileBytes, () => this.save());
    this.#finish();
  }

  #discard(): void {
    this.#file.discard();
    this.#requests.discard();
  }

  // The end

  #tellsPeer(): boolean {
    return this.header.acknowledged || this.#metadata?.closureRequested === true;
  }

  #finish(): void {
    this.#phase = 'finished';
    this.#finishedDue = this.#tellsPeer();
    this.save();
    this.context.indicate({
      kind: 'finished',
      id: this.id,
      role: 'destination',
      name: this.#path,
      outcome: this.#outcome(),
    });
    if (!this.#finishedDue) this.#close();
  }

  #sendFinished(): PduBody {
    this.#finishedDue = false;
    if (this.header.acknowledged) this.#ackTimer.start(this.context.nowUs(), this.remote.ackTimeoutUs);
    else this.#close();
    return finishedBody(this.#outcome(), this.context.id);
  }

  #outcome(): Outcome {
    return {
      condition: this.condition,
      complete: this.#complete,
      fileStatus: this.#fileStatus,
      responses: this.#requests.responses,
    };
  }

  #close(): void {
    this.end(this.#outcome());
  }
}
