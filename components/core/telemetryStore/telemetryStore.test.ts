import { describe, expect, it } from 'vitest';
import { encode, U32 } from '../../../fsw/framework';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import { readChannelPacket } from '../../../fsw/protocols';
import { telemetryStore } from './telemetryStore';

// The store's own channels are all that a bench's dictionary holds; Faults has limits: yellow above 0, red above 3.
const FAULTS = BENCH_BASE_ID + 0xf0;
const VIOLATIONS = BENCH_BASE_ID;
const REFUSED = BENCH_BASE_ID + 2;

async function onBench(config: Record<string, unknown> = {}, packets: string[] = []) {
  const topology = { packets: packets.map((channel, i) => ({ name: `P${i}`, id: i, channels: [channel] })) };
  const b = await bench(telemetryStore, { config, topology });
  let seconds = 0;
  const write = (id: number, value: number) =>
    b.in.tlm({
      id,
      time: { timeBase: 2, timeContext: 0, seconds: ++seconds, useconds: 0 },
      value: encode(U32, value),
    });
  const packetsSent = () =>
    b.calls('comOut').map(({ data }) => {
      const packet = readChannelPacket(data as Uint8Array, () => 4);
      if (!packet.ok) throw new Error(packet.error.text);
      return packet.value.map(({ id, time, value }) => [id, time.seconds, value[3]]);
    });
  return { b, write, packetsSent };
}

describe('telemetryStore', () => {
  it('PGE-TLM-001: gives back the latest value and its time, and nothing before the first', async () => {
    const { b, write } = await onBench();
    expect(b.in.get({ id: VIOLATIONS })).toBeUndefined();
    write(VIOLATIONS, 1);
    write(VIOLATIONS, 2);
    expect(b.in.get({ id: VIOLATIONS })).toMatchObject({
      time: { seconds: 2 },
      value: Uint8Array.of(0, 0, 0, 2),
    });
    expect(b.in.get({ id: 0x9999 })).toBeUndefined();
  });

  it('PGE-TLM-002: copies a value, which stays its sender’s', async () => {
    const { b } = await onBench();
    const value = Uint8Array.of(0, 0, 0, 5);
    b.in.tlm({ id: VIOLATIONS, time: { timeBase: 2, timeContext: 0, seconds: 1, useconds: 0 }, value });
    value.fill(0xff);
    expect(b.in.get({ id: VIOLATIONS })?.value).toEqual(Uint8Array.of(0, 0, 0, 5));
  });

  it('PGE-TLM-003: sends changed channels, several in one packet, each once and with its newest value', async () => {
    const { b, write, packetsSent } = await onBench();
    write(VIOLATIONS, 1);
    write(REFUSED, 2);
    write(VIOLATIONS, 3);
    b.in.schedIn({ context: 0 });
    expect(packetsSent()).toEqual([
      [
        [VIOLATIONS, 3, 3],
        [REFUSED, 2, 2],
      ],
    ]);
    b.in.schedIn({ context: 0 });
    expect(packetsSent()).toHaveLength(1);
  });

  it('PGE-TLM-004: does not send by itself what a housekeeping packet carries', async () => {
    const { b, write, packetsSent } = await onBench({}, ['unit.LimitsViolated']);
    write(VIOLATIONS, 1);
    write(REFUSED, 2);
    b.in.schedIn({ context: 0 });
    expect(packetsSent()).toEqual([[[REFUSED, 2, 2]]]);
    expect(b.in.get({ id: VIOLATIONS })).toBeDefined();
  });

  it('PGE-TLM-005: bounds each packet and each tick; the rest waits for the next, first come first sent', async () => {
    const { b, write, packetsSent } = await onBench({ packetBytes: 64, packetsPerTick: 1 });
    for (const id of [VIOLATIONS, REFUSED, BENCH_BASE_ID + 0xf1, FAULTS]) write(id, 0);
    b.in.schedIn({ context: 0 });
    write(VIOLATIONS, 9);
    b.in.schedIn({ context: 0 });
    b.in.schedIn({ context: 0 });
    expect(packetsSent().map((packet) => packet.map(([id]) => id - BENCH_BASE_ID))).toEqual([
      [0, 2, 0xf1],
      [0xf0, 0],
    ]);
  });

  it('PGE-TLM-006: reports a channel that crosses into a worse limit, and not one that stays or gets better', async () => {
    const { b, write } = await onBench();
    for (const value of [0, 1, 2, 4, 5, 1, 0, 9]) write(FAULTS, value);
    expect(b.events.map(({ name, severity, args }) => [name, severity, args.limit, args.value])).toEqual([
      ['LimitExceeded', 'warning-low', 'yellow', 1],
      ['LimitExceededRed', 'warning-high', 'red', 4],
      ['LimitExceededRed', 'warning-high', 'red', 9],
    ]);
    expect(b.events[0].text).toBe('unit.Faults is yellow: 1');
    expect(b.telemetry).toMatchObject({ LimitsViolated: 3, ChannelsOutOfLimits: 1 });
  });

  it('PGE-TLM-007: throttles the reports of a channel that flaps, until it is told otherwise', async () => {
    const { b, write } = await onBench();
    for (let i = 0; i < 100; i++) {
      write(FAULTS, 1);
      write(FAULTS, 0);
    }
    expect(b.events).toHaveLength(50);
    expect(b.telemetry.LimitsViolated).toBe(100);
    b.command('CLEAR_EVENT_THROTTLE');
    write(FAULTS, 1);
    expect(b.events).toHaveLength(51);
  });

  it('PGE-TLM-008: counts a value of an unknown channel, or one that is no value of its type, and keeps the old one', async () => {
    const { b, write } = await onBench();
    const time = { timeBase: 2, timeContext: 0, seconds: 1, useconds: 0 };
    write(FAULTS, 1);
    write(0x9999, 1);
    b.in.tlm({ id: FAULTS, time, value: new Uint8Array(5) });
    b.in.tlm({ id: FAULTS, time, value: new Uint8Array(3) });
    expect(b.telemetry).toMatchObject({ UpdatesRefused: 3, Faults: 0 });
    expect(b.in.get({ id: FAULTS })?.value).toEqual(Uint8Array.of(0, 0, 0, 1));
  });
});
