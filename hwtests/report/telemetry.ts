/** A handful of housekeeping channels over flight time. */
import { bandsOf } from './downlink';
import { count } from './format';
import { type Html, html } from './html';
import { plot } from './plot';
import { readingsOf } from './readings';
import type { FlightRecord } from './record';

interface Chart {
  readonly title: string;
  readonly unit?: string;
  /** By `instance.Channel`; those that a mission lacks, or that never came down, are left out. */
  readonly channels: readonly string[];
}

const charts: readonly Chart[] = [
  {
    title: 'Frames',
    channels: [
      'camera.FramesCaptured',
      'cloudScreener.FramesKept',
      'cloudScreener.FramesClouded',
      'cloudScreener.FramesDark',
    ],
  },
  { title: 'Detections packed', channels: ['productPacker.Detections'] },
  { title: 'Inference', unit: 'runs', channels: ['inference.Runs', 'inference.CanaryRuns'] },
  { title: 'Downlink store', unit: 'packets', channels: ['comQueue.Depth', 'comQueue.Dropped'] },
  { title: 'Transfer frames sent', channels: ['tmFramer.FramesSent'] },
  {
    title: 'Commands',
    channels: ['tcDeframer.FramesAccepted', 'commandDispatcher.CommandsDispatched', 'tcDeframer.CrcErrors'],
  },
  { title: 'Memory repaired', unit: 'bits', channels: ['scrubber.BitsCorrected'] },
  {
    title: 'Pages repaired',
    channels: ['scrubber.PagesRebuilt', 'scrubber.PagesRestored', 'scrubber.PagesLost'],
  },
  {
    title: 'Inference guard',
    channels: [
      'inference.CanaryMismatches',
      'inference.ResultsSuspect',
      'inference.ResultsRedone',
      'inference.Reloads',
    ],
  },
  { title: 'Processor load (modelled)', unit: '%', channels: ['systemResources.CpuPercent'] },
  { title: 'Memory in use (modelled)', unit: 'MiB', channels: ['systemResources.MemoryMiB'] },
  { title: 'Rate group slips', channels: ['rateGroupFast.CycleSlips', 'health.PingsLate'] },
];

/** Channels that change are drawn, the others told with their one value. */
export function telemetrySection(record: FlightRecord): Html {
  const bands = bandsOf(record);
  const still: (readonly [string, number])[] = [];
  const drawn = charts.flatMap(({ title, unit, channels }) => {
    const all = channels.map((name) => ({ name, points: readingsOf(record, name), steps: true }));
    const heard = all.filter(({ points }) => points.length > 0);
    const changing = heard.filter(({ points }) => points.some(([, value]) => value !== points[0][1]));
    for (const { name, points } of heard)
      if (!changing.some((other) => other.name === name)) still.push([name, points[0][1]]);
    if (changing.length === 0) return [];
    return [plot({ title, unit, series: changing, bands, endS: record.report.durationS })];
  });
  return html`<p>As the ground received it, at the time it was measured on board; shaded: a station is in view.</p>
<div class="plots">${drawn}</div>
${still.length > 0 && html`<div class="scroll" tabindex="0"><table class="narrow"><caption>Channels that never changed</caption><thead><tr><th scope="col">channel</th><th scope="col">value</th></tr></thead><tbody>${still.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${count(value, 3)}</td></tr>`)}</tbody></table></div>`}`;
}
