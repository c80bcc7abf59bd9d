import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { IDLE_APID, writeSpacePacketHeader } from '../../../fsw/protocols';
import { commandRouter } from './commandRouter';

function packet(sequence: number, data: readonly number[], apid = 0): Uint8Array {
  const bytes = new Uint8Array(6 + data.length);
  const header = { type: 'telecommand', apid, sequence, dataLength: data.length } as const;
  bytes.set(data, writeSpacePacketHeader(bytes, 0, header));
  return bytes;
}

async function routerBench() {
  const b = await bench(commandRouter);
  return {
    ...b,
    frame: (...parts: Uint8Array[]) => b.in.frameIn({ data: new Uint8Array(Buffer.concat(parts)) }),
    routed: () => b.sent.map(({ end, args }) => [end, args.context, [...(args.data as Uint8Array)]]),
  };
}

describe('commandRouter', () => {
  it('PGE-CRT-001: routes all packets of a frame by descriptor, in order, with their sequence counts', async () => {
    const b = await routerBench();
    b.frame(packet(7, [0, 0, 1, 2, 3, 4]), packet(8, [0, 3, 9]), packet(9, [0, 0, 5, 6, 7, 8]));
    expect(b.routed()).toEqual([
      ['commandOut', 7, [0, 0, 1, 2, 3, 4]],
      ['fileOut', 8, [0, 3, 9]],
      ['commandOut', 9, [0, 0, 5, 6, 7, 8]],
    ]);
    expect(b.telemetry).toMatchObject({ CommandsRouted: 2, FilePacketsRouted: 1 });
  });

  it('PGE-CRT-002: passes over idle packets and an empty frame without a word', async () => {
    const b = await routerBench();
    b.frame(packet(0, [1, 2, 3], IDLE_APID));
    b.frame();
    expect([b.sent, b.events]).toEqual([[], []]);
  });

  it('PGE-CRT-003: counts and reports a descriptor that has no route, and goes on', async () => {
    const b = await routerBench();
    b.frame(packet(1, [0, 2, 1]), packet(2, [0, 0, 1]));
    expect(b.events.map(({ text }) => text)).toEqual(['no route for descriptor 2 (packet 1)']);
    expect(b.telemetry.Unroutable).toBe(1);
    expect(b.routed()).toEqual([['commandOut', 2, [0, 0, 1]]]);
  });

  it('PGE-CRT-004: a packet too short for a descriptor is malformed; the next one is routed', async () => {
    const b = await routerBench();
    b.frame(packet(1, [0]), packet(2, [0, 0, 1]));
    expect(b.events.map(({ text }) => text)).toEqual(['FPRIME_TRUNCATED: F´ packet: 1 bytes, 2 needed']);
    expect(b.telemetry.Malformed).toBe(1);
    expect(b.routed().length).toBe(1);
  });

  it('PGE-CRT-004: a packet that its frame cuts off is malformed; those before it are routed', async () => {
    const b = await routerBench();
    b.frame(packet(1, [0, 0, 1]), packet(2, [0, 0, 1, 2, 3]).subarray(0, 9));
    expect(b.events.map(({ args }) => args.code)).toEqual(['SPP_TRUNCATED']);
    expect(b.routed()).toEqual([['commandOut', 1, [0, 0, 1]]]);
  });

  it('PGE-CRT-005: hands over copies, so that a reused frame buffer changes nothing', async () => {
    const b = await routerBench();
    const frame = packet(1, [0, 0, 1]);
    b.in.frameIn({ data: frame });
    frame.fill(0xee);
    expect(b.routed()).toEqual([['commandOut', 1, [0, 0, 1]]]);
  });

  it('PGE-CRT-006: a flood of bad packets is reported ten times, counted whole, and again after a good one', async () => {
    const b = await routerBench();
    for (let i = 0; i < 25; i++) b.frame(packet(i, [0x12, 0x34]));
    expect([b.events.length, b.telemetry.Unroutable]).toEqual([10, 25]);
    b.frame(packet(0, [0, 0, 1]), packet(1, [0x12, 0x34]));
    expect(b.events.length).toBe(11);
  });

  it('PGE-CRT-007: hands identified commands over like commands, with the source that it is set to', async () => {
    const b = await bench(commandRouter, { config: { source: 3 } });
    b.in.frameIn({ data: packet(4, [0, 0x70, 0, 1, 0, 0, 0, 2], 0x70) });
    expect(b.calls('commandOut')).toEqual([
      { data: Uint8Array.of(0, 0x70, 0, 1, 0, 0, 0, 2), context: 4, source: 3 },
    ]);
    expect(b.telemetry.CommandsRouted).toBe(1);
  });

  it('PGE-CRT-008: hands a packet of APID 10 to CFDP unread, whatever its first bytes', async () => {
    const b = await routerBench();
    b.frame(packet(3, [0], 10), packet(4, [0, 0, 1], 10), packet(5, [0, 0, 1]));
    expect(b.routed()).toEqual([
      ['cfdpOut', 3, [0]],
      ['cfdpOut', 4, [0, 0, 1]],
      ['commandOut', 5, [0, 0, 1]],
    ]);
    expect(b.telemetry).toMatchObject({ CfdpRouted: 2 });
  });
});
