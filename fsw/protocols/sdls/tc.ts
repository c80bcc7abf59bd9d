/**
 * Secured TC transfer frames (CCSDS 355.0-B over 232.0-B), type BD:
 * header 5 | segment header 0 or 1 | SPI 2 | vector 12 | data | MAC 16 | FECF 2.
 */
import { fail, type Result, succeed } from '../../errors';
import { readU16, writeU16 } from '../bytes';
import { crc16 } from '../crc16';
import { SPACECRAFT_ID, VIRTUAL_CHANNEL_ID } from '../fprimePackets';
import { MAX_TC_FRAME_LENGTH, TC_HEADER_LENGTH, TC_OVERHEAD, type TcChannel, writeTcFrame } from '../tcFrame';
import {
  type Association,
  MAX_IV,
  SECURITY_HEADER_LENGTH,
  SECURITY_OVERHEAD,
  SECURITY_TRAILER_LENGTH,
} from './association';
import { openSealed, readIv, sealInPlace, writeIv } from './gcm';
import { tcHeader } from './headers';

export interface SecuredTcChannel extends TcChannel {
  /** The segment header of a channel that has one (a managed parameter: nothing in the frame tells). */
  readonly segmentHeader?: number;
}

/**
 * Writes a secured frame around `data` (at most 987 bytes, one less with a segment header) and returns the
 * offset after it. An `iv` must never be used twice with one key: take and store the next before this call.
 * Errors: TC_TOO_LONG, TC_TOO_SHORT (no data), SDLS_EXHAUSTED.
 */
export function writeSecuredTcFrame(
  into: Uint8Array,
  at: number,
  data: Uint8Array,
  association: Association,
  iv: bigint,
  channel: SecuredTcChannel = {},
): Result<number> {
  if (association.service === 'clear') return writeTcFrame(into, at, data, channel);
  if (iv >= MAX_IV) return fail('SDLS_EXHAUSTED', { spi: association.spi });
  const { spacecraftId = SPACECRAFT_ID, channelId = VIRTUAL_CHANNEL_ID, segmentHeader } = channel;
  const segmented = segmentHeader !== undefined;
  const length = data.length + TC_OVERHEAD + SECURITY_OVERHEAD + Number(segmented);
  const max = Math.min(MAX_TC_FRAME_LENGTH, into.length - at);
  if (length > max) return fail('TC_TOO_LONG', { length, max });
  if (data.length === 0) return fail('TC_TOO_SHORT', { length, min: length + 1 });
  const frame = into.subarray(at, at + length);
  writeU16(frame, 0, 0x2000 | (spacecraftId & 0x3ff));
  writeU16(frame, 2, ((channelId & 0x3f) << 10) | (length - 1));
  frame[4] = 0;
  if (segmented) frame[TC_HEADER_LENGTH] = segmentHeader;
  const spiAt = TC_HEADER_LENGTH + Number(segmented);
  writeIv(frame, writeU16(frame, spiAt, association.spi), iv);
  const from = spiAt + SECURITY_HEADER_LENGTH;
  const to = from + data.length;
  frame.set(data, from);
  sealInPlace(association, tcHeader(frame, association.mask, segmented), frame, from, to);
  const fecfAt = to + SECURITY_TRAILER_LENGTH;
  return succeed(at + writeU16(frame, fecfAt, crc16(frame, 0, fecfAt)));
}

export interface OpenedFrame {
  readonly spi: number;
  readonly iv: bigint;
  /** The plain data: of its own when it was encrypted, a view into the frame when it was not. */
  readonly data: Uint8Array;
}

/**
 * Opens one whole frame, which a deframer has found to be ours and undamaged. `find` gives the association
 * of an SPI, or undefined when it is not open. Says nothing of replay: ask the `ReplayWindow` of the SPI.
 * Only type BD is opened, a control frame never is: Yamcs sends those without any protection.
 * Errors: TC_SERVICE, SDLS_SHORT, SDLS_SPI, SDLS_MAC.
 */
export function openTcFrame(
  frame: Uint8Array,
  find: (spi: number) => Association | undefined,
  segmented = false,
): Result<OpenedFrame> {
  const spiAt = TC_HEADER_LENGTH + Number(segmented);
  const needed = spiAt + SECURITY_OVERHEAD + 1 + 2;
  if (frame.length < needed) return fail('SDLS_SHORT', { length: frame.length, needed });
  const bypass = (frame[0] >>> 5) & 1;
  const control = (frame[0] >>> 4) & 1;
  if (!bypass || control) return fail('TC_SERVICE', { bypass, control });
  const spi = readU16(frame, spiAt);
  const association = find(spi);
  if (association === undefined || association.service === 'clear') return fail('SDLS_SPI', { spi });
  const iv = readIv(frame, spiAt + 2);
  const header = tcHeader(frame, association.mask, segmented);
  const to = frame.length - 2 - SECURITY_TRAILER_LENGTH;
  const data = openSealed(association, header, frame, spiAt + SECURITY_HEADER_LENGTH, to);
  return data === undefined ? fail('SDLS_MAC', { spi, iv }) : succeed({ spi, iv, data });
}
