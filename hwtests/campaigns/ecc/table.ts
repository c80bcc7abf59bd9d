/** The campaign's page: what was hit, what came of it, what protection costs. */

import type { CellSummary } from './cell';
import type { Cost } from './grid';
import { plotSvg } from './plot';
import { promisesOf } from './promises';
import type { Protection } from './protection';
import type { StormResult } from './storm';
import type { Subject } from './subject';

export interface Page {
  readonly command: string;
  /** Machine, kernels, versions: one line each. */
  readonly machine: readonly string[];
  readonly subjects: readonly Pick<Subject, 'name' | 'about' | 'unit'>[];
  /** What could not be had, one line each. */
  readonly leftOut: readonly string[];
  readonly protections: readonly Protection[];
  readonly bitErrorRates: readonly number[];
  readonly clusters: readonly number[];
  readonly cells: readonly CellSummary[];
  readonly costs: readonly Cost[];
  readonly storm?: StormResult;
}

/** Markdown; plots are beside it by the names of `plotName`. */
export function markdownOf(page: Page): string {
  return `${[
    '# Reliability',
    `Written by \`${page.command}\`; don't edit. Where the numbers of the radiation environment come from is in \`hwtests/simulators/radiation/README.md\`, how this is run in \`hwtests/campaigns/README.md\`.`,
    list([...page.machine, ...page.subjects.map(({ name, about }) => `${name}: ${about}`), ...page.leftOut]),
    '## What is compared',
    list(page.protections.map(({ name, about }) => `**${name}**: ${about}`)),
    [
      'Every memory that a protection uses is hit at the same rate as the weights: check bits, CRC tables, parity, golden copies. **Bit error rate** is the share of bits that are wrong when the repair begins; at the published rate and ten thousand times of it a scrub each minute meets 5e-10 and 5e-6. A **cluster** of n upsets n neighbouring bits.',
      'Each cell: **mean / worst** damage over the seeds, of the weights as the repair left them (whether or not they would have been refused); **silent %** of the seeds whose weights differ from the truth while nothing said so; **detected %** of the seeds in which the protection said that the weights are not whole (they would not be loaded). Weights that are the truth bit for bit are not run: their damage is 0. A cut by `clip` counts as detected (the weight was wrong, and what it was is not known), a vote of `exponent` never does (the rest of the weight may be wrong too).',
    ].join('\n\n'),
    '## In short',
    list(promisesOf(page.cells).map(({ text, kept }) => `${kept ? 'kept' : '**NOT KEPT**'}: ${text}`)),
    shortTable(page),
    '## What it costs',
    costTable(page),
    ...(page.storm ? ['## Fault storm', stormText(page.storm)] : []),
    ...page.subjects.flatMap((subject) => [`## ${subject.name}`, subjectText(page, subject)]),
  ].join('\n\n')}\n`;
}

export function plotName(subject: string): string {
  return `reliability-${subject.replace(/\W+/g, '-').toLowerCase()}.svg`;
}

export function plotOf(page: Page, { name, unit }: Page['subjects'][number]): string {
  const panels = [page.clusters[0], page.clusters[page.clusters.length - 1]].map((cluster) => ({
    title: cluster === 1 ? 'single upsets' : `clusters of ${cluster}`,
    series: page.protections.map((protection) => ({
      name: protection.name,
      values: page.bitErrorRates.map(
        (rate) => cellOf(page, name, protection.name, rate, cluster)?.damageMean ?? 0,
      ),
    })),
  }));
  return plotSvg(
    `${name}: mean damage by bit error rate`,
    `mean damage, ${unit}`,
    page.bitErrorRates,
    panels,
  );
}

function cellOf(page: Page, subject: string, protection: string, rate: number, cluster: number) {
  return page.cells.find(
    (cell) =>
      cell.subject === subject &&
      cell.protection === protection &&
      cell.bitErrorRate === rate &&
      cell.cluster === cluster,
  );
}

/** The worst over all clusters at 1e-4 (or the rate next to it), with everything on and with nothing. */
function shortTable(page: Page): string {
  const rate = page.bitErrorRates.reduce((best, one) =>
    Math.abs(Math.log10(one) + 4) < Math.abs(Math.log10(best) + 4) ? one : best,
  );
  const rows = page.subjects.flatMap(({ name, unit }) =>
    page.protections.map((protection) => {
      const cells = page.clusters.flatMap(
        (cluster) => cellOf(page, name, protection.name, rate, cluster) ?? [],
      );
      const worst = Math.max(...cells.map(({ damageWorst }) => damageWorst));
      const silent = Math.max(...cells.map(({ silentPercent }) => silentPercent));
      return [name, protection.name, `${shown(worst)} ${unit}`, shown(silent)];
    }),
  );
  return `At a bit error rate of ${rate.toExponential(0)}, the worst of all seeds and clusters:\n\n${table(
    ['model', 'protection', 'worst damage', 'silent %, at most'],
    rows,
  )}`;
}

function costTable({ costs, cells, bitErrorRates }: Page): string {
  const rates = [bitErrorRates[0], bitErrorRates[bitErrorRates.length - 1]].filter(
    (rate, i, all) => all.indexOf(rate) === i,
  );
  const middle = bitErrorRates[bitErrorRates.length >> 1];
  const repairAt = [...new Set([middle, ...rates.slice(1)])];
  const rows = costs.map((cost) => [
    cost.subject,
    cost.protection,
    shown(cost.memoryPercent),
    shown(cost.storagePercent),
    cost.protection === 'none' ? '–' : cost.scrubGBps.toFixed(2),
    ...repairAt.map((rate) => {
      const cell = cells.find(
        (one) =>
          one.subject === cost.subject &&
          one.protection === cost.protection &&
          one.bitErrorRate === rate &&
          one.cluster === 1,
      );
      return cell === undefined || cost.protection === 'none' ? '–' : cell.repairMs.toFixed(1);
    }),
  ]);
  return `Check of weights that nothing hit, and repair of all of them when single bits are wrong at a rate; one thread, wall time, on a machine that was doing other things too: compare rows, not machines. A campaign may have been run in several sittings: the check is of the last one, a repair time is the median of its cell's, each from the sitting in which its seed was run. Weights of this size lie in the processor's cache; from memory the rates are lower (the bench of the native kernels has them).\n\n${table(
    [
      'model',
      'protection',
      'memory %',
      'storage %',
      'check GB/s',
      ...repairAt.map((rate) => `repair ms at ${rate.toExponential(0)}`),
    ],
    rows,
  )}`;
}

function stormText(storm: StormResult): string {
  return `\`${storm.command}\`: ${storm.faults} faults (single upsets and clusters up to 256 neighbouring bits, ${storm.bits} bits) on ${storm.where} in ${storm.rounds} rounds, a scrub after each.\n\n${table(
    ['', ''],
    [
      ['bits put right by SECDED', String(storm.corrected.secded)],
      ['pages rebuilt from parity', String(storm.corrected.parity)],
      ['pages from a golden copy', String(storm.corrected.golden)],
      ['pages detected as lost (the ground would be asked)', String(storm.detected)],
      ['**silent corruptions**', `**${storm.silent}**`],
      ['**wrong repairs**', `**${storm.wrongRepairs}**`],
      ['whole pages whose check rows or CRCs stayed wrong', String(storm.weakened)],
    ],
  )}`;
}

function subjectText(page: Page, subject: Page['subjects'][number]): string {
  const rows = page.protections.flatMap(({ name }) =>
    page.clusters.map((cluster) => [
      cluster === page.clusters[0] ? `**${name}**` : name,
      String(cluster),
      ...page.bitErrorRates.map((rate) => cellText(cellOf(page, subject.name, name, rate, cluster))),
    ]),
  );
  const seeds = page.cells.filter((cell) => cell.subject === subject.name).map((cell) => cell.seeds);
  const [fewest, most] = [Math.min(...seeds), Math.max(...seeds)];
  return `![${subject.name}](${plotName(subject.name)})\n\nMean / worst damage in ${subject.unit} · silent % · detected %; ${fewest === most ? fewest : `${fewest} to ${most}`} seeds a cell.\n\n${table(
    ['protection', 'cluster', ...page.bitErrorRates.map((rate) => rate.toExponential(0))],
    rows,
  )}`;
}

function cellText(cell: CellSummary | undefined): string {
  if (cell === undefined) return '–';
  const { damageMean, damageWorst, silentPercent, detectedPercent } = cell;
  return `${shown(damageMean)} / ${shown(damageWorst)} · ${shown(silentPercent)} · ${shown(detectedPercent)}`;
}

function shown(value: number): string {
  // Sums of tiles are exact but for the last bits.
  if (Math.abs(value) < 1e-9) return '0';
  return Math.abs(value) < 0.01 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
