/** What an entity is told: about itself, about each peer (the standard's MIB), and to send. */
import type { Fault } from '../errors';
import type { FileStore } from '../framework';
import {
  ChecksumType,
  Condition,
  type FilestoreRequest,
  type FilestoreResponse,
  type TransactionId,
} from '../protocols/cfdp';

/** What a fault does to its transaction. A suspended one goes on when the peer is heard or contact begins. */
export type FaultHandler = 'ignore' | 'cancel' | 'suspend' | 'abandon';
export type FaultHandlers = Readonly<Record<number, FaultHandler>>;

/** A peer. All but `id` have defaults. */
export interface Remote {
  readonly id: number;
  /** The longest PDU that may be sent to it, header included. */
  readonly maxPduLength: number;
  /** Bytes of ids in our headers; at least what the ids need. */
  readonly entityIdLength: number;
  readonly sequenceLength: number;
  readonly checksumType: ChecksumType;
  /** PDUs that we originate end with a CRC-16. */
  readonly crc: boolean;
  /** Before EOF or Finished is sent again, and how often before it is a fault. */
  readonly ackTimeoutUs: number;
  readonly ackLimit: number;
  /** From the first sign of a gap to the first NAK, so that what is merely late need not be asked for. */
  readonly nakDelayUs: number;
  readonly nakTimeoutUs: number;
  /** Rounds of NAKs after EOF that brought nothing, before it is a fault. */
  readonly nakLimit: number;
  /** Silence that is a fault; 0: never. */
  readonly inactivityTimeoutUs: number;
  /** Class 1: how long to wait for stragglers after EOF, and how often. */
  readonly checkTimeoutUs: number;
  readonly checkLimit: number;
  /** The receiver tells how far it is this often; 0: only when prompted. */
  readonly keepAliveUs: number;
  /** The sender faults when the receiver lags by more bytes. */
  readonly keepAliveLimitBytes: number;
  readonly faultHandlers: FaultHandlers;
}

export const defaultFaultHandlers: FaultHandlers = {
  [Condition.POSITIVE_ACK_LIMIT]: 'suspend',
  [Condition.NAK_LIMIT]: 'suspend',
  [Condition.INACTIVITY]: 'suspend',
  [Condition.KEEP_ALIVE_LIMIT]: 'suspend',
};

export const defaultRemote: Omit<Remote, 'id'> = {
  maxPduLength: 1000,
  entityIdLength: 1,
  sequenceLength: 4,
  checksumType: ChecksumType.MODULAR,
  crc: false,
  ackTimeoutUs: 10_000_000,
  ackLimit: 10,
  nakDelayUs: 1_000_000,
  nakTimeoutUs: 10_000_000,
  nakLimit: 10,
  inactivityTimeoutUs: 300_000_000,
  checkTimeoutUs: 10_000_000,
  checkLimit: 5,
  keepAliveUs: 0,
  keepAliveLimitBytes: Number.POSITIVE_INFINITY,
  faultHandlers: defaultFaultHandlers,
};

export interface EntityOptions {
  readonly id: number;
  readonly remotes: readonly (Partial<Remote> & Pick<Remote, 'id'>)[];
  readonly files: FileStore;
  /** Takes a PDU to the link; it belongs to the receiver. */
  readonly send: (pdu: Uint8Array) => void;
  readonly indicate: (indication: Indication) => void;
  /** What a packet adds to each PDU, counted against the budget (6 of a space packet). */
  readonly packetOverhead?: number;
  /** Where sequence numbers begin on a fresh journal. */
  readonly firstSequence?: number;
  /** Transactions of ours, and of others, at a time. */
  readonly maxSources?: number;
  readonly maxDestinations?: number;
  /** The longest file taken. */
  readonly maxFileBytes?: number;
  /** Ranges kept of one file; what would need more is dropped and asked for again. */
  readonly maxRanges?: number;
  /** NAK PDUs in one round. */
  readonly maxNaks?: number;
  /** Bytes sent or received between two entries of a journal. */
  readonly checkpointBytes?: number;
  /** Bytes read back for checksums in one tick. */
  readonly verifyBytesPerTick?: number;
  /** Ended transactions that are remembered, so that late PDUs begin nothing anew, and how long. */
  readonly maxHistory?: number;
  readonly historyUs?: number;
}

export const defaultEntity = {
  packetOverhead: 0,
  maxSources: 16,
  maxDestinations: 16,
  maxFileBytes: 2 ** 40,
  maxRanges: 65_536,
  maxNaks: 32,
  checkpointBytes: 1 << 20,
  verifyBytesPerTick: 4 << 20,
  maxHistory: 256,
  historyUs: 86_400_000_000,
};
export type Limits = typeof defaultEntity;

export interface PutRequest {
  readonly destination: number;
  /** Left out where only messages or filestore requests are sent. */
  readonly sourceName?: string;
  readonly destinationName?: string;
  /** Class 2 (the default) or class 1. */
  readonly acknowledged?: boolean;
  /** Class 1: ask for Finished. */
  readonly closure?: boolean;
  readonly checksumType?: ChecksumType;
  readonly requests?: readonly FilestoreRequest[];
  readonly messages?: readonly Uint8Array[];
}

export type Role = 'source' | 'destination';

export interface Outcome {
  readonly condition: number;
  readonly complete: boolean;
  readonly fileStatus: number;
  readonly responses: readonly FilestoreResponse[];
}

/** What the entity tells its user (the standard's indication primitives). */
export type Indication =
  | { readonly kind: 'transaction'; readonly id: TransactionId }
  | {
      readonly kind: 'metadata-received';
      readonly id: TransactionId;
      readonly sourceName: string;
      readonly destinationName: string;
      readonly fileSize: number;
      readonly messages: readonly Uint8Array[];
    }
  | { readonly kind: 'eof-sent' | 'eof-received' | 'resumed'; readonly id: TransactionId }
  | {
      readonly kind: 'suspended' | 'fault' | 'abandoned';
      readonly id: TransactionId;
      readonly condition: number;
    }
  | {
      readonly kind: 'finished';
      readonly id: TransactionId;
      readonly role: Role;
      readonly name: string;
      readonly outcome: Outcome;
    }
  /** A PDU or a journal that could not be used. Nothing else was disturbed. */
  | { readonly kind: 'refused'; readonly error: Fault };

export interface TransactionReport {
  readonly id: TransactionId;
  readonly role: Role;
  readonly acknowledged: boolean;
  readonly name: string;
  /** Bytes sent, or received; and of how many (0: not known yet). */
  readonly progress: number;
  readonly fileSize: number;
  readonly suspended: boolean;
  readonly condition: number;
}
