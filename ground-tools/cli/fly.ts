import type { ErrorCode } from '../../fsw/errors';
import type { LaunchOptions } from '../../fsw/launch';
import { type Context, exit } from './context';
import { launch } from './launcher';
import { ProgressLine } from './progress';
import { paint } from './screen';
import { type FlightReport, summaryOf } from './summary';

/** Faults of the command line, not of the flight. */
const misuse: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BOARD_UNKNOWN',
  'MISSION_UNKNOWN',
  'CONFIG_FILE',
  'CONFIG_UNKNOWN_INSTANCE',
  'CONFIG_UNKNOWN_KEY',
  'LINK_FORM',
  'CODING_BOARD',
  'CODING_FORM',
  'CODING_FRAME_LENGTH',
  'START_TIME',
  'START_BOARD',
  'SENSOR_EFFECTS',
  'RADIATION_FACTOR',
  'RADIATION_TARGETS',
  'RADIATION_BOARD',
]);

/** Flies a mission: progress while it flies, its summary at the end. Returns the exit code. */
export async function fly(
  { launcher, out, err, pullScenes }: Context,
  mission: string,
  options: LaunchOptions,
): Promise<number> {
  if (options.board !== 'flight') await pullScenes?.();
  out.write(`${paint(out, 'bold', 'Perigee')} flies ${mission} on board ${options.board}\n`);
  const progress = new ProgressLine(out);
  let interrupted = false;
  let told = false;
  let failure: number = exit.failed;
  const flight = launch(launcher, 'fly', mission, options, (message) => {
    if (message.type === 'progress') {
      progress.show(message);
      return;
    }
    progress.end();
    if (message.type === 'text') {
      out.write(`${message.text}\n`);
      return;
    }
    told = true;
    if (message.type === 'summary' && message.report)
      out.write(summaryOf(message.report as FlightReport, message.file, out, message.page));
    if (message.type !== 'failed') return;
    for (const { code, text } of message.faults)
      err.write(`${paint(err, 'red', 'failed')}  ${text}  [${code}]\n`);
    if (message.faults.every(({ code }) => misuse.has(code))) failure = exit.usage;
  });
  const interrupt = () => {
    progress.end();
    if (!interrupted)
      out.write('stopping: the report comes in a moment; press Ctrl-C again to end at once\n');
    interrupted = true;
    flight.stop();
  };
  process.on('SIGINT', interrupt);
  const code = await flight.done;
  process.off('SIGINT', interrupt);
  progress.end();
  if (interrupted) return exit.interrupted;
  if (!told)
    err.write(`${paint(err, 'red', 'failed')}  the flight ended without a report (exit code ${code})\n`);
  return code === 0 && told ? exit.ok : failure;
}
