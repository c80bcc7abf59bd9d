/** Lines over bit error rates as a self-contained SVG. */

export interface Series {
  readonly name: string;
  /** By bit error rate, per cent or points. */
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

const WIDTH = 420;
const HEIGHT = 300;
const MARGIN = { left: 48, right: 12, top: 34, bottom: 42 };
const LEGEND_PX = 46;
const COLOURS = ['#4d4d4d', '#e69f00', '#56b4e9', '#cc79a7', '#0072b2', '#009e73', '#d55e00'];

/** One panel beside the other, with one legend: `yTitle` over `bitErrorRates` (ascending powers of ten). */
export function plotSvg(
  title: string,
  yTitle: string,
  bitErrorRates: readonly number[],
  panels: readonly Panel[],
): string {
  const width = WIDTH * panels.length;
  const height = HEIGHT + LEGEND_PX;
  const top = Math.max(1, ...panels.flatMap(({ series }) => series.flatMap(({ values }) => values)));
  const body = panels.map((panel, i) => panelSvg(panel, i * WIDTH, top, yTitle, bitErrorRates));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${body.join('\n')}
${legend(panels[0].series.map(({ name }) => name))}
</svg>
`;
}

function panelSvg(
  { title, series }: Panel,
  left: number,
  top: number,
  yTitle: string,
  rates: readonly number[],
): string {
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const x = (i: number) => left + MARGIN.left + (plotWidth * i) / Math.max(1, rates.length - 1);
  const y = (value: number) => MARGIN.top + plotHeight * (1 - Math.max(0, value) / top);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  return [
    text(left + MARGIN.left + plotWidth / 2, 20, title, 'middle', 13),
    ...ticks.flatMap((value) => [
      `<line x1="${x(0)}" x2="${x(rates.length - 1)}" y1="${one(y(value))}" y2="${one(y(value))}" stroke="#dddddd"/>`,
      text(left + MARGIN.left - 6, y(value) + 4, value.toFixed(top < 5 ? 1 : 0), 'end'),
    ]),
    ...rates.map((rate, i) => text(x(i), HEIGHT - MARGIN.bottom + 16, rate.toExponential(0), 'middle')),
    text(left + MARGIN.left + plotWidth / 2, HEIGHT - 8, 'bit error rate', 'middle'),
    `<text transform="translate(${left + 12} ${MARGIN.top + plotHeight / 2}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>`,
    ...series.map(({ values }, i) => line(values, i, x, y)),
  ].join('\n');
}

function line(
  values: readonly number[],
  index: number,
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  const points = values.map((value, i) => `${one(x(i))},${one(y(value))}`);
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`;
}

function legend(names: readonly string[]): string {
  const perRow = 4;
  return names
    .map((name, i) => {
      const left = MARGIN.left + (i % perRow) * 180;
      const top = HEIGHT + 14 + Math.floor(i / perRow) * 18;
      return `<line x1="${left}" x2="${left + 22}" y1="${top - 4}" y2="${top - 4}" stroke="${colour(i)}" stroke-width="3"/>${text(left + 28, top, name, 'start')}`;
    })
    .join('\n');
}

function text(x: number, y: number, content: string, anchor: string, size = 11): string {
  return `<text x="${one(x)}" y="${one(y)}" text-anchor="${anchor}" font-size="${size}">${escaped(content)}</text>`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length];
}

function one(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
