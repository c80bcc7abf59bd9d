/** `npm run kills -- --kills 200 --seed 1`: exit code 1 if after any kill no signed good model was flown. */
import { parseArgs } from 'node:util';
import { killRun } from './killRun';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const [kills, seed] = [values.kills, values.seed].map(Number);
if (![kills, seed].every((value) => Number.isInteger(value) && value >= 0) || kills < 1) {
  console.error('--kills (1 or more) and --seed are whole numbers');
  process.exit(2);
}

async function main(): Promise<void> {
  const report = await killRun({
    kills,
    seed,
    progress(done) {
      if (done % 20 === 0) console.error(`${done} kills`);
    },
  });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.failures.length > 0 ? 1 : 0;
}
void main();
