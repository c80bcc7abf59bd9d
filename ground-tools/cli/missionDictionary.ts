import type { ExportedDictionary } from '../dictionary/exported';
import type { Context } from './context';
import { launch } from './launcher';

/** Asks the launcher for a mission's dictionary; undefined once it has said why there is none. */
export async function missionDictionary(
  { launcher, err }: Context,
  mission: string,
): Promise<ExportedDictionary | undefined> {
  let body: string | undefined;
  const started = launch(launcher, 'dictionary', mission, {}, (message) => {
    if (message.type === 'failed') for (const { text } of message.faults) err.write(`error: ${text}\n`);
    if (message.type === 'text') body = message.text;
  });
  if ((await started.done) !== 0 || body === undefined) return undefined;
  return JSON.parse(body) as ExportedDictionary;
}
