/** The messages of Flower's Fleet API, as the descriptors say that `schema/makeSchema.py` took from flwr. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Root, type Type } from 'protobufjs';
import 'protobufjs/ext/descriptor';
import { fail, type Result, succeed } from '../../fsw/errors';
import { projectRoot } from '../../fsw/root';

const file = join(projectRoot, 'ground-tools/federation/schema/flwr.json');
const { flwr, descriptors } = JSON.parse(readFileSync(file, 'utf8')) as { flwr: string; descriptors: string };
const root = Root.fromDescriptor(Buffer.from(descriptors, 'base64'), { keepCase: true });

/** The release of flwr whose wire format this is. */
export const FLWR_VERSION = flwr;

/** 64-bit numbers are decimal texts: node and run ids use all bits. Names are those on the wire. */
export type Long = string;

export interface Metadata {
  readonly run_id: Long;
  /** Empty inside of the message's own object: it is that object's id. */
  readonly message_id: string;
  readonly src_node_id: Long;
  readonly dst_node_id: Long;
  readonly reply_to_message_id: string;
  readonly group_id: string;
  /** Seconds. */
  readonly ttl: number;
  readonly message_type: string;
  /** Unix time, seconds. */
  readonly created_at: number;
  readonly src_task_id?: Long;
  readonly dst_task_id?: Long;
}

export interface WireError {
  readonly code: Long;
  readonly reason: string;
}

export interface WireMessage {
  readonly metadata: Metadata;
  readonly content?: { readonly items: readonly never[] };
  readonly error?: WireError;
}

export interface ObjectTree {
  readonly object_id: string;
  readonly children: readonly ObjectTree[];
}

/** One of its fields is set. */
export interface WireValue {
  readonly double?: number;
  readonly sint64?: Long;
  readonly uint64?: Long;
  readonly bool?: boolean;
  readonly string?: string;
  readonly bytes?: Uint8Array;
  readonly double_list?: { readonly vals: readonly number[] };
  readonly sint_list?: { readonly vals: readonly Long[] };
  readonly uint_list?: { readonly vals: readonly Long[] };
  readonly bool_list?: { readonly vals: readonly boolean[] };
  readonly string_list?: { readonly vals: readonly string[] };
  readonly bytes_list?: { readonly vals: readonly Uint8Array[] };
}

export interface WireRecord {
  readonly items: readonly { readonly key: string; readonly value: WireValue }[];
}

/** Writes and reads one message type. */
export interface Wire<T> {
  encode(value: T): Uint8Array;
  /** Fields that are not there have their defaults, but for those of a choice. Errors: FLOWER_ANSWER. */
  decode(bytes: Uint8Array): Result<T>;
}

export function wire<T extends object>(name: string): Wire<T> {
  const type: Type = root.lookupType(`flwr.proto.${name}`);
  return {
    encode: (value) => new Uint8Array(type.encode(type.fromObject(value)).finish()),
    decode: (bytes) => {
      try {
        const message = type.decode(bytes);
        return succeed(type.toObject(message, { longs: String, defaults: true }) as T);
      } catch (error) {
        return fail('FLOWER_ANSWER', { what: name, why: (error as Error).message });
      }
    },
  };
}
