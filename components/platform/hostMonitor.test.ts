import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busyPercent, hostMonitor } from './hostMonitor';

describe('hostMonitor', () => {
  it('PGE-DRV-008: reports a load in 0..100, resident memory and free storage of this host', () => {
    const monitor = hostMonitor(tmpdir());
    for (const { cpuPercent, memoryMiB, storageFreeMiB } of [monitor.sample(), monitor.sample()]) {
      expect(cpuPercent).toBeGreaterThanOrEqual(0);
      expect(cpuPercent).toBeLessThanOrEqual(100);
      expect(memoryMiB).toBeGreaterThan(10);
      expect(storageFreeMiB).toBeGreaterThan(0);
    }
  });

  it('PGE-DRV-008: the load is the share of time since the sample before that was not idle', () => {
    expect(busyPercent({ idle: 100, total: 200 }, { idle: 175, total: 300 })).toBe(25);
    expect(busyPercent({ idle: 100, total: 200 }, { idle: 100, total: 200 })).toBe(0);
  });

  it('PGE-DRV-008: a folder that is gone has no room, and is no error', () => {
    expect(hostMonitor('/nowhere/at/all').sample().storageFreeMiB).toBe(0);
  });

  it('PGE-DRV-008: counts memory errors where Linux does, and says nothing where it does not', () => {
    const edac = mkdtempSync(join(tmpdir(), 'perigee-edac-'));
    expect(hostMonitor(tmpdir(), edac).memoryErrors?.()).toBeUndefined();
    mkdirSync(join(edac, 'mc', 'mc0'), { recursive: true });
    writeFileSync(join(edac, 'mc', 'mc0', 'ce_count'), '3\n');
    expect(hostMonitor(tmpdir(), edac).memoryErrors?.()).toMatchObject({ corrected: 3, uncorrected: 0 });
    rmSync(edac, { recursive: true });
  });

  it('PGE-DRV-008: says how hot the hottest zone is that can be read, and nothing where none can', () => {
    const thermal = mkdtempSync(join(tmpdir(), 'perigee-thermal-'));
    const monitor = hostMonitor(tmpdir(), undefined, thermal);
    expect(monitor.temperatureC?.()).toBeUndefined();
    for (const [zone, temp] of Object.entries({
      thermal_zone0: '41500\n',
      thermal_zone1: '63000\n',
      zone2: '?',
    })) {
      mkdirSync(join(thermal, zone));
      writeFileSync(join(thermal, zone, 'temp'), temp);
    }
    expect(monitor.temperatureC?.()).toBe(63);
    rmSync(thermal, { recursive: true });
  });
});
