import { parseLink } from '../../fsw/links/linkSpec';
import { type Context, exit } from '../cli/context';
import { missionDictionary } from '../cli/missionDictionary';
import { startGds } from './gds';

export interface GdsCommandOptions {
  readonly link: string;
  readonly gui?: number;
  readonly keep?: string;
  readonly program: string;
}

/** `perigee gds`. */
export async function gds(
  context: Context,
  mission: string,
  { link: linkText, gui, keep, program }: GdsCommandOptions,
  version: string,
): Promise<number> {
  const { out, err } = context;
  const link = parseLink(linkText);
  if (!link.ok) {
    err.write(`error: ${link.error.text}\n`);
    return exit.usage;
  }
  const dictionary = await missionDictionary(context, mission);
  if (dictionary === undefined) return exit.failed;
  const started = await startGds({ program, link: link.value, guiPort: gui, keep }, dictionary, version);
  if (!started.ok) {
    err.write(`error: ${started.error.text}\n`);
    return exit.failed;
  }
  const { dir, done, stop } = started.value;
  out.write(`F´ GDS for ${mission}, link ${linkText}, logs and files in ${dir}; Ctrl-C ends it\n`);
  if (gui !== undefined) out.write(`http://127.0.0.1:${gui}\n`);
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    stop();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const code = await done;
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  if (interrupted) return exit.interrupted;
  return code === 0 ? exit.ok : exit.failed;
}
