import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, succeed } from '../../fsw/errors';
import { keyFile } from '../../fsw/protocols/sdls';
import { makeKeys } from '../../ground-tools/keys/keys';

/**
 * Gives a spacecraft without keys a new link: the board's keys move into its storage, the ground's lie in
 * the returned folder. A spacecraft that has keys keeps them. Errors: KEYS_FILE.
 */
export function provisionKeys(outDir: string, storageDir: string): Result<{ ground: string }> {
  const folder = join(outDir, 'keys');
  if (existsSync(join(storageDir, keyFile('tc', 0)))) return succeed({ ground: join(folder, 'ground') });
  rmSync(folder, { recursive: true, force: true });
  const made = makeKeys(folder);
  if (!made.ok) return made;
  mkdirSync(storageDir, { recursive: true });
  for (const file of readdirSync(made.value.board))
    renameSync(join(made.value.board, file), join(storageDir, file));
  return succeed({ ground: made.value.ground });
}
