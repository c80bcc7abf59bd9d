/** The comparison as text, and what was promised of it. */
import type { Flown } from './fly';

/** Goes up when a field changes its meaning. */
export const COMPARISON_FORMAT = 1;

export interface Comparison {
  readonly format: typeof COMPARISON_FORMAT;
  readonly mission: string;
  readonly orbits: number;
  readonly seed: number;
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

/** The link is the bottleneck where less than this share of what there is to send fits. */
export const SCARCE_SHARE = 0.25;

/** What first in first out could send at a rate, of all that it had to send. */
export function fittingShare(comparison: Comparison, downlinkBps: number): number {
  const fifo = flownAt(comparison, downlinkBps, 'fifo');
  if (fifo === undefined) return 0;
  const offered = fifo.bytes + fifo.leftBytes;
  return offered === 0 ? 1 : fifo.bytes / offered;
}

/** Judged where the link is the bottleneck: the more fits, the less an order can change. */
export function promiseOf(comparison: Comparison): { readonly kept: boolean; readonly text: string } {
  const lines = ratesOf(comparison).map((bps) => {
    const ratio = ratioAt(comparison, bps);
    const fits = fittingShare(comparison, bps);
    const isJudged = fits < SCARCE_SHARE;
    const said = ratio === undefined ? 'first in first out delivered nothing' : `${ratio.toFixed(2)} ×`;
    const note = isJudged ? '' : ', not judged: too much of it fits';
    const kept = !isJudged || ratio === undefined || ratio >= PROMISED_RATIO;
    return { isJudged, kept, text: `  ${bps} bit/s, ${percent(fits)} fits: ${said}${note}` };
  });
  const judged = lines.filter(({ isJudged }) => isJudged);
  const kept = judged.length > 0 && judged.every((line) => line.kept);
  const outcome = judged.length === 0 ? 'not judged' : kept ? 'kept' : 'NOT kept';
  const goal = `Value per byte, density over first in first out; promised ${PROMISED_RATIO} × where less than ${percent(SCARCE_SHARE)} fits`;
  return { kept, text: [`${goal}: ${outcome}`, ...lines.map(({ text }) => text)].join('\n') };
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
