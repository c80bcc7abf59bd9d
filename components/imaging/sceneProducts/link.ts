/** Hands products to the link, each packet with its worth and the time that is left to it. */
import { encode, type SelfOf, type Time, type Type } from '../../../fsw/framework';
import { chunksOf, ProductChunk, type ProductHead } from '../../../fsw/products';
import { MAX_RECORDS, RECORD_PACKET_HEAD_LENGTH, writeRecordPacket } from '../../../fsw/protocols';
import type { sceneProductsModel } from './model';
import { ageS } from './packing';
import type { State } from './state';

export type Self = SelfOf<typeof sceneProductsModel, State>;
export type RecordName = 'StripNote' | 'Vessel' | 'Chunk';

/** The most bytes of a packet: what the port carries. */
const MAX_PACKET = 1016;

export interface Item<T> {
  readonly record: T;
  readonly value: number;
}

/** What all packets of one send share: when it was seen, and after how long that is worth nothing; 0: never. */
export interface Tag {
  readonly time: Time;
  readonly lifeS: number;
}

/** Sends records of one length, as many in a packet as fit. */
export function sendRecords<T>(
  self: Self,
  name: RecordName,
  type: Type<T>,
  items: readonly Item<T>[],
  tag: Tag,
): void {
  const most = Math.min(MAX_RECORDS, Math.floor((MAX_PACKET - RECORD_PACKET_HEAD_LENGTH) / type.maxSize));
  for (let from = 0; from < items.length; from += most)
    sendPacket(self, name, type, items.slice(from, from + most), tag);
}

/** Sends one layer of a product, worth `value` when all of it arrives. */
export function sendLayer(
  self: Self,
  head: ProductHead,
  content: { readonly bytes: Uint8Array; readonly ends: readonly number[]; readonly layer: number },
  value: number,
  tag: Tag,
): void {
  const chunks = chunksOf(head, content.bytes, content.ends, content.layer);
  const length = chunks.reduce((sum, { data }) => sum + data.length, 0);
  for (const chunk of chunks)
    sendPacket(
      self,
      'Chunk',
      ProductChunk,
      [{ record: chunk, value: (value * chunk.data.length) / length }],
      tag,
    );
}

function sendPacket<T>(
  self: Self,
  name: RecordName,
  type: Type<T>,
  items: readonly Item<T>[],
  tag: Tag,
): void {
  const { state, out, clock, tlm } = self;
  const left = tag.lifeS === 0 ? 0 : tag.lifeS - ageS(tag.time, clock.epochUs + clock.nowUs());
  if (left < 0) return;
  const records = items.map(({ record }) => encode(type, record));
  const data = new Uint8Array(
    RECORD_PACKET_HEAD_LENGTH + records.reduce((sum, { length }) => sum + length, 0),
  );
  let at = writeRecordPacket(data, 0, recordId(self, name), tag.time, items.length);
  for (const record of records) {
    data.set(record, at);
    at += record.length;
  }
  tlm.Packets(++state.packets);
  state.packetBytes += data.length;
  tlm.PacketBytes(BigInt(state.packetBytes));
  const value = items.reduce((sum, item) => sum + item.value, 0);
  // Less than a second left is not 0, which would be for ever.
  out.productOut({ data, value, lifeS: tag.lifeS === 0 ? 0 : Math.max(1, Math.ceil(left)) });
}

function recordId({ dictionary, name: instance }: Self, local: RecordName): number {
  return dictionary.records.find((entry) => entry.instance === instance && entry.local === local)?.id ?? 0;
}
