/**
 * The memory errors that Linux has counted (EDAC, Documentation/driver-api/edac.rst): those that the memory
 * controllers report, and those of caches and buses, as ARM's RAS drivers have them. Not every computer has any:
 * it takes memory with ECC and a driver that knows the chip.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MemoryErrors {
  /** Since the driver was loaded. */
  readonly corrected: number;
  readonly uncorrected: number;
  /** Memory controllers and other devices that count. */
  readonly counters: number;
}

export const EDAC_FOLDER = '/sys/devices/system/edac';

/**
 * Sums `mc/mc0/ce_count` and `ue_count`, and those of the instances of every other device (`cpu_cache/cpu_cache0/…`); what
 * an instance says includes its parts. Undefined where nothing counts.
 */
export function memoryErrors(root = EDAC_FOLDER): MemoryErrors | undefined {
  const sum = { corrected: 0, uncorrected: 0, counters: 0 };
  for (const device of foldersIn(root))
    for (const instance of foldersIn(join(root, device))) {
      const corrected = countIn(join(root, device, instance, 'ce_count'));
      const uncorrected = countIn(join(root, device, instance, 'ue_count'));
      if (corrected === undefined && uncorrected === undefined) continue;
      sum.corrected += corrected ?? 0;
      sum.uncorrected += uncorrected ?? 0;
      sum.counters++;
    }
  return sum.counters === 0 ? undefined : sum;
}

/** Sysfs has folders and links to folders; what is a file gives nothing. */
function foldersIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function countIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
