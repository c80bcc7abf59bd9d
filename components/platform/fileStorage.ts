/** Small files that survive a power cut. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import type { Storage } from '../../fsw/framework';
import { writeWholeFile } from '../../fsw/wholeFile';

const LEGAL_NAME = /^\w[\w.-]{0,119}$/;
const TEMPORARY = /^\..+\.tmp$/;

/**
 * A `Storage` over one folder, which is made if it is missing. A write goes to a temporary file that replaces
 * the old one only when its bytes are on the medium (fsync, rename, fsync of the folder): after a kill or a
 * power cut a file is the old one or the new one, whole. What a killed write left behind is removed here.
 * One process writes to a folder. Errors: STORAGE_FAILED; of `read` and `write` also STORAGE_NAME and
 * STORAGE_MISSING.
 */
export function fileStorage(folder: string): Result<Storage> {
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) if (TEMPORARY.test(name)) rmSync(join(folder, name));
  } catch (error) {
    return failed(folder, error);
  }
  return succeed({
    read(name) {
      if (!LEGAL_NAME.test(name)) return fail('STORAGE_NAME', { name });
      try {
        return succeed(new Uint8Array(readFileSync(join(folder, name))));
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        return missing ? fail('STORAGE_MISSING', { name }) : failed(name, error);
      }
    },
    write(name, bytes) {
      if (!LEGAL_NAME.test(name)) return fail('STORAGE_NAME', { name });
      const temporary = join(folder, `.${name}.tmp`);
      try {
        // Keys are among them.
        writeWholeFile(join(folder, name), bytes, { temporary, mode: 0o600 });
        return succeed(undefined);
      } catch (error) {
        return failed(name, error);
      }
    },
  });
}

function failed(name: string, error: unknown): Failed {
  return fail('STORAGE_FAILED', { name, why: (error as Error).message });
}
