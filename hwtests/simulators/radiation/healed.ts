/** What the flight software says that it healed, beside what was hit; from its telemetry. */
import type { Deployment } from '../../../fsw/framework/deployment';
import { readChannel } from '../readChannel';
import { CELL_LON_DEG } from './hits';

/** By step of each repair. Channels that a mission lacks are left out. */
const steps = {
  storeBitsBySecded: 'modelStore.BitsCorrected',
  storePagesByParity: 'modelStore.PagesByParity',
  storePagesByGolden: 'modelStore.PagesByGolden',
  storePagesLost: 'modelStore.PagesLost',
  parameterBitsOutvoted: 'parameterStore.BitsCorrected',
  parameterFilesRepaired: 'parameterStore.FilesRepaired',
  packetsDropped: 'comQueue.Damaged',
  canaryMismatches: 'inference.CanaryMismatches',
  resultsSuspect: 'inference.ResultsSuspect',
  resultsRedone: 'inference.ResultsRedone',
  sessionsReloaded: 'inference.Reloads',
} as const;

export function healedOf(deployment: Deployment): Partial<Record<keyof typeof steps, number>> {
  return Object.fromEntries(
    Object.entries(steps).flatMap(([step, channel]) => {
      const value = readChannel(deployment, channel);
      return value === undefined ? [] : [[step, Number(value)]];
    }),
  );
}

/** The scrubber's own map when it last sent it, in rows as ours; undefined where there is none. */
export function scrubberMap(deployment: Deployment): number[][] | undefined {
  const counts = readChannel(deployment, 'scrubber.UpsetCounts') as readonly number[] | undefined;
  if (counts === undefined) return undefined;
  const columns = 360 / CELL_LON_DEG;
  return Array.from({ length: counts.length / columns }, (_, row) =>
    counts.slice(row * columns, (row + 1) * columns),
  );
}
