import { crc16ccitt } from 'crc';
import { struct, Time, timeOf, U32 } from '../../fsw/framework';
import { Cursor } from '../../fsw/framework/types';
import {
  Apid,
  SequenceCounters,
  SPACE_PACKET_HEADER_LENGTH,
  TmFramer,
  writeEventPacket,
  writeSpacePacketHeader,
} from '../../fsw/protocols';
import { paired, perSecond, type Row } from './measure';

const FRAME = 1024;
const args = struct('Args', { opcode: U32, cmdSeq: U32, uplink: U32 });
const EVENT_BYTES = 6 + Time.maxSize + args.maxSize;

/** Event → F´ packet → space packet → TM frame, with checksum. */
function ours(): (n: number) => void {
  let frames = 0;
  const framer = new TmFramer({ onFrame: () => void frames++ });
  const counters = new SequenceCounters();
  const packet = new Uint8Array(SPACE_PACKET_HEADER_LENGTH + EVENT_BYTES);
  const cursor = new Cursor(packet);
  const time = timeOf(1.7e15);
  return (n) => {
    for (let i = 0; i < n; i++) {
      const sequence = counters.next(Apid.LOG);
      const at = writeSpacePacketHeader(packet, 0, {
        type: 'telemetry',
        apid: Apid.LOG,
        sequence,
        dataLength: EVENT_BYTES,
      });
      cursor.at = writeEventPacket(packet, at, 0x1001, time);
      args.write(cursor, { opcode: i, cmdSeq: i, uplink: i });
      framer.add(packet);
    }
    framer.flush();
  };
}

/** The same bytes the plain way: a Buffer per part, concatenated, checksummed by npm `crc`. */
function plain(): (n: number) => void {
  const u16 = (value: number) => {
    const part = Buffer.alloc(2);
    part.writeUInt16BE(value);
    return part;
  };
  const u32 = (value: number) => {
    const part = Buffer.alloc(4);
    part.writeUInt32BE(value);
    return part;
  };
  let waiting: Buffer[] = [];
  let size = 0;
  let count = 0;
  const frame = () => {
    const idle = Buffer.alloc(FRAME - 8 - size);
    const head = [u16((0x44 << 4) | 2), Buffer.from([count & 255, count & 255]), u16(0x1800)];
    const body = Buffer.concat([...head, ...waiting, idle]);
    count++;
    waiting = [];
    size = 0;
    return Buffer.concat([body, u16(crc16ccitt(body))]);
  };
  return (n) => {
    for (let i = 0; i < n; i++) {
      const time = [u16(2), Buffer.from([0]), u32(1_700_000_000), u32(0)];
      const data = Buffer.concat([u16(2), u32(0x1001), ...time, u32(i), u32(i), u32(i)]);
      const packet = Buffer.concat([u16(2), u16(0xc000 | (i & 0x3fff)), u16(data.length - 1), data]);
      if (size + packet.length > FRAME - 10) frame();
      waiting.push(packet);
      size += packet.length;
    }
    frame();
  };
}

export function packetRate(): Row[] {
  const { a, b, ratio } = paired(200_000, ours(), plain(), 7);
  return [
    {
      what: `event encode + packet + TM frame (${EVENT_BYTES + SPACE_PACKET_HEADER_LENGTH} B each)`,
      value: perSecond(a),
      yardstick: 'the same with a Buffer per field and npm crc',
      yardstickValue: perSecond(b),
      ratio: `${(1 / ratio).toFixed(1)} × its rate`,
      promise: '≥ 1 M/s',
      kept: 1e9 / a >= 1e6,
    },
  ];
}
