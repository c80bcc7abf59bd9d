import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { fatalHandler } from './fatalHandler';

const modes = (b: Awaited<ReturnType<typeof bench>>) =>
  b.sent.filter(({ index }) => index === 0).map(({ args }) => args.mode);

describe('fatalHandler', () => {
  it('PGE-FTL-001: goes to safe mode after a FATAL, and tells everyone who is connected', async () => {
    const b = await bench(fatalHandler);
    expect(b.telemetry.Mode).toBe('NOMINAL');
    b.in.fatalIn({ id: 0x7f3 });
    expect(b.sent.map(({ end, index, args }) => [end, index, args.mode])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => ['mode', index, 'SAFE']),
    );
    expect(b.telemetry).toMatchObject({ Mode: 'SAFE', FatalCount: 1 });
  });

  it('PGE-FTL-002: says so with an event that is not FATAL itself', async () => {
    const b = await bench(fatalHandler);
    b.in.fatalIn({ id: 0x7f3 });
    expect(b.events).toMatchObject([
      { name: 'SafeModeEntered', severity: 'warning-high', args: { cause: 0x7f3 } },
    ]);
  });

  it('PGE-FTL-003: only counts further FATALs in safe mode', async () => {
    const b = await bench(fatalHandler);
    for (let i = 0; i < 5; i++) b.in.fatalIn({ id: i });
    expect(modes(b)).toEqual(['SAFE']);
    expect(b.events).toHaveLength(1);
    expect(b.telemetry.FatalCount).toBe(5);
  });

  it('PGE-FTL-004: goes back to nominal mode only on command, and may enter safe mode again', async () => {
    const b = await bench(fatalHandler);
    b.command('EXIT_SAFE_MODE');
    b.in.fatalIn({ id: 1 });
    b.command('EXIT_SAFE_MODE');
    b.in.fatalIn({ id: 2 });
    expect(modes(b)).toEqual(['SAFE', 'NOMINAL', 'SAFE']);
    expect(b.responses.map(({ status }) => status)).toEqual(['EXECUTION_ERROR', 'OK']);
    expect(b.events.map(({ name }) => name)).toEqual(['SafeModeEntered', 'SafeModeLeft', 'SafeModeEntered']);
  });

  it('PGE-FTL-005: goes to safe mode on command, once', async () => {
    const b = await bench(fatalHandler);
    b.command('ENTER_SAFE_MODE');
    b.command('ENTER_SAFE_MODE');
    expect(modes(b)).toEqual(['SAFE']);
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'EXECUTION_ERROR']);
    expect(b.telemetry.FatalCount).toBeUndefined();
  });
});
