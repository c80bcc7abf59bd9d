import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import {
  COUNTER_FILE,
  checkTcContent,
  type Direction,
  type HeaderMask,
  openTcFrame,
  RESERVE_FILE,
  RESERVE_SLOT,
  ReplayWindow,
  type SecurityService,
  sealTmFrame,
  slotOf,
  spiOf,
} from '../../../fsw/protocols/sdls';
import { CounterBank } from './counterBank';
import { type KeySlot, KeySlots } from './keySlots';

export interface SecuredLinkOptions {
  readonly tcService: SecurityService;
  readonly tmService: SecurityService;
  readonly mask: HeaderMask;
  /** Most TC numbers that may be skipped at a time; one set by command goes before it. */
  readonly window: number;
  /** TM numbers taken from the counter file at a time: as many at most are skipped by a reboot. */
  readonly block: number;
  /** TC frames have a segment header. */
  readonly segmented: boolean;
  readonly apids: ReadonlySet<number>;
}

export type SlotState = 'EMPTY' | 'UNKNOWN' | 'READY' | 'ACTIVE' | 'OLD' | 'RESERVE';

/**
 * The spacecraft's end of the secured link: which keys are in use, and how far.
 *
 * - A TC number is on the medium as used before its frame is handed on; TM numbers are taken in blocks that
 *   are on the medium before the first of them is used. So a cut at any instant repeats neither.
 * - After a loss of the counter file only the reserve key is open, for TC; TM stays silent until the ground
 *   has spoken under that key.
 */
export class SecuredLink {
  readonly keys: KeySlots;
  readonly #options: SecuredLinkOptions;
  readonly #main: CounterBank;
  readonly #reserve: CounterBank;
  /** By TC slot; made when the slot is first used. */
  readonly #windows = new Map<number, ReplayWindow>();
  /** The next TM number of the active slot, and the first that is not taken from the counter file. */
  #tm: { readonly slot: number; next: bigint; limit: bigint } | undefined;

  constructor(storage: Storage, options: SecuredLinkOptions) {
    this.#options = options;
    this.keys = new KeySlots(storage, { tc: options.tcService, tm: options.tmService }, options.mask);
    this.#main = new CounterBank(storage, COUNTER_FILE);
    this.#reserve = new CounterBank(storage, RESERVE_FILE);
  }

  /** Nothing of a secured link has ever been put on board. */
  get unprovisioned(): boolean {
    const missing = ({ fault }: CounterBank) => fault?.code === 'STORAGE_MISSING';
    return !this.keys.provisioned && missing(this.#main) && missing(this.#reserve);
  }

  /** Why the counters of the slots in daily use are lost, if they are. */
  get lost(): Fault | undefined {
    return this.#main.counters ? undefined : this.#main.fault;
  }

  /** Why the reserve slot can't be used, if so. */
  get reserveLost(): Fault | undefined {
    return this.#reserve.counters ? undefined : this.#reserve.fault;
  }

  get window(): number {
    return this.#main.counters?.window || this.#options.window;
  }

  get writes(): number {
    return this.#main.writes + this.#reserve.writes;
  }

  active(direction: Direction): number {
    const { counters } = this.#main;
    if (counters === undefined) return RESERVE_SLOT;
    return direction === 'tc' ? counters.activeTc : counters.activeTm;
  }

  /** The next number of a slot; undefined when there is no key, or nobody knows. */
  next(direction: Direction, slot: number): bigint | undefined {
    const key = this.keys.get(direction, slot);
    if (key === undefined) return undefined;
    if (direction === 'tm' && this.#tm?.slot === slot) return this.#tm.next;
    return this.#bank(slot).next(key.fingerprint);
  }

  state(direction: Direction, slot: number): SlotState {
    if (this.keys.get(direction, slot) === undefined) return 'EMPTY';
    if (this.next(direction, slot) === undefined) return 'UNKNOWN';
    if (slot === this.active(direction)) return 'ACTIVE';
    if (direction === 'tc' && slot === this.#main.counters?.oldTc) return 'OLD';
    return slot === RESERVE_SLOT ? 'RESERVE' : 'READY';
  }

  /**
   * The plain packets of a TC frame that is authentic, new and well formed; its number is used up on the
   * medium by then. Errors: those of `openTcFrame`, SDLS_REPLAY, SDLS_EXHAUSTED, SDLS_CONTENT, and those of
   * the storage when the number could not be kept: what might be replayed is not used.
   */
  openTc(frame: Uint8Array): Result<Uint8Array> {
    const opened = openTcFrame(frame, (spi) => this.#openKey(spi)?.association, this.#options.segmented);
    if (!opened.ok) return opened;
    const { spi, iv, data } = opened.value;
    const key = this.#openKey(spi);
    if (key === undefined) return fail('SDLS_SPI', { spi });
    const window = this.#windowOf(key);
    const isNew = window.check(iv);
    if (!isNew.ok) return isNew;
    const proven = key.slot === this.active('tc');
    const stored = this.#bank(key.slot).store((counters) => {
      counters.next.set(key.fingerprint, iv + 1n);
      // The first frame under a new key closes the old one.
      if (proven) counters.oldTc = undefined;
    }, RESERVE_SLOT);
    if (!stored.ok) return stored;
    window.accept(iv);
    const content = checkTcContent(data, this.#options.apids);
    return content.ok ? succeed(data) : content;
  }

  /** Seals a TM frame in place. Errors: SDLS_NO_KEY, SDLS_COUNTER_UNKNOWN, SDLS_EXHAUSTED, those of the storage. */
  sealTm(frame: Uint8Array): Result<void> {
    const slot = this.active('tm');
    const key = this.keys.get('tm', slot);
    if (key === undefined) return fail('SDLS_NO_KEY', { direction: 'tm', slot, why: 'no usable key' });
    if (this.#tm?.slot !== slot) {
      const next = this.#bank(slot).next(key.fingerprint);
      if (next === undefined || this.#silent())
        return fail('SDLS_COUNTER_UNKNOWN', { direction: 'tm', slot });
      this.#tm = { slot, next, limit: next };
    }
    const tm = this.#tm;
    if (tm.next >= tm.limit) {
      const limit = tm.next + BigInt(this.#options.block);
      const stored = this.#bank(slot).store(
        (counters) => counters.next.set(key.fingerprint, limit),
        RESERVE_SLOT,
      );
      if (!stored.ok) return stored;
      tm.limit = limit;
    }
    const sealed = sealTmFrame(frame, key.association, tm.next);
    if (sealed.ok) tm.next++;
    return sealed;
  }

  /** Whether `activate` would be taken. Errors: SDLS_NO_KEY, SDLS_SHARED_KEY, SDLS_COUNTER_UNKNOWN. */
  mayActivate(direction: Direction, slot: number): Result<void> {
    const refuse = (why: string) => fail('SDLS_NO_KEY', { direction, slot, why });
    if (slot === this.active(direction)) return refuse('it is active already');
    if (slot === RESERVE_SLOT) return refuse('the reserve is for a loss of the counters');
    // It may have come up the link since the boot.
    const loaded =
      this.state(direction, slot) === 'OLD' ? succeed(undefined) : this.keys.load(direction, slot);
    if (!loaded.ok) return loaded;
    if (this.keys.get(direction, slot) === undefined) return refuse('there is no key in it');
    if (this.next(direction, slot) === undefined) return fail('SDLS_COUNTER_UNKNOWN', { direction, slot });
    return succeed(undefined);
  }

  /**
   * Makes a slot the active one. The TC key until now stays open until the first frame under the new one, so
   * that a ground without the new key is not locked out. Errors: those of `mayActivate` and the storage.
   */
  activate(direction: Direction, slot: number): Result<void> {
    const may = this.mayActivate(direction, slot);
    if (!may.ok) return may;
    this.#forget(direction, slot);
    return this.#main.store((counters) => {
      if (direction === 'tm') counters.activeTm = slot;
      else {
        // An old key that is still open is the last one that the ground has proved to have.
        const proven = counters.oldTc ?? counters.activeTc;
        counters.oldTc = proven === slot ? undefined : proven;
        counters.activeTc = slot;
      }
    }, RESERVE_SLOT);
  }

  /** Errors: SDLS_WINDOW, SDLS_NOT_AUTHENTICATED, those of the storage. */
  setWindow(window: number): Result<void> {
    const trial = new ReplayWindow({ spi: spiOf('tc', this.active('tc')), service: this.#options.tcService });
    const may = trial.setWindow(window);
    if (!may.ok) return may;
    if (this.#main.counters === undefined)
      return fail('SDLS_COUNTERS', { why: 'it is lost: raise a counter first' });
    const stored = this.#main.store((counters) => {
      counters.window = window;
    }, RESERVE_SLOT);
    if (stored.ok) this.#windows.clear();
    return stored;
  }

  /** The operator's word that all numbers below `next` may have been used; never lowers a counter. */
  raise(direction: Direction, slot: number, next: bigint): Result<void> {
    const key = this.keys.get(direction, slot);
    if (key === undefined) return fail('SDLS_NO_KEY', { direction, slot, why: 'there is no key in it' });
    const now = this.next(direction, slot) ?? 0n;
    if (next < now) return fail('SDLS_REPLAY', { spi: key.association.spi, iv: next, next: now, end: '…' });
    const stored = this.#bank(slot).store(
      (counters) => counters.next.set(key.fingerprint, next),
      RESERVE_SLOT,
    );
    if (!stored.ok) return stored;
    this.#forget(direction, slot);
    return stored;
  }

  /** Next time the counter comes from the file: the key or its number is another now. */
  #forget(direction: Direction, slot: number): void {
    if (direction === 'tc') this.#windows.delete(slot);
    else this.#tm = undefined;
  }

  /** After a loss, until the ground has spoken under the reserve key. */
  #silent(): boolean {
    const reserve = this.keys.get('tc', RESERVE_SLOT);
    return this.lost !== undefined && !(reserve && this.#reserve.next(reserve.fingerprint));
  }

  #bank(slot: number): CounterBank {
    return slot === RESERVE_SLOT ? this.#reserve : this.#main;
  }

  /** The key of a TC SPI that is open now. */
  #openKey(spi: number): KeySlot | undefined {
    const slot = slotOf('tc', spi);
    if (slot === undefined) return undefined;
    const isOpen = slot === this.active('tc') || slot === this.#main.counters?.oldTc;
    return isOpen && this.next('tc', slot) !== undefined ? this.keys.get('tc', slot) : undefined;
  }

  #windowOf({ slot, fingerprint, association }: KeySlot): ReplayWindow {
    const made = this.#windows.get(slot);
    if (made) return made;
    const window = new ReplayWindow(association, this.#bank(slot).next(fingerprint), this.window);
    this.#windows.set(slot, window);
    return window;
  }
}
