import { relative } from 'node:path';
import { paint, type Screen } from './screen';

/** What the summary reads of `report.json`; a board that knows no truth leaves things out. */
export interface FlightReport {
  readonly frames?: { captured: number; dark?: number; clouded: number; kept: number; failed?: number };
  /** Captures of the high-resolution imager; `vessels` on the ground. */
  readonly highRes?: { captures: number; tilesMapped: number; vessels: number };
  readonly detections?: number;
  readonly bytes?: { raw: number; downlinked: number; ratio: number };
  readonly latencyMs?: { p50: number | null; p99: number | null };
  readonly passes?: readonly { station: string }[];
  readonly accuracy?: { cloud: number | null; water: number | null };
  readonly inference?: { provider: string; runs: number };
  readonly faults?: Readonly<Record<string, number>>;
  readonly seed?: number;
  readonly dictionaryHash?: string;
  /** The same for flights that found the same. */
  readonly detectionsSha256?: string;
  readonly radiation?: {
    readonly factor: number;
    readonly hits: Readonly<Record<string, { hits: number }>>;
    readonly healed: Readonly<Record<string, number>>;
  };
}

/** The closing table: one line a promise of the mission, within 80 columns; then where the report and its page are. */
export function summaryOf(report: FlightReport, file: string, screen: Screen, page?: string): string {
  const lines = rowsOf(report).map(([label, text]) => `  ${paint(screen, 'dim', label.padEnd(12))}${text}`);
  const where = `report in ${paint(screen, 'bold', shown(file))}`;
  const look = page === undefined ? '' : `, look at it in ${paint(screen, 'bold', shown(page))}`;
  return `\n${lines.join('\n')}\n\n  ${where}${look}\n`;
}

/** A path as seen from here, unless it lies outside. */
function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

function rowsOf(report: FlightReport): [label: string, text: string][] {
  const {
    frames,
    highRes,
    detections,
    bytes,
    latencyMs,
    passes,
    accuracy,
    inference,
    faults,
    seed,
    radiation,
  } = report;
  const rows: [string, string | undefined][] = [
    ['frames', frames && framesText(frames)],
    ['captures', highRes && highRes.captures > 0 ? capturesText(highRes) : undefined],
    ['detections', detections === undefined ? undefined : detectionsText(detections, report)],
    [
      'bytes',
      bytes && `${size(bytes.raw)} seen, ${size(bytes.downlinked)} sent down: ${count(bytes.ratio)} to 1`,
    ],
    [
      'latency',
      latencyMs && `${delay(latencyMs.p50)} median, ${delay(latencyMs.p99)} p99, capture to ground`,
    ],
    ['accuracy', accuracy && `cloud ${share(accuracy.cloud)}, water ${share(accuracy.water)} against truth`],
    ['inference', inference && `${count(inference.runs)} runs on ${inference.provider}`],
    ['passes', passes && passesText(passes.map(({ station }) => station))],
    ['faults', faults && faultsText(faults)],
    ['radiation', radiation && radiationText(radiation)],
    ['healed', radiation && healedText(radiation.healed)],
    ['seed', seed === undefined ? undefined : `${seed}, dictionary ${report.dictionaryHash ?? 'unknown'}`],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function framesText({ captured, dark = 0, clouded, kept, failed = 0 }: NonNullable<FlightReport['frames']>) {
  const parts = [`${count(captured)} captured`, `${count(kept)} kept`, `${count(clouded)} clouded`];
  if (dark > 0) parts.push(`${count(dark)} dark`);
  if (failed > 0) parts.push(`${count(failed)} failed`);
  return parts.join(', ');
}

function capturesText({ captures, tilesMapped, vessels }: NonNullable<FlightReport['highRes']>): string {
  return `${count(captures)} at high resolution, ${count(tilesMapped)} tiles mapped, ${count(vessels)} vessels on the ground`;
}

function detectionsText(detections: number, { detectionsSha256 }: FlightReport): string {
  const digest = detectionsSha256 === undefined ? '' : `, sha256 ${detectionsSha256.slice(0, 12)}…`;
  return `${count(detections)}${digest}`;
}

function radiationText({ factor, hits }: NonNullable<FlightReport['radiation']>): string {
  const named = Object.entries(hits).map(([kind, { hits: times }]) => `${kind} ${count(times)}`);
  return `x${count(factor)}: ${named.join(', ') || 'nothing was hit'}`;
}

/** What a flight that cannot be trusted would show: pages lost, results suspect and not redone. */
function healedText(healed: Readonly<Record<string, number>>): string {
  const { storeBitsBySecded: bits = 0, storePagesByParity = 0, storePagesByGolden = 0 } = healed;
  const { storePagesLost = 0, resultsSuspect, resultsRedone = 0 } = healed;
  const pages = storePagesByParity + storePagesByGolden;
  const suspect = resultsSuspect === undefined ? '' : `; ${resultsSuspect} suspect, ${resultsRedone} redone`;
  return `${count(bits)} bits, ${count(pages)} pages, ${count(storePagesLost)} lost${suspect}`;
}

function passesText(stations: readonly string[]): string {
  const names = [...new Set(stations)].join(', ');
  if (names === '') return 'none';
  return `${stations.length} over ${names.length > 58 ? `${new Set(stations).size} stations` : names}`;
}

function faultsText(faults: Readonly<Record<string, number>>): string {
  const named = Object.entries(faults).map(([component, times]) => `${component} ${times}`);
  return named.join(', ') || 'none';
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'];

function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${sizes[power]}`;
}

function delay(ms: number | null): string {
  if (ms === null) return 'none';
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

function share(value: number | null): string {
  return value === null ? 'not judged' : `${(value * 100).toFixed(1)} %`;
}
