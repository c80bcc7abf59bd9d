/**
 * `npm run fuzz -- --frames 10000000 --pdus 10000000 --seed 1`: attacks the secured receiver, then the receiver
 * of files (CFDP); 0 leaves one out. Exit code 1 if either ever gave in.
 */
import { parseArgs } from 'node:util';
import { fuzzLink } from './linkFuzz';
import { fuzzPdus } from './pduFuzz';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000000' },
    pdus: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
  },
});
const frames = Number(values.frames);
const pdus = Number(values.pdus);
const seed = Number(values.seed);
if (![frames, pdus, seed].every(Number.isInteger) || frames < 0 || pdus < 0 || frames + pdus === 0) {
  console.error('--frames, --pdus and --seed are whole numbers, --frames or --pdus at least 1');
  process.exit(2);
}

function progressOf(what: string): (done: number) => void {
  const started = process.hrtime.bigint();
  let told = 0;
  return (done) => {
    if (done - told < 1e6) return;
    told = done;
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const rss = process.memoryUsage().rss / 2 ** 20;
    const rate = (done / seconds / 1000).toFixed(0);
    console.error(`${done / 1e6} M ${what}, ${rate} k/s, RSS ${rss.toFixed(0)} MiB`);
  };
}
const leaks = (growth: number | undefined) => growth !== undefined && growth > 5e6;

let gaveIn = false;
if (frames > 0) {
  const report = fuzzLink({ frames, seed, progress: progressOf('frames') });
  console.log(JSON.stringify(report, null, 2));
  const { accepted, crashes, genuine, obeyed, heapGrowth } = report;
  gaveIn = accepted > 0 || crashes > 0 || obeyed !== genuine || leaks(heapGrowth);
}
if (pdus > 0) {
  const report = fuzzPdus({ pdus, seed, progress: progressOf('PDUs') });
  console.log(JSON.stringify(report, null, 2));
  const { misread, crashes, escapes, badAnswers, overfull, memoryGrowth } = report;
  gaveIn ||= misread + crashes + escapes + badAnswers + overfull > 0 || leaks(memoryGrowth);
}
process.exitCode = gaveIn ? 1 : 0;
