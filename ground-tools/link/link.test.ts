import { describe, expect, it } from 'vitest';
import { component } from '../../fsw/framework/component';
import { dictionaryOf } from '../../fsw/framework/dictionary';
import { defineComponent } from '../../fsw/framework/model';
import { ok } from '../../fsw/framework/standardPorts';
import { timeOf } from '../../fsw/framework/time';
import { defineTopology, instance } from '../../fsw/framework/topology';
import { array, encode, enumeration, F32, string, struct, U8, U16, U32 } from '../../fsw/framework/types';
import {
  appendChannel,
  readCommandPacket,
  splitSpacePackets,
  TcDeframer,
  writeChannelPacket,
  writeEventPacket,
  writeRecordPacket,
  writeSpacePacketHeader,
  writeTelemetryPacket,
} from '../../fsw/protocols';
import { readDownlink } from './downlink';
import { CommandUplink } from './uplink';

const Mode = enumeration('Demo.Mode', { OFF: 0, ON: 1 });
const Blob = struct('Demo.Blob', { size: U16, kind: U8 });
const demo = component(
  defineComponent({
    kind: 'passive',
    doc: 'x',
    commands: {
      SET: { id: 1, args: { mode: Mode, gain: F32, taps: array(U8, 2) }, doc: 'x' },
      GO: { id: 2, doc: 'x' },
    },
    events: {
      Said: {
        id: 3,
        severity: 'activity-high',
        args: { text: string(20), n: U32 },
        format: '{text} x{n}',
        doc: 'x',
      },
    },
    telemetry: { Name: { id: 4, type: string(8), doc: 'x' }, Count: { id: 5, type: U32, doc: 'x' } },
    records: { Blob: { id: 6, type: Blob, doc: 'x' } },
  }),
  { commands: () => ({ SET: () => ok, GO: () => ok }) },
);
const dictionary = dictionaryOf(
  defineTopology({
    name: 'Demo',
    instances: [instance('unit', demo, { baseId: 0x100 })],
    connections: [],
    patterns: {},
    packets: [{ name: 'Hk', id: 9, channels: ['unit.Name', 'unit.Count'] }],
  }),
);
const unixUs = 1_700_000_000_250_000;
const time = timeOf(unixUs);

/** `fill` writes an F´ packet behind a space packet header. */
function spacePacket(fill: (into: Uint8Array, at: number) => number): Uint8Array {
  const into = new Uint8Array(256);
  const end = fill(into, 6);
  writeSpacePacketHeader(into, 0, { type: 'telemetry', apid: 1, sequence: 0, dataLength: end - 6 });
  return into.subarray(0, end);
}

function read(fill: (into: Uint8Array, at: number) => number) {
  return readDownlink(dictionary, spacePacket(fill));
}

describe('reading the downlink by the dictionary', () => {
  it('names an event, decodes its arguments and says it in words', () => {
    const args = encode(struct('Said', { text: string(20), n: U32 }), { text: 'hi', n: 3 });
    const event = read((into, at) => writeEventPacket(into, at, 0x103, time, args));
    expect(event).toMatchObject({
      ok: true,
      value: {
        kind: 'event',
        name: 'Demo.unit.Said',
        severity: 'activity-high',
        unixUs,
        args: { text: 'hi', n: 3 },
        text: 'hi x3',
      },
    });
  });

  it('reads several channels of one packet, of any length', () => {
    const channels = read((into, at) =>
      appendChannel(
        into,
        writeChannelPacket(into, at, 0x104, time, encode(string(8), 'cam')),
        0x105,
        time,
        encode(U32, 7),
      ),
    );
    expect(channels).toMatchObject({
      value: {
        values: [
          { name: 'Demo.unit.Name', value: 'cam' },
          { name: 'Demo.unit.Count', value: 7 },
        ],
      },
    });
  });

  it('reads a housekeeping packet, where text is padded to its longest', () => {
    const values = new Uint8Array(14);
    values.set(encode(string(8), 'cam'));
    values.set(encode(U32, 7), 10);
    const packet = read((into, at) => writeTelemetryPacket(into, at, 9, time, values));
    expect(packet).toMatchObject({ value: { kind: 'channels', values: [{ value: 'cam' }, { value: 7 }] } });
    const short = read((into, at) => writeTelemetryPacket(into, at, 9, time, values.subarray(0, 11)));
    expect(short).toMatchObject({ ok: false, error: { code: 'LINK_SHORT_PACKET' } });
  });

  it('reads the records of a product', () => {
    const records = new Uint8Array([0, 5, 1, 0, 6, 2]);
    const product = read((into, at) => writeRecordPacket(into, at, 0x106, time, 2, records));
    expect(product).toMatchObject({
      value: {
        kind: 'records',
        name: 'Demo.unit.Blob',
        unixUs,
        records: [
          { size: 5, kind: 1 },
          { size: 6, kind: 2 },
        ],
      },
    });
  });

  it('refuses what the dictionary does not know, or what does not fit it, and says which', () => {
    const code = (result: ReturnType<typeof read>) => (result.ok ? undefined : result.error.code);
    expect(code(read((into, at) => writeEventPacket(into, at, 0x999, time)))).toBe('LINK_UNKNOWN_ID');
    expect(code(read((into, at) => writeTelemetryPacket(into, at, 77, time)))).toBe('LINK_UNKNOWN_ID');
    expect(code(read((into, at) => writeRecordPacket(into, at, 0x999, time, 0)))).toBe('LINK_UNKNOWN_ID');
    expect(code(read((into, at) => writeChannelPacket(into, at, 0x999, time)))).toBe(
      'FPRIME_UNKNOWN_CHANNEL',
    );
    expect(code(read((into, at) => writeEventPacket(into, at, 0x103, time, new Uint8Array([0, 9]))))).toBe(
      'TYPE_TRUNCATED',
    );
    expect(code(read((into, at) => writeRecordPacket(into, at, 0x106, time, 1, new Uint8Array(4))))).toBe(
      'TYPE_TRAILING',
    );
    expect(code(readDownlink(dictionary, new Uint8Array([0, 1, 0, 0, 0, 1, 0, 0x63])))).toBe(
      'LINK_UNKNOWN_DESCRIPTOR',
    );
    expect(code(readDownlink(dictionary, new Uint8Array(6)))).toBe('FPRIME_TRUNCATED');
  });
});

describe('commanding by name', () => {
  const received = (frame: Uint8Array) => {
    const packets: Uint8Array[] = [];
    new TcDeframer({
      onData: (data) => void splitSpacePackets(data, ({ data: packet }) => packets.push(packet.slice())),
    }).push(frame);
    return packets.map((packet) => readCommandPacket(packet));
  };

  it('makes a TC frame that flight software takes, with the arguments in F´ form', () => {
    const uplink = new CommandUplink(dictionary);
    const made = uplink.command('unit.SET', { mode: 'ON', gain: 0.5, taps: [1, 2] });
    if (!made.ok) throw new Error(made.error.text);
    expect(received(made.value.frame)).toEqual([
      { ok: true, value: { opcode: 0x101, args: Uint8Array.from([1, 0x3f, 0, 0, 0, 1, 2]) } },
    ]);
    expect(uplink.command('Demo.unit.GO')).toMatchObject({ ok: true, value: { uplink: 1 } });
  });

  it('refuses an unknown command and wrong arguments before anything is sent', () => {
    const uplink = new CommandUplink(dictionary);
    expect(uplink.command('unit.GOO')).toMatchObject({
      ok: false,
      error: { text: expect.stringContaining('did you mean Demo.unit.GO?') },
    });
    for (const args of [{}, { mode: 'MAYBE', gain: 1, taps: [1, 2] }, { mode: 'ON', gain: 1, taps: [1] }])
      expect(uplink.command('unit.SET', args)).toMatchObject({ ok: false });
    expect(uplink.command('unit.GO')).toMatchObject({ ok: true, value: { uplink: 0 } });
  });
});
