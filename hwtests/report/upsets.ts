/** A flight under radiation: what was hit, what was healed and by which step, and where. */
import { bandsOf } from './downlink';
import { count } from './format';
import { type Html, html, type Part } from './html';
import { graticule, MAP_HEIGHT, MAP_WIDTH, mapX, mapY } from './map';
import { type Point, plot } from './plot';
import { readingsOf } from './readings';
import type { FlightRecord } from './record';

type Radiation = NonNullable<FlightRecord['report']['radiation']>;

const steps: Readonly<Record<keyof Radiation['healed'], string>> = {
  storeBitsBySecded: 'model store: bits put right by SECDED',
  storePagesByParity: 'model store: pages rebuilt from parity',
  storePagesByGolden: 'model store: pages restored from a golden copy',
  storePagesLost: 'model store: pages lost',
  parameterBitsOutvoted: 'parameters: bits outvoted by the other copies',
  parameterFilesRepaired: 'parameters: files repaired',
  packetsDropped: 'downlink store: damaged packets not sent',
  canaryMismatches: 'inference: canary runs that were wrong',
  resultsSuspect: 'inference: results that were suspect',
  resultsRedone: 'inference: results computed again',
  sessionsReloaded: 'inference: sessions loaded again',
};

/** Undefined on a flight without. */
export function upsetsSection(record: FlightRecord): Html | undefined {
  const { radiation } = record.report;
  if (radiation === undefined) return undefined;
  const { factor, perBitDay, targets, byTarget, clusters, healed, stuckCells, map } = radiation;
  const healedRows = Object.entries(healed) as [keyof Radiation['healed'], number][];
  return html`<p>${count(factor)} times the published rate, which makes ${perBitDay.toPrecision(3)} upset events a bit and day, on ${targets.join(', ')}. ${count(stuckCells)} memory cells were stuck at the end.</p>
<div class="plots">${plot(upsetPlot(record))}
${table(
  'Hit, by target',
  ['target', 'hits', 'bits'],
  mergedSessions(byTarget).map(({ name, hits, bits }) => [name, count(hits), count(bits)]),
)}</div>
<div class="side">${table(
    'Healed, by step',
    ['step', 'times'],
    healedRows.map(([step, times]) => [steps[step] ?? step, count(times)]),
  )}
${table(
  'Events by how many cells they upset',
  ['cells', 'events'],
  Object.entries(clusters).map(([bits, events]) => [bits, count(events)]),
)}</div>
<div class="plots">${heatMap('The truth: upset events, by the place over which they fell', map.hits, map.latDeg, map.lonDeg)}
${map.healedByScrubber && heatMap("The Scrubber's own map: upsets that it healed, by the place over which it found them", map.healedByScrubber, map.latDeg, map.lonDeg)}</div>
<p>An event may upset many bits, and the Scrubber sees the model store alone, after its first pass: the maps agree in shape, not in number.</p>`;
}

/** Most hit first. A runtime's model is loaded again after each repair: its sessions are one target here. */
export function mergedSessions(byTarget: Radiation['byTarget']) {
  const merged = new Map<string, { readonly hits: number; readonly bits: number }>();
  for (const [target, { hits, bits }] of Object.entries(byTarget)) {
    const name = target.replace(/#\d+$/, ', all sessions');
    const before = merged.get(name) ?? { hits: 0, bits: 0 };
    merged.set(name, { hits: before.hits + hits, bits: before.bits + bits });
  }
  return [...merged].map(([name, totals]) => ({ name, ...totals })).sort((a, b) => b.hits - a.hits);
}

function upsetPlot(record: FlightRecord) {
  const { hits, report } = record;
  let total = 0;
  const upset: Point[] = hits
    .filter(({ kind }) => kind === 'store' || kind === 'golden')
    .map(({ atUs, bits }) => {
      total += bits;
      return [atUs / 1e6, total] as const;
    });
  return {
    title: 'Bits upset and put right',
    unit: 'model store: memory and golden copies',
    endS: report.durationS,
    bands: bandsOf(record),
    series: [
      { name: 'upset (truth)', points: [[0, 0] as const, ...upset], steps: true },
      {
        name: 'put right by SECDED (telemetry)',
        points: readingsOf(record, 'scrubber.BitsCorrected'),
        steps: true,
      },
    ],
  };
}

function table(caption: string, heads: readonly string[], rows: readonly (readonly Part[])[]): Html {
  return html`<div class="scroll" tabindex="0"><table><caption>${caption}</caption><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Counts by cells of latitude (rows, from the south) and longitude (columns, from 180° west) over the map. */
function heatMap(
  title: string,
  rows: readonly (readonly number[])[],
  latStep: number,
  lonStep: number,
): Html {
  const most = Math.max(...rows.flat(), 1);
  const cells = rows.flatMap((row, i) =>
    row.map((value, j) => ({ value, latDeg: -90 + (i + 1) * latStep, lonDeg: -180 + j * lonStep })),
  );
  const struck = cells.filter(({ value }) => value > 0);
  const peak = struck.reduce((high, cell) => (cell.value > high.value ? cell : high), {
    value: 0,
    latDeg: 0,
    lonDeg: 0,
  });
  const sum = struck.reduce((total, { value }) => total + value, 0);
  const spoken = `${title}: ${count(sum)} in ${struck.length} cells, most (${count(peak.value)}) around latitude ${peak.latDeg - latStep / 2}, longitude ${peak.lonDeg + lonStep / 2}.`;
  return html`<figure class="map heat"><figcaption>${title} <small>(${count(sum)}, most in a cell ${count(most)})</small></figcaption>
<svg viewBox="0 0 ${MAP_WIDTH} ${MAP_HEIGHT}" role="img" aria-label="${spoken}"><use href="#earth"/>${graticule()}
${struck.map(({ value, latDeg, lonDeg }) => html`<rect x="${mapX(lonDeg)}" y="${mapY(latDeg)}" width="${mapX(lonStep - 180)}" height="${mapY(90 - latStep)}" fill-opacity="${(0.15 + 0.75 * (value / most)).toFixed(2)}"><title>${count(value)} at latitude ${latDeg - latStep} to ${latDeg}, longitude ${lonDeg} to ${lonDeg + lonStep}</title></rect>`)}</svg></figure>`;
}
