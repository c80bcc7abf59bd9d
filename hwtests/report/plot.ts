/** Line plots over flight time, as SVG. */
import { count, round } from './format';
import { type Html, html } from './html';

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  /** Flight seconds and value, in order of time. */
  readonly points: readonly Point[];
  /** Holds each value until the next one, as counters do. */
  readonly steps?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly unit?: string;
  readonly series: readonly Series[];
  /** Spans of time to shade, in flight seconds. */
  readonly bands?: readonly { readonly from: number; readonly to: number; readonly name: string }[];
  readonly endS: number;
}

const WIDTH = 640;
const HEIGHT = 200;
const BOX = { left: 56, right: 28, top: 10, bottom: 24 };
/** Points of a line; more are thinned out to what a screen can show. */
const MAX_POINTS = 600;

export function plot({ title, unit, series: whole, bands = [], endS }: Plot): Html {
  const series = whole.map((one) => ({ ...one, points: thinned(one.points) }));
  const top = Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)), 0);
  const yTicks = ticks(top || 1, 4);
  const yMax = Math.max(top, yTicks[yTicks.length - 1]) || 1;
  const x = (seconds: number) => BOX.left + (seconds / endS) * (WIDTH - BOX.left - BOX.right);
  const y = (value: number) => HEIGHT - BOX.bottom - (value / yMax) * (HEIGHT - BOX.top - BOX.bottom);
  const { every, label } = timeTicks(endS);
  const xTicks = Array.from({ length: Math.floor(endS / every) + 1 }, (_, i) => i * every);
  const bottom = HEIGHT - BOX.bottom;
  return html`<figure class="plot"><figcaption>${title}${unit && html` <small>(${unit})</small>`}
<span class="legend">${series.map(({ name }, i) => html`<span><i class="s${i}"></i>${name}</span>`)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spoken(title, unit, series)}"
 data-plot="${JSON.stringify({ x0: BOX.left, x1: WIDTH - BOX.right, endS })}">
${bands.map(({ from, to, name }) => html`<rect class="band" x="${round(x(from))}" y="${BOX.top}" width="${round(x(to) - x(from))}" height="${bottom - BOX.top}"><title>${name}</title></rect>`)}
${yTicks.map((value) => html`<path class="grid" d="M${BOX.left} ${round(y(value))}H${WIDTH - BOX.right}"/><text class="tick y" x="${BOX.left - 6}" y="${round(y(value) + 4)}">${short(value)}</text>`)}
${xTicks.map((seconds) => html`<path class="grid" d="M${round(x(seconds))} ${bottom}v4"/><text class="tick x" x="${round(x(seconds))}" y="${HEIGHT - 6}">${label(seconds)}</text>`)}
${series.map(({ name, points, steps }, i) => html`<path class="line s${i}" data-name="${name}" data-values="${JSON.stringify(points.map(([s, v]) => [round(s), round(v, 3)]))}" d="${pathOf(points, x, y, steps)}"/>`)}
</svg></figure>`;
}

function pathOf(
  points: readonly Point[],
  x: (value: number) => number,
  y: (value: number) => number,
  steps = false,
): string {
  return points
    .map(([seconds, value], i) => {
      const [px, py] = [round(x(seconds)), round(y(value))];
      if (i === 0) return `M${px} ${py}`;
      return steps ? `H${px}V${py}` : `L${px} ${py}`;
    })
    .join('');
}

/** What the picture says, for who can't see it. */
function spoken(title: string, unit: string | undefined, series: readonly Series[]): string {
  const said = series.map(({ name, points }) => {
    const values = points.map(([, value]) => value);
    if (values.length === 0) return `${name}: no values`;
    const [first, last] = [values[0], values[values.length - 1]];
    return `${name}: from ${count(first, 2)} to ${count(last, 2)}, highest ${count(Math.max(...values), 2)}`;
  });
  return `${title}${unit ? ` in ${unit}` : ''} over flight time. ${said.join('; ')}.`;
}

/** Of each stretch of a line that is too long its lowest and its highest point, so that no peak is lost; and the last point. */
export function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MAX_POINTS) return points;
  const stretch = Math.ceil((2 * points.length) / MAX_POINTS);
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch);
    const low = part.reduce((least, point) => (point[1] < least[1] ? point : least));
    const high = part.reduce((most, point) => (point[1] > most[1] ? point : most));
    kept.push(...(low === high ? [low] : [low, high].sort((a, b) => a[0] - b[0])));
  }
  const last = points[points.length - 1];
  return kept[kept.length - 1] === last ? kept : [...kept, last];
}

/** Round values from 0 on, the last one at `top` or above, about `wanted` of them. */
export function ticks(top: number, wanted: number): number[] {
  const rough = top / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough) ?? rough;
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, i) =>
    Number((i * step).toPrecision(12)),
  );
}

function timeTicks(endS: number): { every: number; label: (seconds: number) => string } {
  const steps = [60, 300, 600, 1200, 3600, 7200, 21_600, 43_200, 86_400];
  const every = steps.find((step) => endS / step <= 10) ?? 86_400 * Math.ceil(endS / 864_000);
  if (every < 3600) return { every, label: (seconds) => `${seconds / 60} min` };
  return { every, label: (seconds) => `${seconds / 3600} h` };
}

function short(value: number): string {
  if (value >= 1e6) return `${count(value / 1e6, 1)}M`;
  return value >= 10_000 ? `${count(value / 1e3, 1)}k` : count(value, 3);
}
