import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { type Direction, KEY_LENGTH, KEY_SLOTS, keyFile, spiOf } from '../../fsw/protocols/sdls';

/** A key slot of one direction. */
export interface LinkKey {
  readonly spi: number;
  /** Absolute path of the key's 32 raw bytes. */
  readonly file: string;
}

export type LinkKeys = Readonly<Record<Direction, readonly LinkKey[]>>;

/**
 * The key files that a folder holds (`tc-0.key` …), by direction and in the order of their slots. Checked here
 * because Yamcs does not: a key of another length it accepts at start, and then sends nothing. Errors: KEYS_FILE,
 * SDLS_KEY_LENGTH, SDLS_SHARED_KEY (two associations under one key would meet a nonce twice).
 */
export function readLinkKeys(folder: string): Result<LinkKeys> {
  const keys: Record<Direction, LinkKey[]> = { tc: [], tm: [] };
  const owners = new Map<string, string>();
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return fail('KEYS_FILE', { file: folder, why: (error as Error).message });
  }
  for (const direction of ['tc', 'tm'] as const) {
    for (let slot = 0; slot < KEY_SLOTS; slot++) {
      const name = keyFile(direction, slot);
      if (!names.includes(name)) continue;
      const file = resolve(join(folder, name));
      let key: Buffer;
      try {
        key = readFileSync(file);
      } catch (error) {
        return fail('KEYS_FILE', { file, why: (error as Error).message });
      }
      if (key.length !== KEY_LENGTH)
        return fail('KEYS_FILE', { file, why: `${key.length} bytes, ${KEY_LENGTH} needed (raw, not hex)` });
      const other = owners.get(key.toString('hex'));
      if (other !== undefined) return fail('SDLS_SHARED_KEY', { direction, slot, other });
      owners.set(key.toString('hex'), name);
      keys[direction].push({ spi: spiOf(direction, slot), file });
    }
    if (keys[direction].length === 0)
      return fail('KEYS_FILE', { file: join(folder, keyFile(direction, 0)), why: 'there is no such key' });
  }
  return succeed(keys);
}
