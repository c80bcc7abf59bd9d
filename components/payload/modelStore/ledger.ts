/**
 * Which version of each model is flown: written whole or not at all, twice, each copy with its own SHA-256. The one
 * with the higher sequence counts, so that a cut between the two writes leaves the new state.
 */
import { createHash } from 'node:crypto';
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';
import { decodeCbor, encodeCbor } from '../../../fsw/models';
import { fileName, list, Malformed, member, optional, whole } from '../../../fsw/models/fields';

export interface LedgerEntry {
  readonly model: string;
  /** Serials. The one that is flown; the one before it; the one that has yet to prove itself. */
  readonly current?: number;
  readonly previous?: number;
  readonly candidate?: number;
  /** Ever installed: an older one is refused. */
  readonly highest: number;
  /** Boots since the current one was promoted, while it is watched. */
  readonly unproven?: number;
}

export interface Ledger {
  readonly sequence: number;
  readonly entries: readonly LedgerEntry[];
}

export const emptyLedger: Ledger = { sequence: 0, entries: [] };
const NAMES = ['ledger-a', 'ledger-b'];
const MAX_BYTES = 1 << 16;
const HASH_BYTES = 32;
const MAX_SERIAL = 2 ** 32 - 1;

export interface ReadLedger {
  /** Undefined: neither copy can be read. */
  readonly ledger: Ledger | undefined;
  /** What is wrong with copies that are there. */
  readonly faults: readonly Fault[];
  /** Both copies are whole and the same. */
  readonly agree: boolean;
}

export function readLedger(files: FileStore, folder: string): ReadLedger {
  const copies = NAMES.map((name) => readCopy(files, `${folder}/${name}`));
  const whole = copies.flatMap((copy) => (copy.ok ? [copy.value] : []));
  const [newest] = [...whole].sort((a, b) => b.sequence - a.sequence);
  const faults = copies.flatMap((copy) =>
    copy.ok || copy.error.code === 'FILE_MISSING' ? [] : [copy.error],
  );
  const agree = whole.length === NAMES.length && whole[0].sequence === whole[1].sequence;
  return { ledger: newest, faults, agree };
}

/**
 * Writes both copies. When the first can't be written nothing has changed, which is the error; when only the second
 * can't, the new state stands on one leg until it is written again.
 */
export function writeLedger(files: FileStore, folder: string, ledger: Ledger): Result<void> {
  const content = encodeCbor(ledger);
  const bytes = Buffer.concat([content, createHash('sha256').update(content).digest()]);
  const first = writeWhole(files, `${folder}/${NAMES[0]}`, bytes);
  if (!first.ok) return first;
  writeWhole(files, `${folder}/${NAMES[1]}`, bytes);
  return first;
}

/** The ledger with one model's entry put in. */
export function withEntry({ sequence, entries }: Ledger, entry: LedgerEntry): Ledger {
  const others = entries.filter(({ model }) => model !== entry.model);
  const all = [...others, entry].sort((a, b) => (a.model < b.model ? -1 : 1));
  return { sequence: sequence + 1, entries: all };
}

export function entryOf({ entries }: Ledger, model: string): LedgerEntry | undefined {
  return entries.find((entry) => entry.model === model);
}

function readCopy(files: FileStore, file: string): Result<Ledger> {
  const read = readWhole(files, file, MAX_BYTES);
  if (!read.ok) return read;
  const content = read.value.subarray(0, -HASH_BYTES);
  const hash = createHash('sha256').update(content).digest();
  if (Buffer.compare(hash, read.value.subarray(content.length)) !== 0)
    return fail('MODEL_LEDGER', { file, why: 'its hash is not that of its content' });
  try {
    return succeed(ledgerOf(decodeCbor(content)));
  } catch (error) {
    const why = error instanceof Malformed ? error.message : 'not CBOR';
    return fail('MODEL_LEDGER', { file, why });
  }
}

function ledgerOf(value: unknown): Ledger {
  const boots = (entry: unknown, at: string) => {
    const given = optional(entry, 'unproven');
    return given === undefined ? {} : { unproven: whole(given, `${at}.unproven`, { max: 255 }) };
  };
  const serial = (entry: unknown, key: 'current' | 'previous' | 'candidate', at: string) => {
    const given = optional(entry, key);
    return given === undefined ? {} : { [key]: whole(given, `${at}.${key}`, { min: 1, max: MAX_SERIAL }) };
  };
  return {
    sequence: whole(member(value, 'sequence', 'ledger'), 'sequence', { max: Number.MAX_SAFE_INTEGER }),
    entries: list(member(value, 'entries', 'ledger'), 'entries').map((entry, i) => {
      const at = `entries[${i}]`;
      return {
        model: fileName(member(entry, 'model', at), `${at}.model`, 40),
        ...serial(entry, 'current', at),
        ...serial(entry, 'previous', at),
        ...serial(entry, 'candidate', at),
        highest: whole(member(entry, 'highest', at), `${at}.highest`, { max: MAX_SERIAL }),
        ...boots(entry, at),
      };
    }),
  };
}
