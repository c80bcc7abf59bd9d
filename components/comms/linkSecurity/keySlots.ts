import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import {
  type Association,
  association,
  type Direction,
  fingerprintOf,
  type HeaderMask,
  KEY_SLOTS,
  keyFile,
  type SecurityService,
  spiOf,
} from '../../../fsw/protocols/sdls';

/** A key on board, ready for use. */
export interface KeySlot {
  readonly slot: number;
  readonly fingerprint: string;
  readonly association: Association;
}

/** All keys of the link, by direction and slot, as the storage has them. */
export class KeySlots {
  /** What is wrong with keys that are there. */
  readonly faults: Fault[] = [];
  /** Whether anyone has ever put a key here: no file at all, not even an unreadable one. */
  provisioned = false;
  readonly #keys: Readonly<Record<Direction, (KeySlot | undefined)[]>> = { tc: [], tm: [] };
  readonly #storage: Storage;
  readonly #services: Readonly<Record<Direction, SecurityService>>;
  readonly #mask: HeaderMask;

  constructor(storage: Storage, services: Readonly<Record<Direction, SecurityService>>, mask: HeaderMask) {
    this.#storage = storage;
    this.#services = services;
    this.#mask = mask;
    for (const direction of ['tc', 'tm'] as const)
      for (let slot = 0; slot < KEY_SLOTS; slot++) {
        const loaded = this.load(direction, slot);
        if (!loaded.ok) this.faults.push(loaded.error);
      }
  }

  get(direction: Direction, slot: number): KeySlot | undefined {
    return this.#keys[direction][slot];
  }

  /**
   * Reads a slot's key file again; an empty slot is no error. Errors: SDLS_NO_KEY (unreadable, wrong length),
   * SDLS_SHARED_KEY: a key in two places would use its numbers twice.
   */
  load(direction: Direction, slot: number): Result<void> {
    this.#keys[direction][slot] = undefined;
    const file = this.#storage.read(keyFile(direction, slot));
    if (!file.ok && file.error.code === 'STORAGE_MISSING') return succeed(undefined);
    this.provisioned = true;
    if (!file.ok) return fail('SDLS_NO_KEY', { direction, slot, why: file.error.text });
    const key = file.value;
    const made = association({
      spi: spiOf(direction, slot),
      key,
      service: this.#services[direction],
      mask: this.#mask,
    });
    if (!made.ok) return fail('SDLS_NO_KEY', { direction, slot, why: made.error.text });
    const fingerprint = fingerprintOf(key);
    for (const other of ['tc', 'tm'] as const) {
      const holder = this.#keys[other].find((held) => held?.fingerprint === fingerprint);
      if (holder)
        return fail('SDLS_SHARED_KEY', { direction, slot, other: `${other} key slot ${holder.slot}` });
    }
    this.#keys[direction][slot] = { slot, fingerprint, association: made.value };
    return succeed(undefined);
  }
}
