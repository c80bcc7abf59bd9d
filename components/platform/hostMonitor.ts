/** What the flight computer has left. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { HostMonitor } from '../../fsw/framework';
import { EDAC_FOLDER, memoryErrors } from '../../native/edac';

const MIB = 2 ** 20;
/** Where Linux has its sensors of temperature, in thousandths of a degree. */
const THERMAL_FOLDER = '/sys/class/thermal';

/** Time that all cores together have spent since boot, any unit. */
export interface CpuTimes {
  readonly idle: number;
  readonly total: number;
}

/**
 * Processor load of the whole computer since the sample before, resident memory of this process, and what is
 * free on the medium of `folder` (0 when that can't be told); the memory errors that Linux counts in `edacFolder`, and its
 * temperatures in `thermalFolder`.
 */
export function hostMonitor(
  folder: string,
  edacFolder = EDAC_FOLDER,
  thermalFolder = THERMAL_FOLDER,
): HostMonitor {
  let before: CpuTimes = cpuTimes();
  return {
    sample() {
      const now = cpuTimes();
      const cpuPercent = busyPercent(before, now);
      before = now;
      return {
        cpuPercent,
        memoryMiB: process.memoryUsage.rss() / MIB,
        storageFreeMiB: freeBytes(folder) / MIB,
      };
    },
    memoryErrors: () => memoryErrors(edacFolder),
    temperatureC: () => hottestC(thermalFolder),
  };
}

/** A zone that can't be read (some are off) is left out. */
function hottestC(folder: string): number | undefined {
  const zones = tried(() => readdirSync(folder)) ?? [];
  const degrees = zones.flatMap((zone) => {
    const text = tried(() => readFileSync(join(folder, zone, 'temp'), 'utf8').trim()) ?? '';
    return /^-?\d+$/.test(text) ? [Number(text) / 1000] : [];
  });
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** 0..100; 0 when no time has passed. */
export function busyPercent(before: CpuTimes, now: CpuTimes): number {
  const total = now.total - before.total;
  const idle = now.idle - before.idle;
  return total > 0 ? Math.min(100, Math.max(0, 100 * (1 - idle / total))) : 0;
}

function cpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    total: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  };
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
