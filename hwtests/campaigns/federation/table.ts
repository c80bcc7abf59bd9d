/** The outcomes as lines of text. */
import type { Report } from './experiment';
import { percent } from './verdict';

export function tableOf({ outcomes, verdict, flower }: Report): string {
  const hours = new Map(verdict.hours.map(({ name, hours: to }) => [name, to]));
  const rows = outcomes.map(({ name, test, testRange, traffic, energy }) => [
    name,
    percent(test) + (testRange ? ` (${percent(testRange[0])} to ${percent(testRange[1])})` : ''),
    hoursText(hours.get(name)),
    kB(traffic.bytes.up),
    kB(traffic.bytes.down),
    kB(traffic.bytes.crosslink),
    `${traffic.passes.used} of ${traffic.passes.offered}`,
    `${((energy.training + energy.radio) / 1000).toFixed(1)} kJ`,
  ]);
  const head = [
    '',
    'test tiles',
    `to ${percent(verdict.target)}`,
    'up',
    'down',
    'across',
    'passes',
    'energy',
  ];
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const lines = all.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
  const promises = verdict.promises.map(
    ({ what, found, kept }) => `${kept ? 'kept' : 'NOT kept'}: ${what}: ${found}`,
  );
  return [...lines.map((line) => line.trimEnd()), `Main run: ${flower.text}`, ...promises].join('\n');
}

function hoursText(hours: number | null | undefined): string {
  return hours === null || hours === undefined ? 'never' : `${hours.toFixed(1)} h`;
}

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
