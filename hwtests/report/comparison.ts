/** Downlink policies side by side: a chart and a table, as a section of a flight's page or as a page of its own. */
import { readFileSync } from 'node:fs';
import type { Flown } from '../campaigns/downlink/fly';
import {
  COMPARISON_FORMAT,
  type Comparison,
  fittingShare,
  flownAt,
  PROMISED_RATIO,
  ratesOf,
  ratioAt,
  SCARCE_SHARE,
} from '../campaigns/downlink/table';
import { bytes, count, percent, round } from './format';
import { Html, html } from './html';
import { style } from './style';

/** Where the campaign leaves it, in the folder of a flight's report. */
export const COMPARISON_FILE = 'downlink-comparison.json';

const WIDTH = 640;
const ROW = 20;
const LEFT = 170;
const RIGHT = 64;
/** Between the groups of two rates. */
const GAP = 14;

/** What a campaign left in `file`; undefined when it never ran there, or what lies there is something else. */
export function readComparison(file: string): Comparison | undefined {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Partial<Comparison>;
    return read.format === COMPARISON_FORMAT && Array.isArray(read.flights)
      ? (read as Comparison)
      : undefined;
  } catch {
    return undefined;
  }
}

export function comparisonSection(comparison: Comparison): Html {
  const { flights, orbits, seed } = comparison;
  return html`<div class="plots">${bars(
    comparison,
    'Value per kilobyte',
    ({ valuePerKB }) => valuePerKB,
    (value) => count(value, 2),
  )}
${bars(
  comparison,
  'Share of all value delivered',
  ({ share }) => share ?? 0,
  (value) => percent(value),
)}</div>
<div class="scroll" tabindex="0"><table><caption>${count(orbits, 2)} orbits, seed ${seed}, flown once for each row. Value is counted by the simulator's truth: a right detection 10, a wrong one 0, a picture by its true clear share, telemetry 0.</caption>
<thead><tr><th scope="col">bit/s</th><th scope="col">order</th><th scope="col">granted</th><th scope="col">down</th><th scope="col">left on board</th><th scope="col">value</th><th scope="col">value/kB</th><th scope="col">of all</th><th scope="col">detections right</th><th scope="col">wrong</th><th scope="col">clear pictures</th><th scope="col">detections, median</th><th scope="col">99th percentile</th></tr></thead>
<tbody>${flights.map((row) => html`<tr><td>${count(row.downlinkBps)}</td><th scope="row">${row.title}</th><td>${bytes(row.grantedBytes)}</td><td>${bytes(row.bytes)}</td><td>${bytes(row.leftBytes)}</td><td>${count(row.value)}</td><td>${count(row.valuePerKB, 2)}</td><td>${percent(row.share)}</td><td>${count(row.detections.right)}</td><td>${count(row.detections.wrong)}</td><td>${percent(row.clearPictureShare)}</td><td>${delay(row.latencyS.p50)}</td><td>${delay(row.latencyS.p99)}</td></tr>`)}</tbody></table></div>
<p>Value per byte, by value density over first in first out: ${ratesOf(comparison).map((bps) => html`${ratioText(comparison, bps)} at ${count(bps)} bit/s (${percent(fittingShare(comparison, bps), 0)} fits); `)}promised: ${PROMISED_RATIO} × where less than ${percent(SCARCE_SHARE, 0)} of what there is to send fits. Clear pictures: share of all bytes that are pictures of ground.</p>`;
}

/** The section alone, for who has no flight at hand. */
export function comparisonPage(comparison: Comparison): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>Perigee: downlink compared</title><style>${new Html(style)}</style></head><body>
<header><div><p class="brand">Perigee campaign</p><h1>Downlink compared</h1><p>${comparison.mission}</p></div></header>
<main><section aria-label="Downlink compared">${comparisonSection(comparison)}</section></main></body></html>
`.text;
}

function bars(
  comparison: Comparison,
  title: string,
  of: (row: Flown) => number,
  textOf: (value: number) => string,
): Html {
  const rates = ratesOf(comparison);
  const groups = rates.map((bps) => comparison.flights.filter(({ downlinkBps }) => downlinkBps === bps));
  const most = Math.max(...comparison.flights.map(of), 0) || 1;
  let top = 0;
  const rows = groups.flatMap((group) => {
    const placed = group.map((row, i) => ({ row, series: i, y: top + i * ROW }));
    top += group.length * ROW + GAP;
    return placed;
  });
  const spoken = rows
    .map(({ row }) => `${row.title} at ${row.downlinkBps} bit/s: ${textOf(of(row))}`)
    .join('; ');
  const wide = (value: number) => round(Math.max(0, (value / most) * (WIDTH - LEFT - RIGHT)));
  return html`<figure class="plot bars"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${top}" role="img" aria-label="${title}. ${spoken}.">
${rows.map(({ row, series, y }) => html`<text class="tick y" x="${LEFT - 8}" y="${y + 14}">${series === 0 ? `${count(row.downlinkBps)} bit/s, ` : ''}${row.title}</text><rect x="${LEFT}" y="${y + 3}" width="${wide(of(row))}" height="${ROW - 6}" rx="2" fill="var(--s${series})"><title>${textOf(of(row))}</title></rect><text class="tick" x="${round(LEFT + wide(of(row)) + 6)}" y="${y + 14}">${textOf(of(row))}</text>`)}
</svg></figure>`;
}

function ratioText(comparison: Comparison, bps: number): string {
  const ratio = ratioAt(comparison, bps);
  if (ratio !== undefined) return `${ratio.toFixed(2)} ×`;
  return flownAt(comparison, bps, 'fifo') === undefined ? 'not flown' : 'nothing by first in first out';
}

function delay(seconds: number | null): string {
  return seconds === null ? 'none' : `${(seconds / 60).toFixed(1)} min`;
}
