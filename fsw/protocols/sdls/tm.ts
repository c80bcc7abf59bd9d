/**
 * Secured TM transfer frames (CCSDS 355.0-B over 132.0-B):
 * header 6 | SPI 2 | vector 12 | data | MAC 16 | OCF 0 or 4 | FECF 2.
 * The first header pointer counts from the first byte of plain data. The OCF is neither encrypted nor under
 * the MAC.
 */
import { fail, type Result, succeed } from '../../errors';
import { readU16, writeU16 } from '../bytes';
import { TM_HEADER_LENGTH } from '../tmFrame';
import {
  type Association,
  MAX_IV,
  SECURITY_HEADER_LENGTH,
  SECURITY_OVERHEAD,
  SECURITY_TRAILER_LENGTH,
} from './association';
import { openSealed, readIv, sealInPlace, writeIv } from './gcm';
import { tmHeader } from './headers';
import type { OpenedFrame } from './tc';

const DATA_AT = TM_HEADER_LENGTH + SECURITY_HEADER_LENGTH;

/** Where the data ends and the MAC starts; bit 0 of byte 1 tells of an OCF. */
function dataEnd(frame: Uint8Array): number {
  return frame.length - 2 - ((frame[1] & 1) << 2) - SECURITY_TRAILER_LENGTH;
}

/**
 * Seals one whole frame in place, FECF excepted: its primary header is final and its data lies behind the
 * room for the security header. An `iv` must never be used twice with one key. Errors: SDLS_EXHAUSTED.
 */
export function sealTmFrame(frame: Uint8Array, association: Association, iv: bigint): Result<void> {
  if (iv >= MAX_IV) return fail('SDLS_EXHAUSTED', { spi: association.spi });
  writeIv(frame, writeU16(frame, TM_HEADER_LENGTH, association.spi), iv);
  sealInPlace(association, tmHeader(frame, association.mask), frame, DATA_AT, dataEnd(frame));
  return succeed(undefined);
}

/** The counterpart of `sealTmFrame`; see `openTcFrame`. Errors: SDLS_SHORT, SDLS_SPI, SDLS_MAC. */
export function openTmFrame(
  frame: Uint8Array,
  find: (spi: number) => Association | undefined,
): Result<OpenedFrame> {
  const needed = TM_HEADER_LENGTH + SECURITY_OVERHEAD + 1 + 2;
  if (frame.length < needed || dataEnd(frame) <= DATA_AT)
    return fail('SDLS_SHORT', { length: frame.length, needed });
  const spi = readU16(frame, TM_HEADER_LENGTH);
  const association = find(spi);
  if (association === undefined || association.service === 'clear') return fail('SDLS_SPI', { spi });
  const iv = readIv(frame, TM_HEADER_LENGTH + 2);
  const header = tmHeader(frame, association.mask);
  const data = openSealed(association, header, frame, DATA_AT, dataEnd(frame));
  return data === undefined ? fail('SDLS_MAC', { spi, iv }) : succeed({ spi, iv, data });
}
