/** Makes and shows the keys of a link. */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  COUNTER_FILE,
  type Direction,
  fingerprintOf,
  KEY_LENGTH,
  KEY_SLOTS,
  keyFile,
  newCounters,
  RESERVE_FILE,
  RESERVE_SLOT,
  readCounters,
  spiOf,
  writeCounters,
} from '../../fsw/protocols/sdls';
import { readSecret, writeSecret } from './files';

/** How far the ground has used its TC keys. Losing it means repeating a nonce: then make new keys, or raise it. */
export const GROUND_COUNTER_FILE = 'ground-counters.bin';
/** How far the spacecraft was heard. Without it the first frame of a key is believed. */
export const HEARD_FILE = 'ground-heard.bin';

/**
 * Makes the keys of a new link, one for each direction and slot, in `folder/ground` and `folder/board`, each
 * with its own counter file: the board's files are *moved* into the spacecraft's storage. Nothing is
 * overwritten. Returns the two folders. Errors: KEYS_FILE.
 */
export function makeKeys(folder: string): Result<{ ground: string; board: string }> {
  const ground = join(folder, 'ground');
  const board = join(folder, 'board');
  for (const made of [ground, board])
    if (existsSync(made)) return fail('KEYS_FILE', { file: made, why: 'it exists: nothing was written' });
  const fresh = writeCounters(newCounters());
  const files: [string, Uint8Array][] = [
    [join(ground, GROUND_COUNTER_FILE), fresh],
    [join(board, COUNTER_FILE), fresh],
    [join(board, RESERVE_FILE), fresh],
  ];
  for (const direction of ['tc', 'tm'] as const)
    for (let slot = 0; slot < KEY_SLOTS; slot++) {
      const key = randomBytes(KEY_LENGTH);
      for (const place of [ground, board]) files.push([join(place, keyFile(direction, slot)), key]);
    }
  for (const [file, bytes] of files) {
    const written = writeSecret(file, bytes, { overwrite: false });
    if (!written.ok) return written;
  }
  return succeed({ ground, board });
}

export interface ShownKey {
  readonly direction: Direction;
  readonly slot: number;
  readonly spi: number;
  /** Names the key without telling it; KEY_INVENTORY of the spacecraft shows the same. */
  readonly fingerprint: string;
  /** TC on the ground: the next number to send; undefined when unknown or not ours to count. */
  readonly next: bigint | undefined;
  readonly reserve: boolean;
  /** What is wrong with it. */
  readonly warning: string | undefined;
}

/** The keys that a folder holds; never their bytes. Errors: KEYS_FILE when it holds none. */
export function showKeys(folder: string): Result<ShownKey[]> {
  const counterBytes = readSecret(join(folder, GROUND_COUNTER_FILE));
  const counters = counterBytes.ok ? readCounters(counterBytes.value) : counterBytes;
  const shown: ShownKey[] = [];
  for (const direction of ['tc', 'tm'] as const)
    for (let slot = 0; slot < KEY_SLOTS; slot++) {
      const file = join(folder, keyFile(direction, slot));
      const key = readSecret(file);
      if (!key.ok) continue;
      const fingerprint = fingerprintOf(key.value);
      const known = counters.ok ? (counters.value.next.get(fingerprint) ?? 0n) : undefined;
      const readable = (statSync(file).mode & 0o077) !== 0;
      const twice = shown.some((other) => other.fingerprint === fingerprint);
      shown.push({
        direction,
        slot,
        spi: spiOf(direction, slot),
        fingerprint,
        next: direction === 'tc' ? known : undefined,
        reserve: slot === RESERVE_SLOT,
        warning:
          key.value.length !== KEY_LENGTH
            ? `${key.value.length} bytes, ${KEY_LENGTH} needed`
            : twice
              ? 'the same key is in another slot'
              : readable
                ? 'others can read it: chmod 600'
                : undefined,
      });
    }
  return shown.length > 0
    ? succeed(shown)
    : fail('KEYS_FILE', { file: folder, why: 'there is no key in it' });
}

/**
 * Sets the next TC number of a slot, never lower than known. The way back after a loss of the ground's counter
 * file: the spacecraft's KEY_INVENTORY, or your records, say how far it was. Errors: KEYS_FILE, SDLS_*.
 */
export function raiseGroundCounter(folder: string, slot: number, next: bigint): Result<void> {
  const key = readSecret(join(folder, keyFile('tc', slot)));
  if (!key.ok) return key;
  const file = join(folder, GROUND_COUNTER_FILE);
  const read = existsSync(file)
    ? readSecret(file)
    : succeed(writeCounters({ ...newCounters(), incomplete: true }));
  const counters = read.ok ? readCounters(read.value) : read;
  // A damaged file is made again: what it knew of other keys is lost, and they stay shut until raised too.
  const known = counters.ok ? counters.value : { ...newCounters(), incomplete: true };
  const fingerprint = fingerprintOf(key.value);
  const now = known.next.get(fingerprint) ?? 0n;
  if (next < now) return fail('SDLS_REPLAY', { spi: spiOf('tc', slot), iv: next, next: now, end: '…' });
  known.next.set(fingerprint, next);
  return writeSecret(file, writeCounters(known));
}
