/** Packets as lines of JSON, the same from the live link and from a recording. */
import type { Dictionary } from '../../fsw/framework/dictionary';
import type { Fields, Type } from '../../fsw/framework/types';
import { type Downlinked, readDownlink } from '../link/downlink';
import type { DownlinkMessage } from './messages';

export interface PacketStamp {
  readonly n: number;
  readonly at: number;
}

export function apidOf(packet: Uint8Array): number {
  return ((packet[0] & 7) << 8) | packet[1];
}

/**
 * Reads a packet into the message that says it. Without a dictionary, and where it explains nothing, that is
 * the packet itself in hex.
 */
export function messageOf(
  dictionary: Dictionary | undefined,
  packet: Uint8Array,
  { n, at }: PacketStamp,
): DownlinkMessage {
  const apid = apidOf(packet);
  const raw = () => Buffer.from(packet.buffer, packet.byteOffset, packet.length).toString('hex');
  if (dictionary === undefined) return { type: 'packet', n, apid, at, hex: raw() };
  const read = readDownlink(dictionary, packet);
  if (!read.ok) return { type: 'packet', n, apid, at, hex: raw(), fault: read.error };
  return decoded(read.value, { n, apid, at });
}

function decoded(content: Downlinked, head: { n: number; apid: number; at: number }): DownlinkMessage {
  const { n, apid, at } = head;
  switch (content.kind) {
    case 'event': {
      const { name, severity, unixUs: time, args, text } = content;
      return { type: 'event', n, apid, at, name, severity, time, args, text };
    }
    case 'channels': {
      const values = content.values.map(({ name, unixUs, value }) => ({ name, time: unixUs, value }));
      return { type: 'channels', n, apid, at, values };
    }
    case 'records':
      return {
        type: 'records',
        n,
        apid,
        at,
        name: content.name,
        time: content.unixUs,
        records: content.records,
      };
  }
}

/** Writes messages as JSON. 64-bit integers become decimal text, bytes hex, and numbers that JSON lacks `null`. */
export function lineWriter(dictionary: Dictionary | undefined): (message: DownlinkMessage) => string {
  const special = new Set<string>();
  for (const { name, args } of dictionary?.events ?? []) if (holdsSpecial(args ?? {})) special.add(name);
  for (const { name, type } of [...(dictionary?.channels ?? []), ...(dictionary?.records ?? [])])
    if (isSpecial(type)) special.add(name);
  const isPlain = (message: DownlinkMessage) =>
    special.size === 0 ||
    message.type === 'packet' ||
    (message.type === 'channels'
      ? message.values.every(({ name }) => !special.has(name))
      : !special.has(message.name));
  // Without a replacer, JSON.stringify is several times as fast.
  return (message) => (isPlain(message) ? JSON.stringify(message) : jsonText(message));
}

function isSpecial(type: Type<unknown>): boolean {
  const { element, fields } = type as { element?: Type<unknown>; fields?: Fields };
  if (element) return isSpecial(element);
  if (fields) return holdsSpecial(fields);
  return type.kind === 'bytes' || typeof type.initial === 'bigint';
}

function holdsSpecial(fields: Fields): boolean {
  return Object.values(fields).some(isSpecial);
}

/** Any message as JSON. */
export function jsonText(message: unknown): string {
  return JSON.stringify(message, function (this: Record<string, unknown>, key, value: unknown) {
    if (typeof value === 'bigint') return value.toString();
    // A Buffer has turned itself into an object by now; what it was stands in its holder.
    const given = this[key];
    return given instanceof Uint8Array ? Buffer.from(given).toString('hex') : value;
  });
}
