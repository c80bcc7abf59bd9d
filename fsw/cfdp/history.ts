/** Ended transactions, the newest last: bounded, kept over a reboot, and forgotten after a time. */
import type { Journal } from './journal';
import type { Outcome, Role } from './options';

export interface Ended {
  readonly key: string;
  readonly role: Role;
  readonly endedUs: number;
  readonly outcome: Outcome;
}

const RECORD = 'history';

export class History {
  #ended = new Map<string, Ended>();

  constructor(
    readonly journal: Journal,
    readonly maxEntries: number,
    readonly keepUs: number,
  ) {
    const saved = journal.read(RECORD);
    // A damaged history is no reason not to fly: late PDUs of what has ended are then taken for new.
    const entries = saved.ok && Array.isArray(saved.value) ? (saved.value as Ended[]) : [];
    this.#ended = new Map(entries.map((entry) => [entry.key, entry]));
  }

  find(key: string, nowUs: number): Ended | undefined {
    const entry = this.#ended.get(key);
    // After a reboot the clock may stand before the time of the entry: then it is kept.
    if (entry !== undefined && nowUs - entry.endedUs > this.keepUs) return undefined;
    return entry;
  }

  add(entry: Ended): void {
    this.#ended.delete(entry.key);
    this.#ended.set(entry.key, entry);
    for (const key of this.#ended.keys()) {
      if (this.#ended.size <= this.maxEntries) break;
      this.#ended.delete(key);
    }
    this.journal.write(RECORD, [...this.#ended.values()]);
  }
}
