/** Files of secrets: for their owner only, and whole or not at all. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { writeWholeFile } from '../../fsw/wholeFile';

/** Errors: KEYS_FILE. */
export function readSecret(file: string): Result<Uint8Array> {
  try {
    return succeed(new Uint8Array(readFileSync(file)));
  } catch (error) {
    return fail('KEYS_FILE', { file, why: (error as Error).message });
  }
}

/** Writes a file of mode 0600 that is on the medium when this returns. Errors: KEYS_FILE. */
export function writeSecret(file: string, bytes: Uint8Array, options = { overwrite: true }): Result<void> {
  if (!options.overwrite && existsSync(file))
    return fail('KEYS_FILE', { file, why: 'it exists: nothing was written' });
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWholeFile(file, bytes, { mode: 0o600 });
    return succeed(undefined);
  } catch (error) {
    return fail('KEYS_FILE', { file, why: (error as Error).message });
  }
}
