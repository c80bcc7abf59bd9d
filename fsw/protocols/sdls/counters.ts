/**
 * The counter file: how far each key has been used, by fingerprint, and which slots are active. Flight and
 * ground keep one each. A key that an intact, complete file does not name has never been used.
 *
 * Big-endian: magic "PGSC" | version 1 | flags 1 (bit 0: incomplete) | active TC slot 1 | active TM slot 1 |
 * old TC slot 1 (255: none) | reserved 1 | window 4 (0: as configured) | entries 2 |
 * entries × (fingerprint 8 | next number 12) | SHA-256 of all before, first 8 bytes.
 */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../errors';
import { readU16, readU32, writeU16, writeU32 } from '../bytes';
import { readIv, writeIv } from './gcm';

const MAGIC = 0x50475343;
const VERSION = 1;
const HEADER = 16;
const ENTRY = 20;
const CHECK = 8;
const NO_SLOT = 0xff;
/** Keys whose use is remembered; a file that is full takes no new key. */
export const MAX_COUNTERS = 256;

export interface Counters {
  /** The file was made again after a loss: a key that it does not name may have been used. */
  incomplete: boolean;
  activeTc: number;
  activeTm: number;
  /** Still open until the first frame under the active one; undefined when there is none. */
  oldTc: number | undefined;
  /** Anti-replay window set by command; 0 when none was. */
  window: number;
  /** By fingerprint, the lowest number that the key has not used up. */
  readonly next: Map<string, bigint>;
}

/** What names a key without telling it: 8 bytes of a hash, hexadecimal. */
export function fingerprintOf(key: Uint8Array): string {
  return createHash('sha256').update('perigee link key').update(key).digest('hex').slice(0, 16);
}

/** The file of new keys: slot 0 is active, nothing has been used. */
export function newCounters(): Counters {
  return { incomplete: false, activeTc: 0, activeTm: 0, oldTc: undefined, window: 0, next: new Map() };
}

export function writeCounters(counters: Counters): Uint8Array {
  const { incomplete, activeTc, activeTm, oldTc, window, next } = counters;
  const end = HEADER + next.size * ENTRY;
  const bytes = new Uint8Array(end + CHECK);
  writeU32(bytes, 0, MAGIC);
  bytes.set([VERSION, Number(incomplete), activeTc, activeTm, oldTc ?? NO_SLOT, 0], 4);
  writeU32(bytes, 10, window);
  writeU16(bytes, 14, next.size);
  let at = HEADER;
  for (const [fingerprint, iv] of next) {
    bytes.set(Buffer.from(fingerprint, 'hex'), at);
    at = writeIv(bytes, at + 8, iv);
  }
  bytes.set(checkOf(bytes.subarray(0, end)), end);
  return bytes;
}

/** Errors: SDLS_COUNTERS for whatever is not a whole, unchanged counter file. */
export function readCounters(bytes: Uint8Array): Result<Counters> {
  const refuse = (why: string) => fail('SDLS_COUNTERS', { why });
  if (bytes.length < HEADER + CHECK) return refuse(`${bytes.length} bytes`);
  if (readU32(bytes, 0) !== MAGIC || bytes[4] !== VERSION) return refuse('not of this kind or version');
  const count = readU16(bytes, 14);
  const end = HEADER + count * ENTRY;
  if (bytes.length !== end + CHECK) return refuse(`${bytes.length} bytes for ${count} keys`);
  if (!checkOf(bytes.subarray(0, end)).equals(bytes.subarray(end))) return refuse('its checksum is wrong');
  const next = new Map<string, bigint>();
  for (let at = HEADER; at < end; at += ENTRY)
    next.set(Buffer.from(bytes.subarray(at, at + 8)).toString('hex'), readIv(bytes, at + 8));
  return succeed({
    incomplete: bytes[5] !== 0,
    activeTc: bytes[6],
    activeTm: bytes[7],
    oldTc: bytes[8] === NO_SLOT ? undefined : bytes[8],
    window: readU32(bytes, 10),
    next,
  });
}

function checkOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECK);
}
