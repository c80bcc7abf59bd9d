import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { health } from './health';

type Onboard = Awaited<ReturnType<typeof onBench>>;
const onBench = (config: Record<string, unknown> = {}) =>
  bench(health, { config: { names: ['camera', 'radio'], ...config }, queueDepth: 64 });

/** Ticks, and lets every entry answer but those in `silent`. */
async function tick(b: Onboard, ticks: number, silent: number[] = []) {
  for (let i = 0; i < ticks; i++) {
    const before = b.sent.length;
    b.in.schedIn({ context: 0 });
    for (const { end, index, args } of b.sent.slice(before))
      if (end === 'ping' && !silent.includes(index)) b.in.pong[index]({ key: args.key as number });
    await b.settle();
  }
}
const names = (b: Onboard) => b.events.map(({ name }) => name);
const pings = (b: Onboard, index: number) =>
  b.sent.filter((call) => call.end === 'ping' && call.index === index);

describe('health', () => {
  it('PGE-HTH-001: pings every entry once a period, each time with a fresh key', async () => {
    const b = await onBench();
    await tick(b, 20);
    for (let index = 0; index < 40; index++) expect(pings(b, index)).toHaveLength(4);
    const keys = b.calls('ping').map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(names(b)).toEqual([]);
  });

  it('PGE-HTH-002: reports a late answer once, and takes it when it comes', async () => {
    const b = await onBench();
    await tick(b, 15, [1]);
    expect(b.events).toMatchObject([{ name: 'PingLate', args: { entry: 1, name: 'radio', ticks: 10 } }]);
    b.in.pong[1]({ key: pings(b, 1)[0].args.key as number });
    await tick(b, 40);
    expect(b.calls('restart')).toEqual([]);
    expect(b.telemetry.PingsLate).toBe(1);
  });

  it('PGE-HTH-003: restarts a component that does not answer, and pings it again', async () => {
    const b = await onBench();
    await tick(b, 31, [0]);
    expect(names(b)).toEqual(['PingLate', 'PingFailed']);
    expect(b.sent.filter(({ end }) => end === 'restart').map(({ index }) => index)).toEqual([0]);
    expect(b.telemetry.Restarts).toBe(1);
    await tick(b, 20);
    expect(pings(b, 0).length).toBeGreaterThan(2);
    expect(b.calls('restart')).toHaveLength(1);
  });

  it('PGE-HTH-004: gives a component up after the restart limit, until the ground enables it again', async () => {
    const b = await onBench({ restartLimit: 2 });
    await tick(b, 200, [0]);
    expect(b.calls('restart')).toHaveLength(2);
    expect(names(b).at(-1)).toBe('PingGivenUp');
    const before = pings(b, 0).length;
    b.command('HLTH_PING_ENABLE', { entry: 0, enabled: true });
    await tick(b, 10);
    expect(pings(b, 0).length).toBeGreaterThan(before);
  });

  it('PGE-HTH-005: reports an answer with a key that was not asked, and still waits for the right one', async () => {
    const b = await onBench();
    await tick(b, 1, [3]);
    b.in.pong[3]({ key: 0xffff });
    await tick(b, 1, [3]);
    expect(b.events).toMatchObject([{ name: 'PingWrongKey', args: { entry: 3, key: 0xffff } }]);
    await tick(b, 30, [3]);
    expect(names(b)).toEqual(['PingWrongKey', 'PingLate', 'PingFailed']);
  });

  it('PGE-HTH-006: stops and goes on on command, as a whole or for one entry', async () => {
    const b = await onBench();
    b.command('HLTH_PING_ENABLE', { entry: 2, enabled: false });
    b.command('HLTH_PING_ENABLE', { entry: 40, enabled: false });
    await tick(b, 10);
    expect(pings(b, 2)).toHaveLength(0);
    expect(pings(b, 1)).toHaveLength(2);
    b.command('HLTH_ENABLE', { enabled: false });
    await tick(b, 40);
    expect(pings(b, 1)).toHaveLength(2);
    b.command('HLTH_ENABLE', { enabled: true });
    await tick(b, 5);
    expect(pings(b, 1)).toHaveLength(3);
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'VALIDATION_ERROR', 'OK', 'OK']);
  });

  it('PGE-HTH-007: takes an answer that comes after the restart for what it is', async () => {
    const b = await onBench();
    await tick(b, 31, [0]);
    b.in.pong[0]({ key: pings(b, 0)[0].args.key as number });
    await tick(b, 20);
    expect(names(b)).toEqual(['PingLate', 'PingFailed']);
    expect(b.calls('restart')).toHaveLength(1);
  });

  it("PGE-HTH-008: strokes the board's watchdog while every entry answers, and while pinging is off", async () => {
    let strokes = 0;
    const watchdog = { stroke: () => void strokes++ };
    const b = await bench(health, { config: { restartLimit: 1 }, queueDepth: 64, board: { watchdog } });
    const during = async (ticks: number, silent: number[] = []) => {
      strokes = 0;
      await tick(b, ticks, silent);
      return strokes;
    };
    // The first round's answers are taken at the second tick.
    expect(await during(4, [7])).toBe(0);
    b.in.pong[7]({ key: pings(b, 7)[0].args.key as number });
    expect(await during(6)).toBe(6);
    // Pinged at tick 11, late 10 ticks after, then given up.
    expect(await during(10, [2])).toBe(10);
    expect(await during(60, [2])).toBe(0);
    expect(names(b)).toEqual(['PingLate', 'PingFailed', 'PingGivenUp']);
    b.command('HLTH_PING_ENABLE', { entry: 2, enabled: false });
    await b.settle();
    expect(await during(5)).toBe(5);
    b.command('HLTH_ENABLE', { enabled: false });
    await b.settle();
    expect(await during(5, [0, 1])).toBe(5);
  });
});
