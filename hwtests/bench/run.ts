/**
 * `npm run bench`: prints each promise beside what this machine does, and a yardstick from the same run;
 * `npm run bench -- link` one group alone, `-- eyes --frames 10000` with as many frames.
 */
import { cpus, loadavg } from 'node:os';
import { eyes } from './eyes';
import { bootTime, commandRoundTrip } from './flight';
import { asyncHop, portCall } from './kernel';
import { link } from './link';
import type { Row } from './measure';
import { native } from './native';
import { packetRate } from './packets';
import { train } from './train';

const groups: Readonly<Record<string, readonly (() => Row[] | Promise<Row[]>)[]>> = {
  kernel: [portCall, asyncHop],
  packets: [packetRate],
  flight: [commandRoundTrip, bootTime],
  link,
  native,
  eyes,
  train,
};

async function main(wanted: readonly string[]): Promise<void> {
  const stranger = wanted.find((name) => !Object.hasOwn(groups, name));
  if (stranger !== undefined) {
    console.error(`there is no group ${stranger}; known: ${Object.keys(groups).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const [cpu] = cpus();
  console.log(
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, load ${loadavg()[0].toFixed(2)}, node ${process.version}\n`,
  );
  for (const name of wanted.length > 0 ? wanted : Object.keys(groups))
    for (const group of groups[name]) for (const row of await group()) print(row);
}

function print(row: Row): void {
  const verdict = row.kept === undefined ? '' : row.kept ? ' kept' : ' NOT KEPT';
  console.log(`${row.what}`);
  console.log(`    ${row.value}   beside ${row.yardstickValue} (${row.yardstick})`);
  if (row.ratio || row.promise)
    console.log(
      `    ${[row.ratio, row.promise && `promised ${row.promise}:${verdict}`].filter(Boolean).join(', ')}`,
    );
}

const given = process.argv.slice(2);
const options = given.indexOf('--frames');
void main(given.filter((_, i) => options < 0 || (i !== options && i !== options + 1)));
