/** What the gateway and its clients say to each other: JSON objects, one a line; see README.md. */
import type { Fault } from '../../fsw/errors';
import type { SeverityName } from '../../fsw/framework/model';
import type { ChannelReading } from '../link/downlink';

export const PROTOCOL_VERSION = 1;

/** Which dictionary the spacecraft flies: ours, another, or it has not said yet. */
export type Handshake = 'match' | 'mismatch' | 'unknown';

export interface LinkStatus {
  readonly spec: string;
  readonly up: boolean;
  /** Why it is down; empty when it is up. */
  readonly why: string;
}

export interface SecurityStatus {
  readonly keys: boolean;
  readonly refused: number;
  readonly why?: string;
}

export interface Status {
  readonly deployment: string;
  /** Hash of the dictionary that the gateway has loaded, and what the spacecraft says it flies. */
  readonly dictionary: string;
  readonly spacecraft: Handshake;
  readonly spacecraftDictionary?: string;
  readonly link: LinkStatus;
  /** Link security: whether there are keys, frames not opened so far, and why the latest was not. */
  readonly security?: SecurityStatus;
  /** Of the downlink, as `--coding` names it. */
  readonly coding?: string;
  readonly frameLength?: number;
  /** The folder of the recording; absent when nothing is recorded. */
  readonly recording?: string;
  /** Why the last bytes could not be recorded; absent when all is well. */
  readonly recordingFault?: string;
}

/** Each packet: its number since the gateway started, its APID, and when it came (Unix ms). */
interface Packet {
  readonly n: number;
  readonly apid: number;
  readonly at: number;
}

export type EventMessage = Packet & {
  readonly type: 'event';
  readonly name: string;
  readonly severity: SeverityName;
  /** On-board time tag, Unix microseconds. */
  readonly time: number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly text: string;
};
export type ChannelsMessage = Packet & {
  readonly type: 'channels';
  readonly values: readonly ReadingMessage[];
};
export interface ReadingMessage {
  readonly name: string;
  readonly time: number;
  readonly value: ChannelReading['value'];
}
export type RecordsMessage = Packet & {
  readonly type: 'records';
  readonly name: string;
  readonly time: number;
  readonly records: readonly unknown[];
};
/** A packet that the dictionary does not explain, or must not: the spacecraft flies another. */
export type PacketMessage = Packet & {
  readonly type: 'packet';
  readonly hex: string;
  readonly fault?: Fault;
};
export type DownlinkMessage = EventMessage | ChannelsMessage | RecordsMessage | PacketMessage;

/** How a command ended. Only `completed` and `failed` are known for sure. */
export type OutcomeName = 'completed' | 'failed' | 'unknown' | 'refused' | 'link-down';

export interface CommandOutcome {
  readonly outcome: OutcomeName;
  readonly name: string;
  /** What the spacecraft, or the gateway, says of it. */
  readonly status: string;
  readonly reason: string;
  /** How often it was radiated. */
  readonly sent: number;
  /** `sender.sequence` of an identified command, or the space packet count. */
  readonly id: string;
  readonly ms: number;
  /** Whether the spacecraft had said that it flies our dictionary. */
  readonly spacecraft: Handshake;
}

export type ServerMessage =
  | DownlinkMessage
  | ({ readonly type: 'hello'; readonly protocol: number; readonly next: number } & Status)
  | ({ readonly type: 'status' } & Status)
  | { readonly type: 'link-fault'; readonly at: number; readonly code: string; readonly text: string }
  | { readonly type: 'gap'; readonly lost: number; readonly from: number; readonly to: number }
  | ({ readonly type: 'outcome'; readonly ref: number } & CommandOutcome)
  | { readonly type: 'dictionary'; readonly ref: number; readonly text: string }
  | { readonly type: 'values'; readonly ref: number; readonly values: readonly ReadingMessage[] }
  | { readonly type: 'subscribed'; readonly ref: number; readonly next: number }
  | { readonly type: 'radiated'; readonly packets: number }
  | { readonly type: 'error'; readonly ref?: number; readonly code: string; readonly text: string };

/** What a JSON subscription can name; `packet` is every packet that is none of the others. */
export const kinds = ['event', 'channels', 'records', 'packet', 'link-fault'] as const;
export type KindName = (typeof kinds)[number];

/** `json`: decoded lines. `packets`: space packets, binary. `bytes`: what came from the link, as it came, binary. */
export type FormatName = 'json' | 'packets' | 'bytes';

export type ClientMessage =
  | {
      readonly type: 'subscribe';
      readonly ref: number;
      readonly format: FormatName;
      readonly kinds?: readonly KindName[];
    }
  | {
      readonly type: 'command';
      readonly ref: number;
      readonly name: string;
      readonly args: Readonly<Record<string, unknown>>;
      readonly timeoutMs?: number;
    }
  | { readonly type: 'dictionary'; readonly ref: number }
  | { readonly type: 'values'; readonly ref: number };

/** Bytes before each entry of a binary message: n u32 | length u32 | Unix time f64, ms. */
export const ENTRY_HEAD_LENGTH = 16;

export interface BinaryEntry {
  readonly n: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Walks the entries of a binary message; the bytes are views. */
export function* readEntries(message: Buffer): Generator<BinaryEntry> {
  for (let at = 0; at + ENTRY_HEAD_LENGTH <= message.length; ) {
    const start = at + ENTRY_HEAD_LENGTH;
    const end = start + message.readUInt32BE(at + 4);
    yield {
      n: message.readUInt32BE(at),
      at: message.readDoubleBE(at + 8),
      bytes: message.subarray(start, end),
    };
    at = end;
  }
}
