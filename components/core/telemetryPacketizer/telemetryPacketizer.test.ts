import { describe, expect, it } from 'vitest';
import { component, encode, string, struct, U32 } from '../../../fsw/framework';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import { readTelemetryPacket } from '../../../fsw/protocols';
import { telemetryPacketizer } from './telemetryPacketizer';

const SENT = BENCH_BASE_ID;
const LEVEL = BENCH_BASE_ID + 1;
const NOTE = BENCH_BASE_ID + 2;

/** The packetizer with a text channel beside its own, as a dictionary of a mission has. */
const withNote = component(
  {
    ...telemetryPacketizer.model,
    telemetry: {
      ...telemetryPacketizer.model.telemetry,
      Note: { id: 2, type: string(6, 'none'), doc: 'A text.' },
      Long: {
        id: 3,
        type: struct('Long', { a: string(800), b: string(800) }),
        doc: 'More than a packet takes.',
      },
    },
  },
  telemetryPacketizer.code as never,
) as typeof telemetryPacketizer;

const packets = [
  { name: 'Slow', id: 3, channels: ['unit.PacketsSent', 'unit.Note', 'unit.SendLevel'] },
  { name: 'Extra', id: 4, channels: ['unit.SendLevel'] },
];

async function onBench(config: Record<string, unknown> = {}, extra: typeof packets = []) {
  const store = new Map<number, Uint8Array>();
  const b = await bench(withNote, {
    config,
    topology: { packets: [...packets, ...extra] },
    answers: {
      get: ({ id }: { id: number }) => {
        const value = store.get(id);
        return value && { time: { timeBase: 2, timeContext: 0, seconds: 0, useconds: 0 }, value };
      },
    },
  });
  const sent = () =>
    b.calls('comOut').map(({ data }) => {
      const packet = readTelemetryPacket(data as Uint8Array);
      if (!packet.ok) throw new Error(packet.error.text);
      return packet.value;
    });
  const tick = async (ticks = 1) => {
    for (let i = 0; i < ticks; i++) {
      b.in.schedIn({ context: 0 });
      await b.settle();
    }
  };
  return { b, store, sent, tick };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('telemetryPacketizer', () => {
  it('PGE-PKT-001: sends every packet with the latest values in order, under one time tag', async () => {
    const { b, store, sent, tick } = await onBench();
    store.set(SENT, encode(U32, 7));
    store.set(LEVEL, encode(U32, 9));
    await b.advance(2_500_000);
    await tick();
    const [slow, extra] = sent();
    expect(slow).toMatchObject({ id: 3, time: { timeBase: 2, seconds: 2, useconds: 500_000 } });
    expect(hex(slow.values)).toBe('00000007' + '00046e6f6e650000' + '00000009');
    expect(extra).toMatchObject({ id: 4, values: Uint8Array.of(0, 0, 0, 9) });
    expect(b.calls('comOut')[0].value).toBe(5);
  });

  it('PGE-PKT-002: pads a text to the width of its type, with nothing left of a longer one before', async () => {
    const { store, sent, tick } = await onBench();
    store.set(NOTE, encode(string(6), 'longer'));
    await tick(10);
    store.set(NOTE, encode(string(6), 'ab'));
    await tick();
    expect(
      sent()
        .filter(({ id }) => id === 3)
        .map(({ values }) => hex(values.subarray(4, 12))),
    ).toEqual(['00066c6f6e676572', '0002616200000000']);
  });

  it('PGE-PKT-003: sends the initial value of a channel that was never written', async () => {
    const { sent, tick } = await onBench();
    await tick();
    expect(hex(sent()[0].values)).toBe('00000000' + '00046e6f6e650000' + '00000000');
  });

  it('PGE-PKT-004: sends a round every period, which is a parameter', async () => {
    const { b, sent, tick } = await onBench();
    await tick(20);
    expect(sent()).toHaveLength(4);
    b.command('PeriodTicks_PRM_SET', { val: 5 });
    await tick(20);
    expect(sent()).toHaveLength(12);
    expect(b.telemetry.PacketsSent).toBe(12);
    b.command('PeriodTicks_PRM_SET', { val: 0 });
    await b.settle();
    expect(b.responses.at(-1)?.status).toBe('VALIDATION_ERROR');
  });

  it('PGE-PKT-005: sends only packets up to the level that is set', async () => {
    const { b, sent, tick } = await onBench({ levels: { Extra: 2 } });
    await tick();
    expect(sent().map(({ id }) => id)).toEqual([3]);
    b.command('SET_LEVEL', { level: 2 });
    await tick(10);
    expect(sent().map(({ id }) => id)).toEqual([3, 3, 4]);
    expect(b.events.at(-1)?.name).toBe('LevelSet');
    expect(b.telemetry.SendLevel).toBe(2);
  });

  it('PGE-PKT-006: sends one packet on command, whatever its level, and refuses one that there is not', async () => {
    const { b, sent } = await onBench({ levels: { Extra: 2 } });
    b.command('SEND_PKT', { id: 4 });
    b.command('SEND_PKT', { id: 5 });
    await b.settle();
    expect(sent().map(({ id }) => id)).toEqual([4]);
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'VALIDATION_ERROR']);
    expect(b.telemetry.PacketsSent).toBe(1);
  });

  it('PGE-PKT-007: reports a packet that is longer than a packet may be, and sends the others', async () => {
    const { b, sent, tick } = await onBench({}, [{ name: 'Big', id: 9, channels: ['unit.Long'] }]);
    expect(b.events).toMatchObject([{ name: 'PacketTooLong', args: { packet: 'Bench.Big', bytes: 1619 } }]);
    await tick();
    expect(sent().map(({ id }) => id)).toEqual([3, 4]);
  });
});
