import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { systemResources } from './systemResources';

async function onBench() {
  const host = { cpuPercent: 12.5, memoryMiB: 256, storageFreeMiB: 4096, broken: false };
  const sample = () => {
    if (host.broken) throw new Error('no such sensor');
    return host;
  };
  const b = await bench(systemResources, { board: { host: { sample } } });
  return { b, host, tick: () => b.in.schedIn({ context: 0 }) };
}

describe('systemResources', () => {
  it('PGE-SYS-001: reports load, memory and free storage at each tick', async () => {
    const { b, host, tick } = await onBench();
    tick();
    expect(b.telemetry).toMatchObject({ CpuPercent: 12.5, MemoryMiB: 256, StorageFreeMiB: 4096 });
    host.cpuPercent = 50;
    tick();
    expect(b.telemetry.CpuPercent).toBe(50);
  });

  it('PGE-SYS-002: has limits on load and on free storage', () => {
    const { CpuPercent, StorageFreeMiB } = systemResources.model.telemetry;
    expect(CpuPercent.limits?.high).toEqual({ yellow: 80, red: 95 });
    expect(StorageFreeMiB.limits?.low).toEqual({ yellow: 1024, red: 256 });
  });

  it('PGE-SYS-003: stops and goes on on command', async () => {
    const { b, host, tick } = await onBench();
    b.command('ENABLE', { enabled: false });
    tick();
    expect(b.telemetry.CpuPercent).toBeUndefined();
    b.command('ENABLE', { enabled: true });
    host.cpuPercent = 75;
    tick();
    expect(b.telemetry.CpuPercent).toBe(75);
  });

  it('PGE-SYS-004: a monitor that throws is a fault of this component alone, which starts afresh', async () => {
    const { b, host, tick } = await onBench();
    host.broken = true;
    tick();
    expect(b.events).toMatchObject([{ name: 'ComponentFault', args: { action: 'restart' } }]);
    host.broken = false;
    tick();
    expect(b.telemetry.CpuPercent).toBe(12.5);
  });

  it("PGE-SYS-005: reports the memory errors that the computer's ECC counts, and none where it counts none", async () => {
    const { b: bare, tick: once } = await onBench();
    once();
    expect(bare.telemetry.EdacPresent).toBe(false);
    expect(bare.telemetry).not.toHaveProperty('CorrectedMemoryErrors');

    const counted = { corrected: 2, uncorrected: 0 };
    const sample = () => ({ cpuPercent: 0, memoryMiB: 0, storageFreeMiB: 0 });
    const b = await bench(systemResources, { board: { host: { sample, memoryErrors: () => counted } } });
    b.in.schedIn({ context: 0 });
    expect(b.telemetry).toMatchObject({
      EdacPresent: true,
      CorrectedMemoryErrors: 2,
      UncorrectedMemoryErrors: 0,
    });
    expect(systemResources.model.telemetry.UncorrectedMemoryErrors.limits?.high).toEqual({ red: 0 });
  });
});
