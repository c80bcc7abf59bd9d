import { describe, expect, it } from 'vitest';
import { type SeverityName, severities } from '../../../fsw/framework';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import { readEventPacket } from '../../../fsw/protocols';
import { eventManager } from './eventManager';

const time = { timeBase: 2, timeContext: 0, seconds: 12, useconds: 34 };

async function onBench(config: Record<string, unknown> = {}) {
  const b = await bench(eventManager, { config });
  const log = (severity: SeverityName, id = 0x900, args = Uint8Array.of(1, 2)) =>
    b.in.log({ id, time, severity, args });
  const packets = () =>
    b.calls('comOut').map(({ data }) => {
      const packet = readEventPacket(data as Uint8Array);
      if (!packet.ok) throw new Error(packet.error.text);
      return packet.value;
    });
  const command = async (name: string, args?: Record<string, unknown>) => {
    b.command(name, args);
    await b.settle();
    return b.responses.at(-1)?.status;
  };
  return { b, log, packets, command };
}

describe('eventManager', () => {
  it('PGE-EVT-001: sends each event as one F´ event packet, at once', async () => {
    const { b, log, packets } = await onBench();
    log('activity-high');
    expect(packets()).toEqual([{ id: 0x900, time, args: Uint8Array.of(1, 2) }]);
    expect(b.telemetry.EventsSent).toBe(1);
  });

  it('PGE-EVT-002: gives each packet the worth of its severity, which the config may change', async () => {
    const { b, log } = await onBench({ values: { command: 77 } });
    for (const severity of severities) log(severity);
    expect(b.calls('comOut').map(({ value }) => value)).toEqual([1, 10, 77, 30, 100, 1000]);
    expect(b.telemetry).toMatchObject({ WarningsHigh: 1, Fatals: 1, EventsFiltered: 1 });
  });

  it('PGE-EVT-003: filters by severity, diagnostics from boot on, and never FATALs', async () => {
    const { b, log, command } = await onBench();
    log('diagnostic');
    expect(b.calls('comOut')).toHaveLength(0);
    await command('SET_EVENT_FILTER', { severity: 'diagnostic', enabled: true });
    await command('SET_EVENT_FILTER', { severity: 'warning-low', enabled: false });
    log('diagnostic');
    log('warning-low');
    expect(b.calls('comOut')).toHaveLength(1);
    expect(b.telemetry.EventsFiltered).toBe(2);
    expect(await command('SET_EVENT_FILTER', { severity: 'fatal', enabled: false })).toBe('VALIDATION_ERROR');
    log('fatal');
    expect(b.calls('comOut')).toHaveLength(2);
  });

  it('PGE-EVT-004: filters up to 25 ids out, and a FATAL passes all the same', async () => {
    const { b, log, packets, command } = await onBench();
    expect(await command('SET_ID_FILTER', { id: 0x900, enabled: true })).toBe('OK');
    log('warning-high', 0x900);
    log('warning-high', 0x901);
    log('fatal', 0x900);
    expect(packets().map(({ id }) => id)).toEqual([0x901, 0x900]);
    for (let id = 1; id < 25; id++) await command('SET_ID_FILTER', { id, enabled: true });
    expect(await command('SET_ID_FILTER', { id: 99, enabled: true })).toBe('EXECUTION_ERROR');
    expect(await command('SET_ID_FILTER', { id: 0x900, enabled: false })).toBe('OK');
    expect(await command('SET_ID_FILTER', { id: 0x900, enabled: false })).toBe('EXECUTION_ERROR');
    log('warning-high', 0x900);
    expect(packets()).toHaveLength(3);
    expect(b.telemetry.Faults).toBe(0);
  });

  it('PGE-EVT-005: reports the state of both filters', async () => {
    const { b, command } = await onBench();
    await command('SET_ID_FILTER', { id: 5, enabled: true });
    b.events.length = 0;
    await command('DUMP_FILTER_STATE');
    expect(b.events).toHaveLength(severities.length + 1);
    expect(b.events[0].text).toBe('events of severity diagnostic pass: false');
    expect(b.events.at(-1)?.text).toBe('event 5 is filtered out');
  });

  it('PGE-EVT-006: announces a FATAL after it is on its way', async () => {
    const { b, log } = await onBench();
    log('warning-high');
    log('fatal', 0x903);
    expect(b.sent.map(({ end }) => end)).toEqual(['comOut', 'comOut', 'fatalAnnounce']);
    expect(b.calls('fatalAnnounce')).toEqual([{ id: 0x903 }]);
  });

  it('PGE-EVT-007: keeps the last events and sends them again on command, the filtered ones too', async () => {
    const { b, log, packets, command } = await onBench({ history: 3 });
    for (const id of [1, 2, 3]) log('activity-low', id);
    log('diagnostic', 4);
    await command('DUMP_EVENTS', { count: 2 });
    expect(packets().map(({ id }) => id)).toEqual([1, 2, 3, 3, 4]);
    await command('DUMP_EVENTS', { count: 200 });
    expect(
      packets()
        .slice(5)
        .map(({ id }) => id),
    ).toEqual([2, 3, 4]);
    expect(await command('DUMP_EVENTS', { count: 0 })).toBe('VALIDATION_ERROR');
    expect(b.calls('comOut')).toHaveLength(8);
  });

  it('PGE-EVT-008: takes an event that is logged while it handles another', async () => {
    const inner: { log?: () => void } = {};
    const b = await bench(eventManager, { answers: { fatalAnnounce: () => inner.log?.() } });
    const own = BENCH_BASE_ID + 1;
    inner.log = () => b.in.log({ id: own, time, severity: 'warning-high', args: new Uint8Array(4) });
    b.in.log({ id: 0x900, time, severity: 'fatal', args: new Uint8Array(0) });
    expect(b.calls('comOut').map(({ value }) => value)).toEqual([1000, 100]);
    expect(b.telemetry).toMatchObject({ EventsSent: 2, Fatals: 1, WarningsHigh: 1 });
  });
});
