/** Writes a Yamcs instance for one mission into a folder. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { ExportedDictionary } from '../dictionary/exported';
import { fprimeDictionary, fprimeJson } from '../dictionary/fprime';
import { xtce } from '../dictionary/xtce';
import { eventDatabase } from './events';
import { cfdpSql, instanceConfig, processorConfig, serverConfig, type YamcsOptions } from './instance';
import { readme } from './readme';

/** The server's own file: where it is, a folder is ours to write again. */
const SERVER_FILE = 'etc/yamcs.yaml';

/**
 * Writes `etc/`, `mdb/` and a page on how to start it into `options.dir`; what Yamcs has stored in `data/` stays.
 * Returns the files written. Errors: YAMCS_DIR (something else is in the folder, or it cannot be written), and
 * those of `fprimeDictionary`.
 */
export function initYamcs(
  options: YamcsOptions,
  mission: string,
  dictionary: ExportedDictionary,
  version: string,
): Result<readonly string[]> {
  const { dir } = options;
  const fprime = fprimeDictionary(dictionary, version);
  if (!fprime.ok) return fprime;
  const root = fprime.value.metadata.deploymentName;
  const files: Readonly<Record<string, string>> = {
    [SERVER_FILE]: stringify(serverConfig(options, randomBytes(32).toString('hex'))),
    [`etc/yamcs.${options.instance}.yaml`]: stringify(instanceConfig(options)),
    'etc/processor.yaml': stringify(processorConfig),
    'etc/cfdp.sql': cfdpSql,
    'mdb/mission.xml': xtce(fprime.value),
    'mdb/events.xml': eventDatabase(dictionary, root),
    'dictionary.json': fprimeJson(fprime.value),
    'README.md': readme(options, mission),
  };
  try {
    if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, SERVER_FILE)))
      return fail('YAMCS_DIR', { dir, why: 'it holds something else: nothing was written' });
    for (const [name, text] of Object.entries(files)) {
      const file = join(dir, name);
      mkdirSync(dirname(file), { recursive: true });
      // The server's file holds the secret that its tokens are signed with.
      writeFileSync(file, text, { mode: name === SERVER_FILE ? 0o600 : 0o644 });
    }
  } catch (error) {
    return fail('YAMCS_DIR', { dir, why: (error as Error).message });
  }
  return succeed(Object.keys(files));
}
