/** The experiment as a page that stands alone. */
import { bytes, count, percent } from '../../report/format';
import { Html, html } from '../../report/html';
import { plot, type Series } from '../../report/plot';
import { style } from '../../report/style';
import type { Report } from './experiment';
import type { Outcome } from './outcome';

/** Two more colours than flights need. */
const MORE = `
:root{--s4:#b3261e;--s5:#566173}@media (prefers-color-scheme:dark){:root{--s4:#ff8a80;--s5:#9aa7b8}}
.line.s4{stroke:var(--s4)}.line.s5{stroke:var(--s5);stroke-dasharray:1 4}i.s4{background:var(--s4)}i.s5{background:var(--s5)}
.kept{color:var(--good)}.missed{color:var(--bad)}td.share{background:linear-gradient(90deg,var(--band) var(--w),transparent var(--w))}`;
/** Links of the busiest ways that are listed. */
const MAX_LINKS = 24;

export function page(report: Report): string {
  const { options, outcomes, verdict, flower } = report;
  const title = `${options.satellites} satellites learn together`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><title>Perigee: ${title}</title><style>${new Html(style + MORE)}</style></head><body>
<header><div><p class="brand">Perigee campaign</p><h1>${title}</h1><p>${count(options.days, 2)} simulated days, seed ${options.seed}. Main run: ${flower.text}.</p></div></header>
<main>
<section aria-label="What was promised"><h2>What was promised</h2><ul>${verdict.promises.map(({ what, found, kept }) => html`<li><b class="${kept ? 'kept' : 'missed'}">${kept ? 'kept' : 'not kept'}</b>: ${what}: ${found}</li>`)}</ul></section>
<section aria-label="Accuracy over time"><h2>Accuracy over time</h2>${accuracyPlot(outcomes, verdict.target)}
<p>On ${count(report.tiles.validation)} validation tiles that no satellite has. The shipped network saw them, undrifted, when it was made: only differences mean something. Of gossip and of local training: the mean of all satellites. Target: the shipped network's accuracy and nine tenths of what central training adds.</p></section>
<section aria-label="Side by side"><h2>Side by side</h2>${table(report)}</section>
<section aria-label="Links"><h2>Links of the main run</h2>${links(outcomes.find(({ name }) => name.startsWith('federated')))}</section>
<section aria-label="Tiles"><h2>Who sees which tiles</h2>${shards(report)}</section>
<section aria-label="Declared"><h2>How it was made</h2>${declared(report)}</section>
</main></body></html>
`.text;
}

function accuracyPlot(outcomes: readonly Outcome[], target: number): Html {
  const over = outcomes.filter(({ points }) => points.length > 1);
  const endS = Math.max(...over.flatMap(({ points }) => points.map(({ hours }) => hours * 3600)), 3600);
  const [first] = outcomes[0].points;
  const lines: Series[] = over.map(({ name, points }) => ({
    name,
    points: [
      [0, 100 * first.accuracy],
      ...points.map(({ hours, accuracy }) => [hours * 3600, 100 * accuracy] as const),
    ],
    steps: true,
  }));
  const central = outcomes.find(({ name }) => name === 'central');
  const flat = (name: string, value: number): Series => ({
    name,
    points: [
      [0, 100 * value],
      [endS, 100 * value],
    ],
  });
  const last = central?.points[central.points.length - 1].accuracy;
  return plot({
    title: 'Validation tiles that are classified right',
    unit: '%',
    series: [
      ...lines,
      ...(last === undefined ? [] : [flat('central, when done', last)]),
      flat('target', target),
    ],
    endS,
  });
}

function table({ outcomes, verdict, tiles }: Report): Html {
  const hours = new Map(verdict.hours.map(({ name, hours: to }) => [name, to]));
  return html`<div class="scroll" tabindex="0"><table><caption>Accuracy on ${count(tiles.test)} test tiles through the same drift, read once, at the end. Bytes are whole messages, each hop of theirs counted. All tiles: ${bytes(tiles.bytes.raw)} raw, ${bytes(tiles.bytes.jpeg)} as JPEG, ${bytes(tiles.bytes.frames)} as raw frames.</caption>
<thead><tr><th scope="col">way</th><th scope="col">test tiles right</th><th scope="col">least to most</th><th scope="col">to the target</th><th scope="col">up</th><th scope="col">down</th><th scope="col">between satellites</th><th scope="col">passes used</th><th scope="col">training</th><th scope="col">radio</th></tr></thead>
<tbody>${outcomes.map(({ name, test, testRange, traffic, energy, cut }) => html`<tr><th scope="row">${name}${cut && html`<br><small>${cut}</small>`}</th><td>${percent(test)}</td><td>${testRange ? `${percent(testRange[0])} to ${percent(testRange[1])}` : ''}</td><td>${hoursText(hours.get(name))}</td><td>${bytes(traffic.bytes.up)}</td><td>${bytes(traffic.bytes.down)}</td><td>${bytes(traffic.bytes.crosslink)}</td><td>${traffic.passes.used} of ${traffic.passes.offered}</td><td>${count(energy.training / 1000, 1)} kJ</td><td>${count(energy.radio / 1000, 1)} kJ</td></tr>`)}</tbody></table></div>`;
}

function hoursText(hours: number | null | undefined): string {
  return hours === null || hours === undefined ? 'never' : `${hours.toFixed(1)} h`;
}

function links(outcome: Outcome | undefined): Html {
  const all = outcome?.traffic.links ?? [];
  return html`<div class="scroll tall" tabindex="0"><table class="narrow"><caption>The ${Math.min(MAX_LINKS, all.length)} busiest of ${all.length}</caption><thead><tr><th scope="col">link</th><th scope="col">direction</th><th scope="col">bytes</th></tr></thead>
<tbody>${all.slice(0, MAX_LINKS).map(({ link, direction, bytes: carried }) => html`<tr><th scope="row">${link}</th><td>${direction}</td><td>${count(carried)}</td></tr>`)}</tbody></table></div>`;
}

function shards({ tiles }: Report): Html {
  const most = Math.max(...tiles.counts.flat());
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">satellite</th>${tiles.classes.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">all</th></tr></thead>
<tbody>${tiles.counts.map((own, i) => html`<tr><th scope="row">sat-${i + 1}</th>${own.map((tile) => html`<td class="share" style="--w:${Math.round((100 * tile) / most)}%">${tile}</td>`)}<td>${own.reduce((sum, tile) => sum + tile, 0)}</td></tr>`)}</tbody></table></div>`;
}

function declared({ model, recipe, declared: said, sky, options, outcomes }: Report): Html {
  const { rates, computer, coding } = said;
  const split =
    options.split.kind === 'classes'
      ? `by class, Dirichlet with alpha ${options.split.alpha}`
      : 'by regions: clusters of like colours';
  const notes = outcomes.filter(({ note }) => note !== undefined);
  return html`<ul>
<li>${model.name} ${model.version}; ${count(model.values)} values learn: ${model.learns.join(', ')}. Tiles of EuroSAT (P. Helber et al., 2018, 2019; MIT; contains modified Copernicus Sentinel data) through the drift “${options.drift}”, split ${split}.</li>
<li>A round: ${recipe.steps} updates of ${recipe.choice.batch} tiles a satellite, ${recipe.rounds} rounds (${recipe.gossipTrainings} trainings of gossip), their rate falling from ${recipe.rate} along half a cosine; updates in ${coding.kind} with error feedback, signed. Central: ${recipe.centralEpochs} epochs over the tiles of all satellites; local: ${recipe.localEpochs} over each one's own; both learn what is best where all tiles are in one place (“${recipe.alone.what}”), from rate ${recipe.aloneRate}.</li>
<li>Strings of up to four satellites at 600 km, Sun-synchronous, SGP4. ${sky.stations.join(', ')}, above 10°, one satellite at a time an antenna: ${count(sky.passes)} passes; ${count(sky.crosslinks)} spans in sight of each other (4,500 km, 80 km above the ground).</li>
<li>Declared, not measured: learning gets ${count(rates.up.bytesPerS)} B/s up, ${count(rates.down.bytesPerS)} down, ${count(rates.crosslink.bytesPerS)} between satellites; the computer trains on ${computer.tilesPerS} tiles a second at ${computer.watts} W.</li>
<li>“Own pass in turn”: the same rounds and messages without help of other satellites; “permanent links”: with a ground that is always there. Both begin each round with the main run's parameters, after a check that the mean of their own updates is the same to a millionth: only time and bytes differ.</li>
${notes.map(({ name, note }) => html`<li>${name}: ${note}.</li>`)}
</ul>`;
}
