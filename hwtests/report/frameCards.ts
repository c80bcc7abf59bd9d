/** The captured frames: the picture, what was decided of it and why, and what is true. */
import { flightTime, percent, place } from './format';
import { detectionsOf, type GroundDetection } from './geojson';
import { dataUri, type Html, html } from './html';
import type { FlightRecord, FrameRecord, TileRecord } from './record';

/** From this share on a tile counts as clouded, or as water, on both sides of a comparison: the referee's rule. */
const HALF = 0.5;

export function frameCards(record: FlightRecord): Html {
  const { frames, classNames, pictureStride } = record;
  const shown = frames.filter(({ picture }) => picture !== undefined);
  const found = detectionsOf(record);
  const which =
    pictureStride === 1
      ? ''
      : ` Every ${pictureStride === 2 ? '2nd' : `${pictureStride}th`} frame has its picture here.`;
  return html`<p>${shown.length} of ${frames.length} frames are shown.${which} The up edge of a picture points along the ground track; water and classes are of the clear tiles.</p>
<p class="keys"><label><input type="checkbox" id="overlay" checked> what each tile was taken for:</label>${classNames.map((name, i) => html`<span><i class="c${i % 4}"></i>${name}</span>`)}<span><i class="k-cloud"></i>cloud</span><span><b class="wrong">✗</b> cloud or water differs from the truth</span><span><i class="k-sent"></i>detection, sent down</span></p>
<div class="cards">${shown.map((frame) =>
    card(
      frame,
      classNames,
      found.filter(({ atUs, frame: id }) => atUs === frame.atUs && id === (frame.id & 0xffff)),
    ),
  )}</div>`;
}

function card(frame: FrameRecord, classNames: readonly string[], found: readonly GroundDetection[]): Html {
  const { id, atUs, place: at, verdict, picture, tiles } = frame;
  const where = at ? place(at.latDeg, at.lonDeg) : 'place unknown';
  const spoken = `Frame ${id}, taken at ${flightTime(atUs)} over ${where}: ${why(frame)}.`;
  return html`<article class="card"><div class="picture">${picture && html`<img alt="${spoken}" src="${dataUri('image/webp', picture)}" loading="lazy">`}${overlay(frame, classNames, found)}</div>
<h3>#${id} <span class="chip ${verdict ?? 'FAILED'}">${(verdict ?? 'not judged').toLowerCase()}</span></h3>
<p class="where">${flightTime(atUs)} · ${where}</p>
<p>${why(frame)}</p>${tiles.length > 0 && facts(tiles, classNames)}
${found.length > 0 && foundList(found, tiles)}</article>`;
}

/** The verdict in words, with the numbers that led to it. */
export function why({ verdict, clouded }: FrameRecord): string {
  const share = clouded && `${percent(clouded.share, 0)} of its tiles are clouded`;
  const most = clouded && percent(clouded.most, 0);
  switch (verdict) {
    case 'KEPT':
      return share ? `kept: ${share}, ${most} may be` : 'kept';
    case 'CLOUDED':
      return share ? `discarded: ${share}, ${most} may be` : 'discarded for its clouds';
    case 'DARK':
      return 'discarded: too dark to look at';
    case 'FAILED':
      return 'not screened: no usable answer came';
    default:
      return 'not judged before the flight ended';
  }
}

function facts(tiles: readonly TileRecord[], classNames: readonly string[]): Html {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const cloud = percent(mean(tiles.map((tile) => tile.cloud)), 0);
  const trueCloud = percent(mean(tiles.map(({ truth }) => truth.cloud)), 0);
  const clear = tiles.filter((tile) => tile.cloud < HALF && tile.surface !== undefined);
  const counts = classNames
    .map((name, i) => [name, clear.filter(({ surface }) => surface?.classIndex === i).length] as const)
    .filter(([, tileCount]) => tileCount > 0)
    .map(([name, tileCount]) => `${name} ${tileCount}`);
  const water = clear.length > 0 && percent(mean(clear.map(({ surface }) => surface?.water ?? 0)), 0);
  const trueWater = clear.length > 0 && percent(mean(clear.map(({ truth }) => truth.water)), 0);
  return html`<dl><dt>cloud</dt><dd>${cloud} <small>truth ${trueCloud}</small></dd>${water !== false && html`<dt>water</dt><dd>${water} <small>truth ${trueWater}</small></dd>`}${counts.length > 0 && html`<dt>tiles</dt><dd>${counts.join(', ')}</dd>`}</dl>`;
}

function foundList(found: readonly GroundDetection[], tiles: readonly TileRecord[]): Html {
  const [{ receivedUs, station }] = found;
  const rows = found.map(({ tile, className, score }) => {
    const truth = tiles[tile]?.truth;
    return html`<tr><th scope="row">${tile}</th><td>${className}</td><td>${score.toFixed(2)}</td><td>${truth && percent(truth.water, 0)}</td></tr>`;
  });
  const many = `${found.length} ${found.length === 1 ? 'detection' : 'detections'}`;
  return html`<details><summary>${many}, on the ground ${flightTime(receivedUs)}</summary><table><caption>received by ${station}</caption><thead><tr><th scope="col">tile</th><th scope="col">class</th><th scope="col">score</th><th scope="col">true water</th></tr></thead><tbody>${rows}</tbody></table></details>`;
}

/** One square a tile, in a drawing as large as the frame. */
function overlay(
  { place: at, tilePx, tiles, id }: FrameRecord,
  classNames: readonly string[],
  found: readonly GroundDetection[],
): Html | undefined {
  if (tiles.length === 0) return undefined;
  const side = Math.round(Math.sqrt(tiles.length));
  const [width, height] = at ? [at.width, at.height] : [side * tilePx, side * tilePx];
  const columns = Math.floor(width / tilePx);
  const sent = new Set(found.map(({ tile }) => tile));
  return html`<svg class="overlay" viewBox="0 0 ${width} ${height}" aria-hidden="true" data-frame="${id}">${tiles.map(
    (tile, i) => {
      const [left, top] = [(i % columns) * tilePx, Math.floor(i / columns) * tilePx];
      const size = tilePx - 2;
      return html`<rect class="${classOf(tile)}${sent.has(i) && ' sent'}" x="${left + 1}" y="${top + 1}" width="${size}" height="${size}"><title>${tileText(tile, i, classNames)}</title></rect>${isWrong(tile) && html`<text class="wrong" x="${left + tilePx - 3}" y="${top + 10}">✗</text>`}`;
    },
  )}</svg>`;
}

function classOf({ cloud, surface }: TileRecord): string {
  if (cloud >= HALF) return 'cloud';
  return surface === undefined ? 'unclassified' : `c${surface.classIndex % 4}`;
}

/** Water is compared on the tiles that were taken for clear, as the referee does. */
export function isWrong({ cloud, surface, truth }: TileRecord): boolean {
  if (cloud >= HALF !== truth.cloud >= HALF) return true;
  return cloud < HALF && surface !== undefined && surface.water >= HALF !== truth.water >= HALF;
}

function tileText(
  { cloud, surface, truth }: TileRecord,
  tile: number,
  classNames: readonly string[],
): string {
  const seen =
    surface && cloud < HALF
      ? `${classNames[surface.classIndex] ?? surface.classIndex} ${surface.confidence.toFixed(2)}, water ${percent(surface.water, 0)} (truth ${percent(truth.water, 0)}), `
      : '';
  return `tile ${tile}: ${seen}cloud ${percent(cloud, 0)} (truth ${percent(truth.cloud, 0)})`;
}
