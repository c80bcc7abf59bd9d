import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { eventFormatter } from '../../fsw/framework/emitters';
import type { SeverityName } from '../../fsw/framework/model';
import { unixUsOf } from '../../fsw/framework/time';
import { Cursor, decode, type Fields, struct, type Type } from '../../fsw/framework/types';
import {
  Apid,
  readChannelPacket,
  readDescriptor,
  readEventPacket,
  readRecordPacket,
  readTelemetryPacket,
} from '../../fsw/protocols/fprimePackets';
import { SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols/spacePacket';

/** What one downlinked packet says, with names from the dictionary. `unixUs` is its on-board time tag. */
export type Downlinked =
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly severity: SeverityName;
      readonly unixUs: number;
      readonly args: Readonly<Record<string, unknown>>;
      readonly text: string;
    }
  | { readonly kind: 'channels'; readonly values: readonly ChannelReading[] }
  | {
      readonly kind: 'records';
      readonly name: string;
      readonly unixUs: number;
      readonly records: readonly unknown[];
    };

export interface ChannelReading {
  readonly name: string;
  readonly unixUs: number;
  readonly value: unknown;
}

/**
 * Reads one space packet by the dictionary.
 * Errors: LINK_UNKNOWN_ID, LINK_UNKNOWN_DESCRIPTOR, and those of the packet and type codecs.
 */
export function readDownlink(dictionary: Dictionary, spacePacket: Uint8Array): Result<Downlinked> {
  const index = indexOf(dictionary);
  const packet = spacePacket.subarray(SPACE_PACKET_HEADER_LENGTH);
  const descriptor = readDescriptor(packet);
  if (!descriptor.ok) return descriptor;
  switch (descriptor.value) {
    case Apid.LOG:
      return readEvent(index, packet);
    case Apid.TELEM:
      return readChannels(index, packet);
    case Apid.PACKETIZED_TLM:
      return readHousekeeping(index, packet);
    case Apid.DP:
      return readRecords(index, packet);
    default:
      return fail('LINK_UNKNOWN_DESCRIPTOR', { descriptor: descriptor.value });
  }
}

type EventEntry = Dictionary['events'][number] & {
  readonly type: Type<object>;
  readonly textOf: (args: Readonly<Record<string, unknown>>) => string;
};

/** A dictionary's entries by id, each event with the type of its arguments. */
interface Index {
  readonly events: ReadonlyMap<number, EventEntry>;
  readonly channels: ReadonlyMap<number, Dictionary['channels'][number]>;
  readonly packets: ReadonlyMap<number, Dictionary['packets'][number]>;
  readonly records: ReadonlyMap<number, Dictionary['records'][number]>;
}

const indices = new WeakMap<Dictionary, Index>();

function indexOf(dictionary: Dictionary): Index {
  const known = indices.get(dictionary);
  if (known) return known;
  const { events, channels, packets, records } = dictionary;
  const byId = <E extends { readonly id: number }>(entries: readonly E[]) =>
    new Map(entries.map((entry) => [entry.id, entry]));
  const typed = events.map((entry) => ({
    ...entry,
    type: struct(entry.name, entry.args ?? ({} as Fields)),
    textOf: eventFormatter(entry),
  }));
  const index = {
    events: byId(typed),
    channels: byId(channels),
    packets: byId(packets),
    records: byId(records),
  };
  indices.set(dictionary, index);
  return index;
}

/** An event as it was read. Its words are made when they are asked for: who counts events never does. */
class ReadEvent {
  readonly kind = 'event';
  readonly name: string;
  readonly severity: SeverityName;
  readonly unixUs: number;
  readonly args: Readonly<Record<string, unknown>>;
  readonly #entry: EventEntry;

  constructor(entry: EventEntry, unixUs: number, args: Readonly<Record<string, unknown>>) {
    this.name = entry.name;
    this.severity = entry.severity;
    this.unixUs = unixUs;
    this.args = args;
    this.#entry = entry;
  }

  get text(): string {
    return this.#entry.textOf(this.args);
  }
}

function readEvent(index: Index, packet: Uint8Array): Result<Downlinked> {
  const event = readEventPacket(packet);
  if (!event.ok) return event;
  const entry = index.events.get(event.value.id);
  if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'event', id: event.value.id });
  const args = decode(entry.type, event.value.args);
  if (!args.ok) return args;
  const values = args.value as Record<string, unknown>;
  return succeed(new ReadEvent(entry, unixUsOf(event.value.time), values));
}

function readChannels(index: Index, packet: Uint8Array): Result<Downlinked> {
  const entries = readChannelPacket(packet, (id, bytes, at) => {
    const entry = index.channels.get(id);
    return entry === undefined ? undefined : lengthAt(entry.type, bytes.subarray(at));
  });
  if (!entries.ok) return entries;
  const values: ChannelReading[] = [];
  for (const { id, time, value } of entries.value) {
    const entry = index.channels.get(id);
    if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'channel', id });
    const decoded = decode(entry.type, value, entry.name);
    if (!decoded.ok) return decoded;
    values.push({ name: entry.name, unixUs: unixUsOf(time), value: decoded.value });
  }
  return succeed({ kind: 'channels', values });
}

/** Bytes that a value of `type` takes at the head of `bytes`; values carry no length of their own. */
function lengthAt(type: Type<unknown>, bytes: Uint8Array): number | undefined {
  if (type.minSize === type.maxSize) return type.maxSize;
  const cursor = new Cursor(bytes);
  try {
    type.read(cursor);
    return cursor.at;
  } catch {
    return undefined;
  }
}

function readHousekeeping(index: Index, packet: Uint8Array): Result<Downlinked> {
  const housekeeping = readTelemetryPacket(packet);
  if (!housekeeping.ok) return housekeeping;
  const { id, time, values } = housekeeping.value;
  const entry = index.packets.get(id);
  if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'telemetry packet', id });
  const unixUs = unixUsOf(time);
  const readings: ChannelReading[] = [];
  let at = 0;
  for (const { name, type } of entry.channels) {
    // Every member takes its largest size: strings are padded, as F´'s packet decoder steps.
    const member = values.subarray(at, at + type.maxSize);
    const length = member.length < type.maxSize ? undefined : lengthAt(type, member);
    if (length === undefined) return fail('LINK_SHORT_PACKET', { packet: entry.name, channel: name });
    const decoded = decode(type, member.subarray(0, length), name);
    if (!decoded.ok) return decoded;
    readings.push({ name, unixUs, value: decoded.value });
    at += type.maxSize;
  }
  return succeed({ kind: 'channels', values: readings });
}

function readRecords(index: Index, packet: Uint8Array): Result<Downlinked> {
  const product = readRecordPacket(packet);
  if (!product.ok) return product;
  const { productId, time, count, recordLength, records } = product.value;
  const entry = index.records.get(productId);
  if (entry === undefined) return fail('LINK_UNKNOWN_ID', { what: 'product', id: productId });
  const values: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const decoded = decode(
      entry.type,
      records.subarray(i * recordLength, (i + 1) * recordLength),
      entry.name,
    );
    if (!decoded.ok) return decoded;
    values.push(decoded.value);
  }
  return succeed({ kind: 'records', name: entry.name, unixUs: unixUsOf(time), records: values });
}
