/** What a source and a destination have in common: suspension, faults, the journal, and how they end. */
import type { Failed, Fault } from '../errors';
import type { FileStore } from '../framework';
import { encodePdu, type PduBody, type PduHeader, type TransactionId } from '../protocols/cfdp';
import type { Journal } from './journal';
import type { FaultHandler, Indication, Limits, Outcome, Remote, Role, TransactionReport } from './options';
import type { Timer } from './timer';

/** What an entity lends to its transactions. */
export interface Context {
  readonly id: number;
  readonly limits: Limits;
  readonly files: FileStore;
  readonly journal: Journal;
  /** Link time: stands still while there is no contact. */
  nowUs(): number;
  indicate(indication: Indication): void;
  refuse(error: Fault): void;
}

export type SuspendedBy = 'user' | 'fault';

export function keyOf({ source, sequence }: TransactionId): string {
  return `${source}-${sequence}`;
}

/** The journal's record of a transaction. */
export function recordName(id: TransactionId): string {
  return `t-${keyOf(id)}`;
}

export abstract class Transaction {
  abstract readonly role: Role;
  /** Why it ends, once it does not end well. */
  condition = 0;
  /** Set when nothing is left to do. */
  outcome: Outcome | undefined;
  protected suspendedBy: SuspendedBy | undefined;

  constructor(
    protected readonly context: Context,
    readonly remote: Remote,
    /** Of the PDUs that we send. */
    readonly header: PduHeader,
  ) {}

  get id(): TransactionId {
    return { source: this.header.source, sequence: this.header.sequence };
  }
  get ended(): boolean {
    return this.outcome !== undefined;
  }
  get suspended(): boolean {
    return this.suspendedBy !== undefined;
  }

  abstract report(): TransactionReport;
  /** One PDU of this transaction, from the peer. */
  protected abstract receive(body: PduBody): void;
  /** Looks at the timers and works on the file, reading `budgetBytes` at most; returns how many it read. */
  protected abstract work(budgetBytes: number): number;
  /** What to send next. */
  protected abstract nextBody(): PduBody | undefined;
  protected abstract timers(): readonly Timer[];
  /** After `resume`: what was waited for is asked for again. */
  protected abstract kick(): void;
  /** What the journal keeps. */
  protected abstract record(): unknown;
  /** Gives the transaction up and tells the peer. */
  abstract cancel(condition: number): void;
  /** Gives it up and tells nobody. */
  abstract abandon(condition: number): void;

  accept(body: PduBody): void {
    if (this.suspendedBy === 'fault') this.resume();
    this.receive(body);
  }

  tick(budgetBytes: number): number {
    return this.suspended || this.ended ? 0 : this.work(budgetBytes);
  }

  next(): Uint8Array | undefined {
    if (this.suspended || this.ended) return undefined;
    const body = this.nextBody();
    if (body === undefined) return undefined;
    const pdu = encodePdu({ header: this.header, body });
    if (pdu.ok) return pdu.value;
    this.context.refuse(pdu.error);
    return undefined;
  }

  suspend(by: SuspendedBy, condition = 0): void {
    if (this.ended || this.suspended) return;
    this.suspendedBy = by;
    for (const timer of this.timers()) timer.pause(this.context.nowUs());
    this.save();
    this.context.indicate({ kind: 'suspended', id: this.id, condition });
  }

  resume(): void {
    if (!this.suspended) return;
    this.suspendedBy = undefined;
    for (const timer of this.timers()) {
      timer.resume(this.context.nowUs());
      timer.count = 0;
    }
    this.kick();
    this.save();
    this.context.indicate({ kind: 'resumed', id: this.id });
  }

  /** Contact begins: what a fault of the link has suspended goes on. */
  contact(): void {
    if (this.suspendedBy === 'fault') this.resume();
  }

  save(): void {
    const saved = this.context.journal.write(recordName(this.id), this.record());
    if (!saved.ok) this.context.refuse(saved.error);
  }

  /** Lets the peer's fault handler decide; true when the transaction goes on as if nothing were. */
  protected fault(condition: number, cause?: Failed): boolean {
    if (cause !== undefined) this.context.refuse(cause.error);
    const handler: FaultHandler = this.remote.faultHandlers[condition] ?? 'cancel';
    switch (handler) {
      case 'ignore':
        this.context.indicate({ kind: 'fault', id: this.id, condition });
        return true;
      case 'suspend':
        this.suspend('fault', condition);
        return false;
      case 'abandon':
        this.abandon(condition);
        return false;
      case 'cancel':
        this.cancel(condition);
        return false;
    }
  }

  protected end(outcome: Outcome): void {
    this.outcome = outcome;
  }
}
