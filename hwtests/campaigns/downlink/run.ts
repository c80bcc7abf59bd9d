/**
 * `perigee campaign downlink`: the reference flight at several downlink capacities, by value density, first in first out,
 * and with everything sent. Started by the `perigee` command as a process of its own.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { COMPARISON_FILE, comparisonPage } from '../../report/comparison';
import { type Flown, flyPolicy } from './fly';
import { type PolicyName, policies } from './policies';
import { COMPARISON_FORMAT, type Comparison, promiseOf, tableOf } from './table';

interface Options {
  readonly orbits: number;
  readonly seed: number;
  readonly bps: readonly number[];
  readonly out: string;
}

async function main(argv: readonly string[]): Promise<void> {
  const { orbits, seed, bps, out } = new Command('perigee campaign downlink')
    .option('--orbits <n>', 'how long each flight is', positive, 3)
    .option('--seed <n>', 'seed of all flights', whole, 7)
    .option('--bps <list>', 'downlink rates, bit/s, comma separated', rates, [25, 50, 100, 400])
    .option('--out <dir>', 'folder for downlink-comparison.json and its page', 'out')
    .parse([...argv], { from: 'user' })
    .opts<Options>();
  const folder = mkdtempSync(join(tmpdir(), 'perigee-downlink-'));
  const flights: Flown[] = [];
  try {
    for (const downlinkBps of bps)
      for (const policy of Object.keys(policies) as PolicyName[]) {
        const flown = await flyPolicy({ policy, downlinkBps, orbits, seed, outDir: folder });
        if (!flown.ok) {
          console.error(`error: ${flown.error.code}: ${flown.error.text}`);
          process.exitCode = 1;
          return;
        }
        flights.push(flown.value);
        console.error(
          `flown ${flights.length} of ${bps.length * Object.keys(policies).length}: ${policies[policy].title} at ${downlinkBps} bit/s`,
        );
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const comparison: Comparison = {
    format: COMPARISON_FORMAT,
    mission: 'earth-watch',
    orbits,
    seed,
    flights,
  };
  mkdirSync(out, { recursive: true });
  writeWholeFile(join(out, COMPARISON_FILE), `${JSON.stringify(comparison, null, 2)}\n`);
  writeWholeFile(join(out, 'downlink-comparison.html'), comparisonPage(comparison));
  console.log(tableOf(comparison));
  const promise = promiseOf(comparison);
  console.log(promise.text);
  if (!promise.kept) process.exitCode = 1;
}

function rates(text: string): number[] {
  return text.split(',').map(positive);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('it must be above 0.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('it must be a whole number.');
  return value;
}

void main(process.argv.slice(2));
