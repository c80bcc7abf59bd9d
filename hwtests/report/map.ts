/** The ground track on a map of the world: footprints, stations, contacts, detections. */
import { flightTime, place, round } from './format';
import { detectionsOf } from './geojson';
import { type LonLat, outline, piecesOf, splitLine } from './geometry';
import { dataUri, type Html, html } from './html';
import type { FlightRecord, FrameRecord, TrackPoint } from './record';
import type { SceneRecord } from './scenes/sceneRecord';

/** Map units a degree. */
const SCALE = 4;
export const MAP_WIDTH = 360 * SCALE;
export const MAP_HEIGHT = 180 * SCALE;
const MAX_DETECTIONS = 1000;
/** From so many frames on, each outline is drawn by its corners alone. */
const MANY_FRAMES = 500;

export const mapX = (lonDeg: number, digits = 1) => round((lonDeg + 180) * SCALE, digits);
export const mapY = (latDeg: number, digits = 1) => round((90 - latDeg) * SCALE, digits);

/** The picture of the Earth, once for all maps of the page; they `use` it as `#earth`. */
export function earthSymbol({ earth }: FlightRecord): Html {
  return html`<svg width="0" height="0" aria-hidden="true" class="hidden"><defs><image id="earth" width="${MAP_WIDTH}" height="${MAP_HEIGHT}" preserveAspectRatio="none" href="${dataUri('image/webp', earth)}"/></defs></svg>`;
}

export function worldMap(record: FlightRecord): Html {
  const { track, frames, stations, passes, scenes } = record;
  const found = detectionsOf(record);
  const located = found.filter((detection) => detection.place !== undefined);
  const seen = new Set(passes.map(({ station }) => station));
  const stepUs = track.length > 1 ? track[1].atUs - track[0].atUs : 1;
  const inContact = passes.map(({ startUs, endUs }) =>
    track.slice(Math.ceil(startUs / stepUs), Math.floor(endUs / stepUs) + 1),
  );
  const day = track.filter(({ sunElevationDeg }) => sunElevationDeg >= 0);
  const night = track.filter(({ sunElevationDeg }) => sunElevationDeg < 0);
  const pointsPerSide = frames.length > MANY_FRAMES ? 1 : 6;
  const spoken =
    `Map of the world with the ground track of ${record.orbitName}, ${frames.length} frame footprints, ` +
    `${located.length} detections, ${scenes.length} high-resolution captures and ${stations.length} ground stations, of which ${seen.size} were in contact.`;
  return html`<figure class="map"><svg viewBox="0 0 ${MAP_WIDTH} ${MAP_HEIGHT}" role="img" aria-label="${spoken}">
<use href="#earth"/>${graticule()}
<g class="contact">${inContact.map((points) => lines(points, stepUs))}</g>
<g class="night">${lines(night, stepUs)}</g><g class="day">${lines(day, stepUs)}</g>
<g class="footprints">${frames.map((frame) => footprint(frame, pointsPerSide))}</g>
<g class="captures">${scenes.map(capture)}</g>
<g class="found">${located
    .slice(0, MAX_DETECTIONS)
    .map(
      ({ place: at, className, score, frame, tile }) =>
        at &&
        html`<circle cx="${mapX(at.lonDeg)}" cy="${mapY(at.latDeg)}" r="3"><title>${className} ${score.toFixed(2)}, frame ${frame} tile ${tile}, ${place(at.latDeg, at.lonDeg)}</title></circle>`,
    )}</g>
<g class="stations">${stations.map(({ name, latDeg, lonDeg }) => {
    const right = lonDeg < 140;
    return html`<g class="${seen.has(name) ? 'seen' : 'unseen'}"><path d="M${mapX(lonDeg)} ${mapY(latDeg) - 9}l8 15h-16z"><title>${name}</title></path><text x="${mapX(lonDeg) + (right ? 13 : -13)}" y="${mapY(latDeg) + 6}" text-anchor="${right ? 'start' : 'end'}">${name}</text></g>`;
  })}</g>
</svg><figcaption class="keys"><span><i class="k-day"></i>track by day</span><span><i class="k-night"></i>by night</span><span><i class="k-contact"></i>in contact</span><span><i class="k-KEPT"></i>frame kept</span><span><i class="k-CLOUDED"></i>clouded</span><span><i class="k-DARK"></i>dark</span><span><i class="k-FAILED"></i>failed or not judged</span><span><i class="k-found"></i>detection</span>${scenes.length > 0 && html`<span><i class="k-capture"></i>high-resolution capture</span>`}<span><i class="k-station"></i>ground station</span>${located.length > MAX_DETECTIONS && html`<span>the first ${MAX_DETECTIONS} of ${located.length} detections are drawn</span>`}</figcaption></figure>`;
}

function footprint({ place: at, verdict, id, atUs }: FrameRecord, pointsPerSide: number): Html | undefined {
  if (at === undefined) return undefined;
  const whole = { left: 0, top: 0, width: at.width, height: at.height };
  const d = piecesOf(outline(at, whole, pointsPerSide))
    .map((ring) => `M${ring.map(([lonDeg, latDeg]) => `${mapX(lonDeg)} ${mapY(latDeg)}`).join('L')}Z`)
    .join('');
  return html`<path class="${verdict ?? 'FAILED'}" d="${d}"><title>frame ${id}, ${flightTime(atUs)}, ${(verdict ?? 'not judged').toLowerCase()}, ${place(at.latDeg, at.lonDeg)}</title></path>`;
}

/** The strips of a high-resolution capture. At this scale it is a dot: its outline is there for who zooms in. */
function capture({ strips, width, gsdM, target, atUs }: SceneRecord): Html {
  const d = strips
    .flatMap(({ place: at, height }) =>
      at ? piecesOf(outline({ ...at, width, height, gsdM }, { left: 0, top: 0, width, height })) : [],
    )
    .map((ring) => `M${ring.map(([lonDeg, latDeg]) => `${mapX(lonDeg, 3)} ${mapY(latDeg, 3)}`).join('L')}Z`)
    .join('');
  return html`<path d="${d}"><title>${target}, ${flightTime(atUs)}</title></path>`;
}

/** Some points of the track as lines, broken where points in between are missing. */
function lines(points: readonly TrackPoint[], stepUs: number): Html {
  const runs: LonLat[][] = [];
  points.forEach(({ atUs, lonDeg, latDeg }, i) => {
    if (i === 0 || atUs - points[i - 1].atUs > 1.5 * stepUs) runs.push([]);
    runs[runs.length - 1].push([lonDeg, latDeg]);
  });
  const d = runs
    .flatMap((run) => splitLine(run))
    .map((part) => `M${part.map(([lonDeg, latDeg]) => `${mapX(lonDeg)} ${mapY(latDeg)}`).join('L')}`)
    .join('');
  return html`<path d="${d}"/>`;
}

export function graticule(): Html {
  const meridians = [-120, -60, 0, 60, 120].map((lonDeg) => `M${mapX(lonDeg)} 0V${MAP_HEIGHT}`);
  const parallels = [-60, -30, 0, 30, 60].map((latDeg) => `M0 ${mapY(latDeg)}H${MAP_WIDTH}`);
  return html`<path class="graticule" d="${[...meridians, ...parallels].join('')}"/>`;
}
