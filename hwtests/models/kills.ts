/**
 * `npm run kills -- --kills 200 --seed 1`: exit code 1 if after any kill no signed good model was flown.
 * With `--learning`: simulated kills while it learns, under radiation of `--factor` times the published rate.
 */
import { parseArgs } from 'node:util';
import { killRun } from './killRun';
import { learningKills } from './learningKills';

const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    learning: { type: 'boolean', default: false },
    factor: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
});
const { learning } = values;
const given = [values.kills ?? (learning ? '100' : '200'), values.seed, values.factor];
const [kills, seed, factor] = given.map(Number);
if (![kills, seed, factor].every((value) => Number.isInteger(value) && value >= 0) || kills < 1) {
  console.error('--kills (1 or more), --seed and --factor are whole numbers');
  process.exit(2);
}

async function main(): Promise<void> {
  const progress = (done: number) => {
    if (done % 20 === 0) console.error(`${done} kills`);
  };
  const report = learning
    ? await learningKills({ kills, seed, factor, progress })
    : await killRun({ kills, seed, progress });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.failures.length > 0 ? 1 : 0;
}
void main();
