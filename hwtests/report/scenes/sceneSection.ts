/** The high-resolution captures on the page: the picture, what it was taken for, the vessels, where the network looked. */
import { count, flightTime, percent, place, round } from '../format';
import { dataUri, type Html, html } from '../html';
import type { FlightRecord } from '../record';
import type { AttentionExample, SceneRecord, SceneTile } from './sceneRecord';

/** Ten hues that stay apart on a photograph; a class takes that of its number. */
const COLOURS = [
  '#e0a63b',
  '#1f8a3b',
  '#9ccb5a',
  '#8c8c99',
  '#d1493f',
  '#c8e06a',
  '#e07bb5',
  '#ff5f5f',
  '#4db8ff',
  '#1f5fd1',
];
const ATTENTION_SIDE = 8;
const MAX_VESSELS = 200;

export const classColour = (index: number) => COLOURS[index % COLOURS.length];

/** Undefined on a flight without a capture: the section is left out. */
export function sceneSection({ scenes, scenesLeftOut }: FlightRecord): Html | undefined {
  if (scenes.length === 0) return undefined;
  return html`${scenesLeftOut > 0 && html`<p>The first ${scenes.length} of ${scenes.length + scenesLeftOut} captures.</p>`}${scenes.map(scene)}`;
}

function scene(record: SceneRecord): Html {
  const { capture, target, atUs, width, height, gsdM, vessels, tiles, cloudShare, classes, examples } =
    record;
  const where = record.strips.find((strip) => strip.place)?.place;
  const km2 = (width * height * gsdM * gsdM) / 1e6;
  const id = `scene${capture}`;
  const facts = [
    where && place(where.latDeg, where.lonDeg),
    gsdM > 0 && `${count(width)} × ${count(height)} pixels of ${count(gsdM, 1)} m, ${count(km2)} km²`,
    `${percent(cloudShare)} taken for cloud`,
    `${count(vessels.length)} ${vessels.length === 1 ? 'vessel' : 'vessels'}`,
  ].filter((fact) => typeof fact === 'string');
  return html`<article class="scene"><h3>#${capture} ${target} <small>${flightTime(atUs)}</small></h3><p>${facts.join(' · ')}</p>
<div class="side"><figure><figcaption class="keys"><label><input type="checkbox" data-shows="${id}" checked> land cover, where it was asked for</label><span><i class="k-vessel"></i>vessel</span></figcaption>
${picture(record, id)}</figure>${tiles.length > 0 ? areas(record) : html`<p>No land cover: no model of this spacecraft fits the sensor or the sky.</p>`}</div>
${examples.length > 0 && html`<h4>Where the network looked</h4><p>The tile of each class that it was surest of, and its attention (rollout over the blocks): bright where it came from.</p><div class="cards looks">${examples.map((example) => look(example, classes))}</div>`}
${vessels.length > 0 && vesselTable(record)}</article>`;
}

function picture(
  { overview, width, height, tiles, tilePx, classes, vessels, target }: SceneRecord,
  id: string,
): Html {
  const spoken = `${target}: ${tiles.length} tiles classified, ${vessels.length} vessels marked.`;
  const [right, bottom] = [Math.floor(width / overview.step), Math.floor(height / overview.step)].map(
    (size) => size * overview.step,
  );
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${spoken}"><image width="${right}" height="${bottom}" href="${dataUri('image/webp', overview.picture)}"/>
<g class="cover" id="${id}">${tiles.map((tile) => square(tile, tilePx, classes))}</g>
<g class="vessels">${vessels.slice(0, MAX_VESSELS).map(({ x, y, score, latDeg, lonDeg }) => html`<circle cx="${round(x)}" cy="${round(y)}" r="22"><title>vessel ${score.toFixed(2)}, ${place(latDeg, lonDeg)}</title></circle>`)}</g></svg>`;
}

function square(
  { x, y, classIndex, confidence }: SceneTile,
  tilePx: number,
  classes: readonly string[],
): Html {
  return html`<rect x="${x}" y="${y}" width="${tilePx}" height="${tilePx}" fill="${classColour(classIndex)}" fill-opacity="${round(0.15 + 0.4 * confidence, 2)}"><title>${classes[classIndex]} ${confidence.toFixed(2)}</title></rect>`;
}

/** What was found, by class: tiles and area, the most first. */
function areas({ tiles, classes, tilePx, gsdM }: SceneRecord): Html {
  const tileKm2 = (tilePx * tilePx * gsdM * gsdM) / 1e6;
  const rows = classes
    .map((name, index) => {
      const own = tiles.filter((tile) => tile.classIndex === index);
      return {
        name,
        index,
        tiles: own.length,
        sure: own.reduce((sum, { confidence }) => sum + confidence, 0),
      };
    })
    .filter((row) => row.tiles > 0)
    .sort((a, b) => b.tiles - a.tiles);
  return html`<div class="scroll"><table class="narrow"><caption>Land cover of ${count(tiles.length)} tiles</caption><thead><tr><th scope="col">class</th><th scope="col">tiles</th><th scope="col">km²</th><th scope="col">mean score</th></tr></thead><tbody>${rows.map((row) => html`<tr><th scope="row"><i class="swatch" style="background:${classColour(row.index)}"></i>${row.name}</th><td>${count(row.tiles)}</td><td>${count(row.tiles * tileKm2, 1)}</td><td>${(row.sure / row.tiles).toFixed(2)}</td></tr>`)}</tbody></table></div>`;
}

function look(
  { picture: tile, attention, classIndex, confidence, x, y }: AttentionExample,
  classes: readonly string[],
): Html {
  const most = Math.max(...attention, Number.MIN_VALUE);
  const cells = attention.map((share, i) => {
    const [column, row] = [i % ATTENTION_SIDE, Math.floor(i / ATTENTION_SIDE)];
    return html`<rect x="${column}" y="${row}" width="1" height="1" fill-opacity="${round(0.75 * (1 - share / most), 2)}"/>`;
  });
  const name = classes[classIndex];
  const uri = dataUri('image/webp', tile);
  return html`<article class="card look"><div class="pair"><img alt="Tile at ${x}, ${y}, taken for ${name}" src="${uri}"><div class="picture"><img alt="" src="${uri}"><svg viewBox="0 0 ${ATTENTION_SIDE} ${ATTENTION_SIDE}" role="img" aria-label="Attention over the tile">${cells}</svg></div></div><p><i class="swatch" style="background:${classColour(classIndex)}"></i>${name} ${confidence.toFixed(2)}</p></article>`;
}

function vesselTable({ vessels, gsdM }: SceneRecord): Html {
  const shown = [...vessels].sort((a, b) => b.score - a.score).slice(0, MAX_VESSELS);
  const left = shown.length < vessels.length && `, the surest ${MAX_VESSELS} of ${vessels.length}`;
  return html`<div class="scroll tall" tabindex="0"><table class="narrow"><caption>Vessels${left}</caption><thead><tr><th scope="col">place</th><th scope="col">length</th><th scope="col">score</th></tr></thead><tbody>${shown.map((vessel) => html`<tr><td>${vessel.latDeg.toFixed(5)}, ${vessel.lonDeg.toFixed(5)}</td><td>${count(vessel.lengthPx * gsdM)} m</td><td>${vessel.score.toFixed(2)}</td></tr>`)}</tbody></table></div>`;
}
