/**
 * A CFDP entity (CCSDS 727.0-B-5): many transactions at a time, class 1 and 2, as a state machine without a clock
 * or link of its own. PDUs go in through `receive`; `tick` lets time pass and hands out as many PDUs as the
 * budget allows. Files are read and written at an offset, so memory stays flat whatever their size; what is under
 * way is kept in a journal, so a reboot at any instant costs no more than what was sent since the last entry.
 */
import { type Fault, fail, type Result, succeed } from '../errors';
import {
  Condition,
  decodePdu,
  encodePdu,
  type Pdu,
  type TransactionId,
  TransactionStatus,
  uintLength,
} from '../protocols/cfdp';
import { Destination } from './destination';
import type { DestinationRecord } from './destinationRecord';
import { finishedBody } from './finished';
import { History } from './history';
import { Journal, pathOf } from './journal';
import {
  defaultEntity,
  defaultFaultHandlers,
  defaultRemote,
  type EntityOptions,
  type Limits,
  type PutRequest,
  type Remote,
  type Role,
  type TransactionReport,
} from './options';
import { planOf } from './plan';
import { Source, type SourceRecord } from './source';
import { type Context, keyOf, recordName, type Transaction } from './transaction';

const SEQUENCE_RECORD = 'sequence';
const MAX_REPLIES = 64;
const CHUNK_BYTES = 65_536;

export interface EntityCounts {
  received: number;
  refused: number;
  sent: number;
  sentBytes: number;
  /** PDUs of new transactions turned away because all were in use. */
  busy: number;
}

export class CfdpEntity {
  readonly counts: EntityCounts = { received: 0, refused: 0, sent: 0, sentBytes: 0, busy: 0 };
  readonly #options: EntityOptions;
  readonly #limits: Limits;
  readonly #remotes = new Map<number, Remote>();
  readonly #transactions = new Map<string, Transaction>();
  readonly #context: Context;
  readonly #journal: Journal;
  readonly #history: History;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  /** Answers to PDUs of transactions that have ended, one a transaction and kind. */
  readonly #replies = new Map<string, Uint8Array>();
  #nextSequence = 1;
  #nowUs: number;
  #linkUs = 0;
  #inContact = true;
  #creditBytes = 0;
  #turn = 0;

  private constructor(options: EntityOptions, nowUs: number) {
    this.#options = options;
    this.#limits = { ...defaultEntity, ...options };
    this.#nowUs = nowUs;
    for (const remote of options.remotes) {
      const entityIdLength = Math.max(
        uintLength(options.id),
        uintLength(remote.id),
        remote.entityIdLength ?? 1,
      );
      const faultHandlers = { ...defaultFaultHandlers, ...remote.faultHandlers };
      this.#remotes.set(remote.id, { ...defaultRemote, ...remote, entityIdLength, faultHandlers });
    }
    this.#journal = new Journal(options.files);
    this.#history = new History(this.#journal, this.#limits.maxHistory, this.#limits.historyUs);
    this.#context = {
      id: options.id,
      limits: this.#limits,
      files: options.files,
      journal: this.#journal,
      nowUs: () => this.#linkUs,
      indicate: options.indicate,
      refuse: (error) => this.#refuse(error),
    };
  }

  /** Opens the journal; what was under way goes on. Errors: those of `FileStore` (there is no folder to write to). */
  static open(options: EntityOptions, nowUs: number): Result<CfdpEntity> {
    const names = new Journal(options.files).open();
    if (!names.ok) return names;
    const entity = new CfdpEntity(options, nowUs);
    entity.#restore(names.value);
    return succeed(entity);
  }

  /**
   * Begins to send. The sequence number is on the medium before it is used, so ids are unique over reboots.
   * Errors: CFDP_ENTITY, CFDP_BUSY, CFDP_VALUE, CFDP_PDU_SIZE, CFDP_PATH, FILE_*.
   */
  put(request: PutRequest): Result<TransactionId> {
    const remote = this.#remotes.get(request.destination);
    if (remote === undefined)
      return fail('CFDP_ENTITY', { entity: request.destination, what: 'destination' });
    const max = this.#limits.maxSources;
    if (this.#count('source') >= max) return fail('CFDP_BUSY', { max });
    const { id, files } = this.#options;
    const planned = planOf(request, remote, { id, files, sequence: this.#nextSequence });
    if (!planned.ok) return planned;
    const reserved = this.#journal.write(SEQUENCE_RECORD, { next: this.#nextSequence + 1 });
    if (!reserved.ok) return reserved;
    this.#nextSequence++;
    const source = new Source(this.#context, remote, planned.value);
    source.save();
    this.#transactions.set(keyOf(source.id), source);
    this.#options.indicate({ kind: 'transaction', id: source.id });
    return succeed(source.id);
  }

  /** One PDU from the link, whole. A bad one is refused with an indication and disturbs nothing else. */
  receive(bytes: Uint8Array, nowUs: number): void {
    this.#advance(nowUs);
    const read = decodePdu(bytes);
    if (!read.ok) {
      this.#refuse(read.error);
      return;
    }
    const { header, body } = read.value;
    const [us, peer] = header.towardSender
      ? [header.source, header.destination]
      : [header.destination, header.source];
    const remote = this.#remotes.get(peer);
    if (us !== this.#options.id || remote === undefined) {
      const [entity, what] = remote === undefined ? [peer, 'peer'] : [us, 'not us'];
      this.#refuse(fail('CFDP_ENTITY', { entity, what }).error);
      return;
    }
    this.counts.received++;
    const known = this.#transactions.get(keyOf(header)) ?? this.#unknown(read.value, remote);
    if (known === undefined) return;
    const role: Role = header.towardSender ? 'source' : 'destination';
    if (
      known.role !== role ||
      known.header.acknowledged !== header.acknowledged ||
      known.remote.id !== peer
    ) {
      this.#refuse(fail('CFDP_ROLE', { id: keyOf(header), kind: body.kind, role: known.role }).error);
      return;
    }
    known.accept(body);
    this.#settle(known);
  }

  /**
   * Lets time pass, works on files, and sends PDUs while `budgetBytes` last (the last one may overdraw it; the
   * next tick pays). Returns the bytes sent.
   */
  tick(nowUs: number, budgetBytes: number): number {
    this.#advance(nowUs);
    let toVerify = this.#limits.verifyBytesPerTick;
    for (const transaction of this.#inTurn()) {
      toVerify -= transaction.tick(toVerify);
      this.#settle(transaction);
    }
    if (!this.#inContact) return 0;
    this.#creditBytes = Math.min(0, this.#creditBytes) + budgetBytes;
    const before = this.counts.sentBytes;
    this.#sendWhileCreditLasts();
    return this.counts.sentBytes - before;
  }

  /** Without contact nothing is sent and no timer runs. When it begins, what the link has suspended goes on. */
  contact(inContact: boolean, nowUs: number): void {
    this.#advance(nowUs);
    if (inContact === this.#inContact) return;
    this.#inContact = inContact;
    this.#creditBytes = 0;
    if (inContact) for (const transaction of this.#transactions.values()) transaction.contact();
  }

  /** Nothing is sent for it, and no timer of it runs, until `resume`. Errors of all these: CFDP_TRANSACTION. */
  suspend(id: TransactionId): Result<void> {
    return this.#with(id, (transaction) => transaction.suspend('user', Condition.SUSPEND_REQUESTED));
  }
  resume(id: TransactionId): Result<void> {
    return this.#with(id, (transaction) => transaction.resume());
  }
  /** Gives it up, and tells the peer. */
  cancel(id: TransactionId): Result<void> {
    return this.#with(id, (transaction) => transaction.cancel(Condition.CANCEL_REQUESTED));
  }
  /** Gives it up at once, and tells nobody. */
  abandon(id: TransactionId): Result<void> {
    return this.#with(id, (transaction) => transaction.abandon(Condition.CANCEL_REQUESTED));
  }
  /** Asks the receiver of a file of ours for its progress, or for what it misses. */
  prompt(id: TransactionId, ask: 'nak' | 'keep-alive'): Result<void> {
    return this.#with(id, (transaction) => {
      if (transaction instanceof Source) transaction.prompt(ask);
    });
  }

  transactions(): TransactionReport[] {
    return [...this.#transactions.values()].map((transaction) => transaction.report());
  }

  #advance(nowUs: number): void {
    if (this.#inContact) this.#linkUs += Math.max(0, nowUs - this.#nowUs);
    this.#nowUs = Math.max(nowUs, this.#nowUs);
  }

  #refuse(error: Fault): void {
    this.counts.refused++;
    this.#options.indicate({ kind: 'refused', error });
  }

  #count(role: Role): number {
    let count = 0;
    for (const transaction of this.#transactions.values()) if (transaction.role === role) count++;
    return count;
  }

  #with(id: TransactionId, act: (transaction: Transaction) => void): Result<void> {
    const transaction = this.#transactions.get(keyOf(id));
    if (transaction === undefined) return fail('CFDP_TRANSACTION', { id: keyOf(id) });
    act(transaction);
    this.#settle(transaction);
    return succeed(undefined);
  }

  /** An ended transaction goes into the history, then out of the journal. */
  #settle(transaction: Transaction): void {
    const { outcome, role } = transaction;
    const key = keyOf(transaction.id);
    if (outcome === undefined || !this.#transactions.delete(key)) return;
    this.#history.add({ key, role, endedUs: this.#nowUs, outcome });
    this.#journal.remove(recordName(transaction.id));
  }

  /** All transactions, beginning with another one each time. */
  #inTurn(): Transaction[] {
    const all = [...this.#transactions.values()];
    this.#turn = all.length === 0 ? 0 : (this.#turn + 1) % all.length;
    return [...all.slice(this.#turn), ...all.slice(0, this.#turn)];
  }

  #sendWhileCreditLasts(): void {
    for (const [key, reply] of this.#replies) {
      if (this.#creditBytes <= 0) return;
      this.#replies.delete(key);
      this.#send(reply);
    }
    for (let busy = this.#inTurn(); busy.length > 0; ) {
      const more: Transaction[] = [];
      for (const transaction of busy) {
        if (this.#creditBytes <= 0) return;
        const pdu = transaction.next();
        if (pdu !== undefined) {
          this.#send(pdu);
          more.push(transaction);
        }
        this.#settle(transaction);
      }
      busy = more;
    }
  }

  #send(pdu: Uint8Array): void {
    const bytes = pdu.length + this.#limits.packetOverhead;
    this.#creditBytes -= bytes;
    this.counts.sent++;
    this.counts.sentBytes += bytes;
    this.#options.send(pdu);
  }

  /** A PDU of no transaction under way: of one that has ended, of a new one, or of none. */
  #unknown({ header, body }: Pdu, remote: Remote): Transaction | undefined {
    const key = keyOf(header);
    const ended = this.#history.find(key, this.#nowUs);
    if (header.towardSender) {
      if (body.kind !== 'finished' || !header.acknowledged) return undefined;
      const status = ended === undefined ? TransactionStatus.UNRECOGNIZED : TransactionStatus.TERMINATED;
      const { condition } = body;
      this.#reply({
        header: { ...header, towardSender: false },
        body: { kind: 'ack', of: 'finished', condition, status },
      });
      return undefined;
    }
    if (ended !== undefined) {
      if (body.kind !== 'eof' || !header.acknowledged) return undefined;
      const { outcome } = ended;
      const back = { ...header, towardSender: true };
      const status = TransactionStatus.TERMINATED;
      this.#reply({ header: back, body: { kind: 'ack', of: 'eof', condition: outcome.condition, status } });
      this.#reply({ header: back, body: finishedBody(outcome, this.#options.id) });
      return undefined;
    }
    if (body.kind !== 'metadata' && body.kind !== 'file-data' && body.kind !== 'eof') return undefined;
    const max = this.#limits.maxDestinations;
    if (this.#count('destination') >= max) {
      this.counts.busy++;
      this.#refuse(fail('CFDP_BUSY', { max }).error);
      return undefined;
    }
    const destination = new Destination(
      this.#context,
      remote,
      { ...header, towardSender: true },
      this.#chunk,
    );
    destination.save();
    this.#transactions.set(key, destination);
    return destination;
  }

  #reply(pdu: Pdu): void {
    const encoded = encodePdu(pdu);
    if (!encoded.ok || this.#replies.size >= MAX_REPLIES) return;
    this.#replies.set(`${keyOf(pdu.header)} ${pdu.body.kind}`, encoded.value);
  }

  #restore(names: readonly string[]): void {
    const highest = { sequence: 0 };
    for (const name of names) {
      if (!/^t-\d+-\d+$/.test(name)) continue;
      const transaction = this.#revive(name);
      if (transaction === undefined) continue;
      if (transaction.role === 'source')
        highest.sequence = Math.max(highest.sequence, transaction.id.sequence);
      this.#transactions.set(keyOf(transaction.id), transaction);
      if (transaction instanceof Source) transaction.checkFile();
      this.#settle(transaction);
    }
    for (const name of names) {
      const orphan = name.endsWith('.part') && !this.#transactions.has(name.slice(2, -5));
      if (orphan) this.#options.files.remove(pathOf(name));
    }
    const saved = this.#journal.read(SEQUENCE_RECORD);
    const next = saved.ok ? (saved.value as { next: number }).next : (this.#options.firstSequence ?? 1);
    if (!saved.ok && saved.error.code !== 'FILE_MISSING') this.#refuse(saved.error);
    this.#nextSequence = Math.max(next, highest.sequence + 1);
  }

  /** A transaction from its record; one that can't be used is put aside. */
  #revive(name: string): Transaction | undefined {
    const read = this.#journal.read(name);
    const record = read.ok ? (read.value as SourceRecord | DestinationRecord) : undefined;
    const header = record?.role === 'source' ? record.plan.header : record?.header;
    const peer = record?.role === 'source' ? header?.destination : header?.source;
    const remote = this.#remotes.get(peer ?? -1);
    if (record === undefined || header === undefined || remote === undefined) {
      this.#refuse(
        read.ok ? fail('CFDP_JOURNAL', { file: name, why: 'its peer is not known' }).error : read.error,
      );
      this.#options.files.rename(pathOf(name), pathOf(`${name}.bad`));
      return undefined;
    }
    return record.role === 'source'
      ? new Source(this.#context, remote, record.plan, record.progress)
      : new Destination(this.#context, remote, header, this.#chunk, record);
  }
}
