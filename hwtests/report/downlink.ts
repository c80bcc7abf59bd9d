/** What came down in each pass, beside what the pass could carry; and what waited. */
import { bytes, count, flightTime, round } from './format';
import { type Html, html } from './html';
import { type Plot, type Point, plot } from './plot';
import { readingsOf } from './readings';
import type { FlightRecord, FlownPass } from './record';

export interface PassTotals extends FlownPass {
  readonly sentBytes: number;
  readonly packets: number;
  readonly byKind: Readonly<Record<Kind, number>>;
}

const kinds = { records: 'products', event: 'events', channels: 'telemetry' } as const;
type Kind = keyof typeof kinds;

/** Packets belong to the pass that had begun first of those under way, as the stations hear them. */
export function passTotals({ passes, received }: FlightRecord): PassTotals[] {
  const totals = passes.map((pass) => ({
    ...pass,
    sentBytes: 0,
    packets: 0,
    byKind: { records: 0, event: 0, channels: 0 } as Record<Kind, number>,
  }));
  for (const { atUs, bytes: size, content } of received) {
    const pass = totals.find(({ startUs, endUs }) => startUs <= atUs && atUs < endUs);
    if (pass === undefined) continue;
    pass.sentBytes += size;
    pass.packets++;
    pass.byKind[content.kind] += size;
  }
  return totals;
}

export function downlinkSection(record: FlightRecord): Html {
  const totals = passTotals(record);
  const link = record.report.bytes.link;
  return html`<div class="plots">${plot(downlinkPlot(record))}
${totals.length > 0 && capacityBars(totals)}</div>
<div class="scroll" tabindex="0"><table><caption>Passes: what each could carry and what it did. Where two stations see the spacecraft, it talks to the one whose pass began first.</caption>
<thead><tr><th scope="col">station</th><th scope="col">from</th><th scope="col">lasts</th><th scope="col">highest</th><th scope="col">could carry</th><th scope="col">carried</th><th scope="col">used</th><th scope="col">packets</th><th scope="col">products</th><th scope="col">telemetry</th><th scope="col">events</th></tr></thead>
<tbody>${totals.map((pass) => html`<tr><th scope="row">${pass.station}</th><td>${flightTime(pass.startUs)}</td><td>${flightTime(pass.endUs - pass.startUs)}</td><td>${pass.maxElevationDeg.toFixed(0)}°</td><td>${bytes(pass.grantedBytes)}</td><td>${bytes(pass.sentBytes)}</td><td>${used(pass)}</td><td>${count(pass.packets)}</td><td>${bytes(pass.byKind.records)}</td><td>${bytes(pass.byKind.channels)}</td><td>${bytes(pass.byKind.event)}</td></tr>`)}</tbody></table></div>
<p>Sizes are of space packets, which is also what the downlink is granted for. On the air they took ${count(link.frames)} transfer frames, ${bytes(link.bytes)} with headers, security and fill; ${count(link.framesLost)} frames were sent with nobody in view.</p>`;
}

function used({ sentBytes, grantedBytes }: PassTotals): string {
  return grantedBytes === 0 ? 'none' : `${((100 * sentBytes) / grantedBytes).toPrecision(2)} %`;
}

function downlinkPlot(record: FlightRecord): Plot {
  let total = 0;
  const arrived: Point[] = [[0, 0]];
  for (const { atUs, bytes: size } of record.received) {
    total += size;
    const last = arrived[arrived.length - 1];
    if (last[0] === atUs / 1e6) arrived[arrived.length - 1] = [last[0], total];
    else arrived.push([atUs / 1e6, total]);
  }
  const { durationS: endS } = record.report;
  const waiting = readingsOf(record, 'comQueue.DepthBytes');
  return {
    title: 'Downlink and backlog',
    unit: 'bytes; shaded: a station is in view',
    endS,
    bands: bandsOf(record),
    series: [
      { name: 'on the ground, all together', points: [...arrived, [endS, total]], steps: true },
      ...(waiting.length > 0 ? [{ name: 'waiting on board', points: waiting, steps: true }] : []),
    ],
  };
}

export function bandsOf({ passes }: FlightRecord) {
  return passes.map(({ station, startUs, endUs }) => ({
    from: startUs / 1e6,
    to: endUs / 1e6,
    name: station,
  }));
}

const WIDTH = 640;
const ROW = 32;
const LEFT = 92;
const RIGHT = 36;

/** Bars on a logarithmic scale: what is sent is often a ten-thousandth of what could be. */
function capacityBars(totals: readonly PassTotals[]): Html {
  const highest = Math.max(
    ...totals.map(({ grantedBytes, sentBytes }) => Math.max(grantedBytes, sentBytes)),
    10,
  );
  const decades = Math.ceil(Math.log10(highest));
  const x = (value: number) => {
    const share = value < 1 ? 0 : Math.log10(value) / decades;
    return Number((LEFT + share * (WIDTH - LEFT - RIGHT)).toFixed(1));
  };
  const bottom = totals.length * ROW;
  const spoken = totals.map(
    (pass) => `${pass.station}: ${bytes(pass.sentBytes)} of ${bytes(pass.grantedBytes)}`,
  );
  const marks = Array.from({ length: decades + 1 }, (_, power) => 10 ** power);
  return html`<figure class="plot bars"><figcaption>Sent and capacity by pass <small>(bytes, logarithmic)</small><span class="legend"><span><i class="s0"></i>carried</span><span><i class="capacity"></i>could carry</span></span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="Bytes carried of what each pass could carry. ${spoken.join('; ')}.">
${marks.map((value) => html`<path class="grid" d="M${x(value)} 0V${bottom}"/><text class="tick x" x="${x(value)}" y="${bottom + 16}">${bytes(value).replace('.0', '')}</text>`)}
${totals.map(({ station, grantedBytes, sentBytes }, i) => html`<text class="tick y" x="${LEFT - 8}" y="${i * ROW + 19}">${station}</text><rect class="capacity" x="${LEFT}" y="${i * ROW + 6}" width="${round(x(grantedBytes) - LEFT)}" height="18" rx="2"/><rect class="sent-bytes" x="${LEFT}" y="${i * ROW + 9}" width="${round(x(sentBytes) - LEFT)}" height="12" rx="2"><title>${bytes(sentBytes)} of ${bytes(grantedBytes)}</title></rect>`)}
</svg></figure>`;
}
