/** `npm run bench`: prints each promise beside what this machine does, and a yardstick from the same run. */
import { cpus, loadavg } from 'node:os';
import { bootTime, commandRoundTrip } from './flight';
import { asyncHop, portCall } from './kernel';
import type { Row } from './measure';
import { packetRate } from './packets';

async function main(): Promise<void> {
  const [cpu] = cpus();
  console.log(
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, load ${loadavg()[0].toFixed(2)}, node ${process.version}\n`,
  );
  const groups: (() => Row[] | Promise<Row[]>)[] = [
    portCall,
    asyncHop,
    packetRate,
    commandRoundTrip,
    bootTime,
  ];
  for (const group of groups) for (const row of await group()) print(row);
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

void main();
