/** The ground's end of a secured link: seals TC frames, opens TM frames, and remembers how far. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { TC_HEADER_LENGTH } from '../../fsw/protocols';
import {
  type Association,
  association,
  type Counters,
  type Direction,
  fingerprintOf,
  type HeaderMask,
  KEY_SLOTS,
  keyFile,
  newCounters,
  openTcFrame,
  openTmFrame,
  ReplayWindow,
  readCounters,
  type SecurityService,
  spiOf,
  writeCounters,
  writeSecuredTcFrame,
} from '../../fsw/protocols/sdls';
import { readSecret, writeSecret } from '../keys/files';
import { GROUND_COUNTER_FILE, HEARD_FILE } from '../keys/keys';

export interface GroundSecurityOptions {
  /** TC key slot to send with; 0 unless told. */
  readonly tcSlot?: number;
  readonly tcService?: SecurityService;
  readonly tmService?: SecurityService;
  readonly mask?: HeaderMask;
  /** Most TM numbers that may be skipped: more than the spacecraft's `tmBlock`; 100000 unless told. */
  readonly window?: number;
}

interface TmKey {
  readonly association: Association;
  readonly fingerprint: string;
  /** Undefined until the first frame, which is believed when nothing is known of its key. */
  window: ReplayWindow | undefined;
}

/** What `GroundSecurity.open` has found in the folder. */
interface Opened {
  readonly folder: string;
  readonly options: GroundSecurityOptions;
  readonly tc: { readonly association: Association; readonly fingerprint: string };
  readonly sent: Counters;
  /** By SPI. */
  readonly tm: ReadonlyMap<number, TmKey>;
  readonly heard: Counters;
  readonly heardFile: number;
}

export class GroundSecurity {
  readonly #folder: string;
  readonly #options: GroundSecurityOptions;
  #tc: Opened['tc'];
  readonly #sent: Counters;
  readonly #tm: Opened['tm'];
  readonly #heard: Counters;
  readonly #heardFile: number;

  private constructor(opened: Opened) {
    this.#folder = opened.folder;
    this.#options = opened.options;
    this.#tc = opened.tc;
    this.#sent = opened.sent;
    this.#tm = opened.tm;
    this.#heard = opened.heard;
    this.#heardFile = opened.heardFile;
  }

  /**
   * Opens the keys of `folder` (`perigee keys make`, its `ground`). One process at a time; no other ground
   * may send under the same TC key. Errors: KEYS_FILE, SDLS_KEY_LENGTH, SDLS_COUNTERS.
   */
  static open(folder: string, options: GroundSecurityOptions = {}): Result<GroundSecurity> {
    const tc = loadKey(folder, 'tc', options.tcSlot ?? 0, options);
    if (!tc.ok) return tc;
    const sentBytes = readSecret(join(folder, GROUND_COUNTER_FILE));
    const sent = sentBytes.ok ? readCounters(sentBytes.value) : sentBytes;
    if (!sent.ok) return sent;
    const heard = readHeard(join(folder, HEARD_FILE));
    if (!heard.ok) return heard;
    const tm = new Map<number, TmKey>();
    for (let slot = 0; slot < KEY_SLOTS; slot++) {
      const key = loadKey(folder, 'tm', slot, options);
      if (!key.ok) continue;
      const next = heard.value.next.get(key.value.fingerprint);
      const window =
        next === undefined ? undefined : new ReplayWindow(key.value.association, next, options.window);
      tm.set(spiOf('tm', slot), { ...key.value, window });
    }
    if (tm.size === 0) return fail('KEYS_FILE', { file: folder, why: 'there is no TM key in it' });
    try {
      // Made if it is missing; written from its start.
      closeSync(openSync(join(folder, HEARD_FILE), 'a', 0o600));
      const heardFile = openSync(join(folder, HEARD_FILE), 'r+');
      const found = { folder, options, tc: tc.value, sent: sent.value, tm, heard: heard.value, heardFile };
      return succeed(new GroundSecurity(found));
    } catch (error) {
      return fail('KEYS_FILE', { file: join(folder, HEARD_FILE), why: (error as Error).message });
    }
  }

  /** Sends with another slot from now on: the spacecraft has said KeyActivated. Errors: as `open`. */
  useTcSlot(slot: number): Result<void> {
    const key = loadKey(this.#folder, 'tc', slot, this.#options);
    if (!key.ok) return key;
    this.#tc = key.value;
    return succeed(undefined);
  }

  /**
   * The secured frame for a clear TC frame (at most 987 bytes of data). Its number is on the medium as used
   * before it is returned, so seal again to send again: the same frame twice is a replay.
   * Errors: SDLS_COUNTER_UNKNOWN, TC_TOO_LONG, TC_TOO_SHORT, KEYS_FILE when the number could not be stored.
   */
  sealTc(clear: Uint8Array): Result<Uint8Array> {
    const { association, fingerprint } = this.#tc;
    const known = this.#sent.next.get(fingerprint);
    if (known === undefined && this.#sent.incomplete)
      return fail('SDLS_COUNTER_UNKNOWN', { direction: 'tc', slot: (association.spi - 1) / 2 });
    const iv = known ?? 0n;
    const frame = new Uint8Array(1024);
    const channel = { spacecraftId: ((clear[0] & 3) << 8) | clear[1], channelId: clear[2] >>> 2 };
    const data = clear.subarray(TC_HEADER_LENGTH, -2);
    const end = writeSecuredTcFrame(frame, 0, data, association, iv, channel);
    if (!end.ok) return end;
    const next = new Map(this.#sent.next).set(fingerprint, iv + 1n);
    const stored = writeSecret(
      join(this.#folder, GROUND_COUNTER_FILE),
      writeCounters({ ...this.#sent, next }),
    );
    if (!stored.ok) return stored;
    this.#sent.next.set(fingerprint, iv + 1n);
    return succeed(frame.subarray(0, end.value));
  }

  /**
   * Opens one TM frame: for `TmDeframer`'s `open`. The number heard is handed to the host's file at once
   * (a killed process forgets nothing; a power cut of the ground may forget the last seconds).
   * Errors: those of `openTmFrame`, SDLS_REPLAY.
   */
  readonly openTm = (frame: Uint8Array): Result<Uint8Array> => {
    const opened = openTmFrame(frame, (spi) => this.#tm.get(spi)?.association);
    if (!opened.ok) return opened;
    const { spi, iv, data } = opened.value;
    const key = this.#tm.get(spi);
    if (key === undefined) return fail('SDLS_SPI', { spi });
    key.window ??= new ReplayWindow(key.association, iv, this.#options.window);
    const isNew = key.window.check(iv);
    if (!isNew.ok) return isNew;
    key.window.accept(iv);
    this.#heard.next.set(key.fingerprint, key.window.next);
    try {
      writeSync(this.#heardFile, writeCounters(this.#heard), 0, undefined, 0);
    } catch {
      // A full disk costs the memory over a restart, not the telemetry.
    }
    return succeed(data);
  };

  close(): void {
    closeSync(this.#heardFile);
  }
}

/** Opens recorded frames with a ground's keys. Nothing is counted, nothing written, and a frame may come twice. */
export interface FrameReader {
  /** For `TmDeframer`'s `open`. Errors: those of `openTmFrame`. */
  readonly openTm: (frame: Uint8Array) => Result<Uint8Array>;
  /** The plain data field of a TC frame. Errors: those of `openTcFrame`. */
  readonly openTc: (frame: Uint8Array) => Result<Uint8Array>;
}

/** Errors: KEYS_FILE, when there is no TM key in `folder`. */
export function frameReader(folder: string, options: GroundSecurityOptions = {}): Result<FrameReader> {
  const associations = new Map<number, Association>();
  for (const direction of ['tm', 'tc'] as const)
    for (let slot = 0; slot < KEY_SLOTS; slot++) {
      const key = loadKey(folder, direction, slot, options);
      if (key.ok) associations.set(spiOf(direction, slot), key.value.association);
      else if (direction === 'tm' && slot === 0) return key;
    }
  const find = (spi: number) => associations.get(spi);
  const dataOf = (opened: ReturnType<typeof openTmFrame>) =>
    opened.ok ? succeed(opened.value.data) : opened;
  return succeed({
    openTm: (frame) => dataOf(openTmFrame(frame, find)),
    openTc: (frame) => dataOf(openTcFrame(frame, find)),
  });
}

function loadKey(folder: string, direction: Direction, slot: number, options: GroundSecurityOptions) {
  const key = readSecret(join(folder, keyFile(direction, slot)));
  if (!key.ok) return key;
  const service = direction === 'tc' ? options.tcService : options.tmService;
  const made = association({ spi: spiOf(direction, slot), key: key.value, service, mask: options.mask });
  return made.ok ? succeed({ association: made.value, fingerprint: fingerprintOf(key.value) }) : made;
}

/** A missing or empty file is a ground that has heard nothing yet. */
function readHeard(file: string): Result<Counters> {
  try {
    const bytes = readFileSync(file);
    return bytes.length === 0 ? succeed(newCounters()) : readCounters(bytes);
  } catch {
    return succeed(newCounters());
  }
}
