import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { IDLE_APID, readSpacePacket } from '../../../fsw/protocols';
import { spacePacketizer } from './spacePacketizer';

async function packetizerBench() {
  const b = await bench(spacePacketizer);
  return {
    ...b,
    put: (...data: number[]) => b.in.packetIn({ data: Uint8Array.from(data), value: 1 }),
    packets: () =>
      b.calls('out').map(({ data }) => {
        const read = readSpacePacket(data as Uint8Array);
        if (!read.ok) throw new Error(read.error.text);
        return read.value;
      }),
  };
}

describe('spacePacketizer', () => {
  it('PGE-SPP-001: puts each packet whole into a telemetry space packet whose APID is its descriptor', async () => {
    const b = await packetizerBench();
    b.put(0, 2, 9, 9, 9);
    expect(b.packets()).toMatchObject([
      { type: 'telemetry', apid: 2, sequence: 0, data: Uint8Array.of(0, 2, 9, 9, 9) },
    ]);
    expect([...(b.calls('out')[0].data as Uint8Array)]).toEqual([0, 2, 0xc0, 0, 0, 4, 0, 2, 9, 9, 9]);
  });

  it('PGE-SPP-002: counts each APID by itself', async () => {
    const b = await packetizerBench();
    for (const apid of [2, 2, 1, 2]) b.put(0, apid);
    expect(b.packets().map(({ apid, sequence }) => [apid, sequence])).toEqual([
      [2, 0],
      [2, 1],
      [1, 0],
      [2, 2],
    ]);
  });

  it('PGE-SPP-003: hands over a buffer of its own each time', async () => {
    const b = await packetizerBench();
    b.put(0, 2, 1);
    b.put(0, 2, 7);
    expect(b.packets().map(({ data }) => data[2])).toEqual([1, 7]);
  });

  it('PGE-SPP-004: drops and counts what has no APID: too short, the idle APID, or beyond 11 bits', async () => {
    const b = await packetizerBench();
    b.put();
    b.put(0);
    b.put(0x07, 0xff, 1);
    b.put(0x08, 0x00, 1);
    expect(b.sent).toEqual([]);
    expect(b.telemetry.BadPackets).toBe(4);
    expect(b.events.map(({ args }) => args)).toEqual([
      { length: 0, descriptor: 0x7ff },
      { length: 1, descriptor: 0x7ff },
      { length: 3, descriptor: 0x7ff },
      { length: 3, descriptor: 0x800 },
    ]);
    b.put(0x07, 0xfe, 1);
    expect(b.packets().length).toBe(1);
  });

  it('PGE-SPP-005: puts a PDU unchanged under its own APID, and drops one that has none', async () => {
    const b = await packetizerBench();
    b.in.pduIn({ data: Uint8Array.of(0x20, 1), apid: 10 });
    b.in.pduIn({ data: Uint8Array.of(1), apid: IDLE_APID });
    b.in.pduIn({ data: new Uint8Array(0), apid: 10 });
    b.in.pduIn({ data: Uint8Array.of(9), apid: 10 });
    expect(b.packets()).toMatchObject([
      { type: 'telemetry', apid: 10, sequence: 0, data: Uint8Array.of(0x20, 1) },
      { apid: 10, sequence: 1, data: Uint8Array.of(9) },
    ]);
    expect([b.events.length, b.telemetry.BadPackets]).toEqual([2, 2]);
  });
});
