/**
 * Security associations of the Space Data Link Security protocol (CCSDS 355.0-B): what both ends have agreed
 * on for the frames that carry one SPI.
 */
import { fail, type Result, succeed } from '../../errors';

export const KEY_LENGTH = 32;
/** Security header: SPI 16 bits | initialization vector 96 bits, which is also the anti-replay number. */
export const SECURITY_HEADER_LENGTH = 14;
/** Security trailer: the whole 128-bit GCM tag. */
export const SECURITY_TRAILER_LENGTH = 16;
export const SECURITY_OVERHEAD = SECURITY_HEADER_LENGTH + SECURITY_TRAILER_LENGTH;
export const MAX_WINDOW = 2 ** 31;
/** The last anti-replay number of a key; behind it the key is used up. */
export const MAX_IV = (1n << 96n) - 1n;

/**
 * - `clear`: no security fields at all;
 * - `authentication`: data in clear, MAC over header and data (AES-256-GCM of nothing, all of it AAD);
 * - `authenticated-encryption`: data encrypted, MAC over header and ciphertext (AES-256-GCM).
 *
 * There is no encryption without authentication.
 */
export type SecurityService = 'clear' | 'authentication' | 'authenticated-encryption';

/**
 * Which bits of the frame's primary header the MAC covers: `standard` as F´ and Yamcs do (virtual channel
 * only), `whole` all of them. Both ends must agree; in Yamcs `whole` is an `authMask` (see `authMaskHex`).
 */
export type HeaderMask = 'standard' | 'whole';

export interface Association {
  /** 1..65534. */
  readonly spi: number;
  readonly service: SecurityService;
  /** 32 raw bytes; empty for `clear`. */
  readonly key: Uint8Array;
  readonly mask: HeaderMask;
}

/** Checks and makes an association. Errors: SDLS_SPI_RESERVED (0 and 65535 by 355.0-B), SDLS_KEY_LENGTH. */
export function association(options: {
  spi: number;
  key?: Uint8Array;
  service?: SecurityService;
  mask?: HeaderMask;
}): Result<Association> {
  const { spi, key = new Uint8Array(0), service = 'authenticated-encryption', mask = 'standard' } = options;
  if (!Number.isInteger(spi) || spi < 1 || spi > 0xfffe) return fail('SDLS_SPI_RESERVED', { spi });
  if (service !== 'clear' && key.length !== KEY_LENGTH)
    return fail('SDLS_KEY_LENGTH', { length: key.length, expected: KEY_LENGTH });
  return succeed({ spi, service, key, mask });
}

/** Bytes that the service takes of each frame. */
export function overheadOf(service: SecurityService): number {
  return service === 'clear' ? 0 : SECURITY_OVERHEAD;
}

/**
 * The receiver's memory of one association: which numbers it still takes. A number is taken once, in rising
 * order, and at most `window` numbers at a time are skipped (355.0-B 6.1.2.4). Numbers never wrap.
 */
export class ReplayWindow {
  /** The lowest number not yet used up. */
  #next: bigint;
  #window: number;
  readonly #spi: number;
  readonly #service: SecurityService;

  constructor({ spi, service }: Pick<Association, 'spi' | 'service'>, next = 0n, window = 100_000) {
    this.#spi = spi;
    this.#service = service;
    this.#next = next;
    this.#window = window;
  }

  get next(): bigint {
    return this.#next;
  }

  get window(): number {
    return this.#window;
  }

  /** Errors: SDLS_NOT_AUTHENTICATED (an association without a MAC has no window to set), SDLS_WINDOW. */
  setWindow(window: number): Result<void> {
    if (this.#service === 'clear') return fail('SDLS_NOT_AUTHENTICATED', { spi: this.#spi });
    if (!Number.isInteger(window) || window < 1 || window > MAX_WINDOW)
      return fail('SDLS_WINDOW', { window, max: MAX_WINDOW });
    this.#window = window;
    return succeed(undefined);
  }

  /** Whether an authentic frame of this number is new. Changes nothing. Errors: SDLS_REPLAY, SDLS_EXHAUSTED. */
  check(iv: bigint): Result<void> {
    if (iv === MAX_IV) return fail('SDLS_EXHAUSTED', { spi: this.#spi });
    const end = this.#next + BigInt(this.#window);
    if (iv < this.#next || iv >= end)
      return fail('SDLS_REPLAY', { spi: this.#spi, iv, next: this.#next, end: end - 1n });
    return succeed(undefined);
  }

  /** Uses up this number and all below it. */
  accept(iv: bigint): void {
    if (iv >= this.#next) this.#next = iv + 1n;
  }
}
