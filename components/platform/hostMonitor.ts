/** What the flight computer has left. */
import { statfsSync } from 'node:fs';
import { cpus } from 'node:os';
import type { HostMonitor } from '../../fsw/framework';
import { EDAC_FOLDER, memoryErrors } from '../../native/edac';

const MIB = 2 ** 20;

/** Time that all cores together have spent since boot, any unit. */
export interface CpuTimes {
  readonly idle: number;
  readonly total: number;
}

/**
 * Processor load of the whole computer since the sample before, resident memory of this process, and what is
 * free on the medium of `folder` (0 when that can't be told); the memory errors that Linux counts in `edacFolder`.
 */
export function hostMonitor(folder: string, edacFolder = EDAC_FOLDER): HostMonitor {
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
  };
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
