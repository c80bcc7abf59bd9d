/** The comparison as text, and what was promised of it. */
import type { Flown } from './fly';
import type { Housekeeping } from './policies';

export interface Comparison {
  readonly mission: string;
  readonly orbits: number;
  readonly seed: number;
  /** What telemetry and routine events are declared to be worth: little, as the judge does, or as the mission has it. */
  readonly housekeeping: Housekeeping;
  readonly flights: readonly Flown[];
}

/** Value per byte by value density, at least so many times first in first out at the same capacity. */
export const PROMISED_RATIO = 2;

export function ratesOf({ flights }: Comparison): number[] {
  return [...new Set(flights.map(({ downlinkBps }) => downlinkBps))];
}

export function flownAt(
  { flights }: Comparison,
  downlinkBps: number,
  policy: Flown['policy'],
): Flown | undefined {
  return flights.find((one) => one.downlinkBps === downlinkBps && one.policy === policy);
}

/** Value per byte by value density over first in first out; undefined where that has none. */
export function ratioAt(comparison: Comparison, downlinkBps: number): number | undefined {
  const density = flownAt(comparison, downlinkBps, 'density');
  const fifo = flownAt(comparison, downlinkBps, 'fifo');
  return density && fifo && fifo.valuePerKB > 0 ? density.valuePerKB / fifo.valuePerKB : undefined;
}

const columns: readonly [string, (row: Flown) => string][] = [
  ['bit/s', ({ downlinkBps }) => String(downlinkBps)],
  ['policy', ({ title }) => title],
  ['granted', ({ grantedBytes }) => kB(grantedBytes)],
  ['down', ({ bytes }) => kB(bytes)],
  ['left', ({ leftBytes }) => kB(leftBytes)],
  ['value', ({ value }) => value.toFixed(0)],
  ['value/kB', ({ valuePerKB }) => valuePerKB.toFixed(2)],
  ['of all', ({ share }) => percent(share)],
  ['right', ({ detections }) => String(detections.right)],
  ['wrong', ({ detections }) => String(detections.wrong)],
  ['pictures', ({ pictureBytes }) => kB(pictureBytes)],
  ['clear pictures', ({ clearPictureShare }) => percent(clearPictureShare)],
  ['p50', ({ latencyS }) => minutes(latencyS.p50)],
  ['p99', ({ latencyS }) => minutes(latencyS.p99)],
];

export function tableOf(comparison: Comparison): string {
  const rows = [
    columns.map(([name]) => name),
    ...comparison.flights.map((row) => columns.map(([, of]) => of(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [
    line(rows[0]),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.slice(1).map(line),
  ].join('\n');
}

/** Kept when the ratio is reached at every capacity where something had to be left out; said for each. */
export function promiseOf(comparison: Comparison): { readonly kept: boolean; readonly text: string } {
  const lines = ratesOf(comparison).map((bps) => {
    const ratio = ratioAt(comparison, bps);
    const isFull = (flownAt(comparison, bps, 'fifo')?.leftBytes ?? 0) > 0;
    return {
      kept: (ratio ?? 0) >= PROMISED_RATIO,
      text: `${bps} bit/s: ${ratio === undefined ? 'first in first out delivered nothing' : `${ratio.toFixed(2)} ×`}${isFull ? '' : ' (all fits: order is all that can differ)'}`,
    };
  });
  const kept = lines.every((line) => line.kept);
  const goal = `value per byte, density over first in first out (promised: ${PROMISED_RATIO} × at each capacity)`;
  return {
    kept,
    text: `${goal}: ${kept ? 'kept' : 'NOT kept'}\n${lines.map(({ text }) => `  ${text}`).join('\n')}`,
  };
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`;
}

function minutes(seconds: number | null): string {
  return seconds === null ? '–' : `${(seconds / 60).toFixed(1)} min`;
}
