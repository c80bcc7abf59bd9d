/** For tests: keys, a storage whose power can be cut, and the ground's end of a link. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import { crc16, TmFramer, writeSpacePacketHeader } from '../../../fsw/protocols';
import {
  type Association,
  association,
  COUNTER_FILE,
  type Direction,
  KEY_SLOTS,
  keyFile,
  newCounters,
  RESERVE_FILE,
  SECURITY_HEADER_LENGTH,
  SECURITY_TRAILER_LENGTH,
  type SecuredTcChannel,
  type SecurityService,
  spiOf,
  writeCounters,
  writeSecuredTcFrame,
} from '../../../fsw/protocols/sdls';

/** Thrown by a storage whose power is cut. */
export const POWER_CUT = new Error('power cut');

/** Whole-or-nothing files in memory. `cutAt` counts writes down; at 0 the power goes, before or after the write. */
export class TestStorage implements Storage {
  readonly files = new Map<string, Uint8Array>();
  writes = 0;
  refuse = false;
  cut: { at: number; written: boolean } | undefined;

  read(name: string): Result<Uint8Array> {
    const file = this.files.get(name);
    return file ? succeed(file.slice()) : fail('STORAGE_MISSING', { name });
  }

  write(name: string, bytes: Uint8Array): Result<void> {
    if (this.refuse) return fail('STORAGE_FAILED', { name, why: 'disk full' });
    this.writes++;
    const cut = this.cut && --this.cut.at === 0 ? this.cut : undefined;
    if (cut === undefined || cut.written) this.files.set(name, bytes.slice());
    if (cut) throw POWER_CUT;
    return succeed(undefined);
  }
}

export const keyOf = (direction: Direction, slot: number) =>
  new Uint8Array(32).fill(16 * slot + (direction === 'tc' ? 1 : 2));

/** Keys in all slots but those `without`, and the counter files of new keys. */
export function provisioned(without: readonly string[] = []): TestStorage {
  const storage = new TestStorage();
  for (const direction of ['tc', 'tm'] as const)
    for (let slot = 0; slot < KEY_SLOTS; slot++)
      storage.files.set(keyFile(direction, slot), keyOf(direction, slot));
  for (const file of [COUNTER_FILE, RESERVE_FILE]) storage.files.set(file, writeCounters(newCounters()));
  for (const file of without) storage.files.delete(file);
  return storage;
}

export function groundAssociation(
  direction: Direction,
  slot = 0,
  service: SecurityService = 'authenticated-encryption',
): Association {
  const made = association({ spi: spiOf(direction, slot), key: keyOf(direction, slot), service });
  if (!made.ok) throw new Error(made.error.text);
  return made.value;
}

/** A no-op command packet. */
export const COMMAND = Uint8Array.from([0x10, 0, 0xc0, 0, 0, 5, 0, 0, 0, 0, 4, 0]);

export function securedTc(
  iv: bigint | number,
  slot = 0,
  data = COMMAND,
  channel?: SecuredTcChannel,
): Uint8Array {
  const into = new Uint8Array(1024);
  const end = writeSecuredTcFrame(into, 0, data, groundAssociation('tc', slot), BigInt(iv), channel);
  if (!end.ok) throw new Error(end.error.text);
  return into.slice(0, end.value);
}

/** The frame with `bits` of a byte changed and its FECF made good. */
export function altered(frame: Uint8Array, at: number, bits = 1): Uint8Array {
  const copy = frame.slice();
  copy[at] ^= bits;
  const crc = crc16(copy, 0, copy.length - 2);
  copy.set([crc >> 8, crc & 0xff], copy.length - 2);
  return copy;
}

/** A TM frame ready to be sealed: one packet, idle fill. */
export function unsealedTm(): Uint8Array {
  let frame = new Uint8Array(0);
  const framer = new TmFramer({
    frameLength: 128,
    protection: {
      headerLength: SECURITY_HEADER_LENGTH,
      trailerLength: SECURITY_TRAILER_LENGTH,
      seal: () => true,
    },
    onFrame: (bytes) => {
      frame = bytes.slice();
    },
  });
  const packet = new Uint8Array(20);
  writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid: 2, sequence: 0, dataLength: 14 });
  framer.add(packet);
  framer.flush();
  return frame;
}
