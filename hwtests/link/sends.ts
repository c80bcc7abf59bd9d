/** `npm run sends -- --commands 1000 --loss 0.1 --seed 1`: exit code 1 if a report was untrue or a command was done twice. */
import { parseArgs } from 'node:util';
import { sendThousand } from './thousandSends';

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '1000' },
    loss: { type: 'string', default: '0.1' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '20' },
    reboots: { type: 'string', default: '1' },
  },
});
const [commands, loss, seed, processes, reboots] = [
  values.commands,
  values.loss,
  values.seed,
  values.processes,
  values.reboots,
].map(Number);
const whole = [commands, seed, processes, reboots].every((value) => Number.isInteger(value) && value >= 0);
if (!whole || commands < 1 || commands > 100_000 || processes > commands || !(loss >= 0 && loss < 1)) {
  console.error(
    '--commands (1 to 100000), --seed, --processes (of the commands) and --reboots are whole numbers, --loss 0 to below 1',
  );
  process.exit(2);
}

async function main(): Promise<void> {
  const report = await sendThousand({
    commands,
    loss,
    seed,
    processes,
    reboots,
    progress(ended) {
      if (ended % 100 === 0) console.error(`${ended} commands ended`);
    },
  });
  console.log(JSON.stringify(report, null, 2));
  // The wall clock of a spacecraft that was stopped still ticks.
  process.exit(report.untrue.length > 0 || report.executedTwice > 0 ? 1 : 0);
}
void main();
