/** Records of one length in packets, as many in each as fit. */
import { encode, type Time, type Type } from '../framework';
import { MAX_RECORDS, RECORD_PACKET_HEAD_LENGTH, writeRecordPacket } from '../protocols';

/** The most bytes of a packet: what the ports of the link carry. */
const MAX_PACKET = 1016;

export interface RecordPacket {
  readonly data: Uint8Array;
  readonly records: number;
}

/** `id` is the record's in the dictionary, `time` the time tag of all. */
export function recordPackets<T>(
  { id, type, time }: { readonly id: number; readonly type: Type<T>; readonly time: Time },
  records: readonly T[],
): RecordPacket[] {
  const most = Math.min(MAX_RECORDS, Math.floor((MAX_PACKET - RECORD_PACKET_HEAD_LENGTH) / type.maxSize));
  return Array.from({ length: Math.ceil(records.length / most) }, (_, n) => {
    const encoded = records.slice(n * most, (n + 1) * most).map((record) => encode(type, record));
    const length = encoded.reduce((sum, bytes) => sum + bytes.length, RECORD_PACKET_HEAD_LENGTH);
    const data = new Uint8Array(length);
    let at = writeRecordPacket(data, 0, id, time, encoded.length);
    for (const bytes of encoded) {
      data.set(bytes, at);
      at += bytes.length;
    }
    return { data, records: encoded.length };
  });
}
