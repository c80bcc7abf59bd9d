/** `npm run fuzz -- --frames 10000000 --seed 1`: attacks the secured receiver; exit code 1 if it ever gave in. */
import { parseArgs } from 'node:util';
import { fuzzLink } from './linkFuzz';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
  },
});
const frames = Number(values.frames);
const seed = Number(values.seed);
if (!Number.isInteger(frames) || frames < 1 || !Number.isInteger(seed)) {
  console.error('--frames and --seed are whole numbers, --frames at least 1');
  process.exit(2);
}
const started = process.hrtime.bigint();
let told = 0;
const report = fuzzLink({
  frames,
  seed,
  progress(done) {
    if (done - told < 1e6) return;
    told = done;
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const rss = process.memoryUsage().rss / 2 ** 20;
    console.error(
      `${done / 1e6} M frames, ${(done / seconds / 1000).toFixed(0)} k/s, RSS ${rss.toFixed(0)} MiB`,
    );
  },
});
console.log(JSON.stringify(report, null, 2));
const { accepted, crashes, genuine, obeyed, heapGrowth } = report;
const leaks = heapGrowth !== undefined && heapGrowth > 5e6;
process.exitCode = accepted > 0 || crashes > 0 || obeyed !== genuine || leaks ? 1 : 0;
