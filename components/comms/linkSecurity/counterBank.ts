import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import {
  type Counters,
  MAX_COUNTERS,
  newCounters,
  readCounters,
  writeCounters,
} from '../../../fsw/protocols/sdls';

/** One counter file in the board's storage. What it says in memory is on the medium already. */
export class CounterBank {
  /** Undefined: the file is missing or damaged, and nobody knows how far its keys were used. */
  #counters: Counters | undefined;
  /** Why `counters` is undefined. */
  readonly fault: Fault | undefined;
  writes = 0;
  readonly #storage: Storage;
  readonly #file: string;

  constructor(storage: Storage, file: string) {
    this.#storage = storage;
    this.#file = file;
    const bytes = storage.read(file);
    const counters = bytes.ok ? readCounters(bytes.value) : bytes;
    if (counters.ok) this.#counters = counters.value;
    else this.fault = counters.error;
  }

  get counters(): Readonly<Counters> | undefined {
    return this.#counters;
  }

  /** The lowest number that this key has not used; undefined when that is unknown. */
  next(fingerprint: string): bigint | undefined {
    const counters = this.#counters;
    if (counters === undefined) return undefined;
    return counters.next.get(fingerprint) ?? (counters.incomplete ? undefined : 0n);
  }

  /**
   * Changes the counters on the medium, then in memory: after a cut both say the old or both the new. A lost
   * file is made again, marked incomplete, its slots in reserve. Errors: SDLS_COUNTERS, those of the storage.
   */
  store(change: (counters: Counters) => void, reserveSlot: number): Result<void> {
    const counters = this.#counters
      ? { ...this.#counters, next: new Map(this.#counters.next) }
      : { ...newCounters(), incomplete: true, activeTc: reserveSlot, activeTm: reserveSlot };
    change(counters);
    if (counters.next.size > MAX_COUNTERS)
      return fail('SDLS_COUNTERS', { why: `${MAX_COUNTERS} keys were used: it takes no more` });
    const written = this.#storage.write(this.#file, writeCounters(counters));
    if (!written.ok) return written;
    this.#counters = counters;
    this.writes++;
    return succeed(undefined);
  }
}
