/** What an opened TC frame must hold before any of it is used. */
import { fail, type Result, succeed } from '../../errors';
import { readU16 } from '../bytes';
import { Apid } from '../fprimePackets';
import { IDENTIFIED_COMMAND } from '../identifiedCommand';
import { IDLE_APID, MIN_SPACE_PACKET_LENGTH, spacePacketLength, UNSEGMENTED } from '../spacePacket';

/** CFDP PDUs travel in space packets of this APID. */
const CFDP_APID = 10;
/** What a spacecraft takes unless told: commands with and without identity, F´ file packets, CFDP PDUs. */
export const TC_APIDS: ReadonlySet<number> = new Set([
  Apid.COMMAND,
  IDENTIFIED_COMMAND,
  Apid.FILE,
  CFDP_APID,
]);

/**
 * Whether `data` is telecommand packets of known APIDs, end to end and to the last byte. A valid MAC is not
 * enough: a ground system that encrypts a frame again when it sends it again (Yamcs 5.12.8 with COP-1)
 * delivers ciphertext under a good MAC. Errors: SDLS_CONTENT.
 */
export function checkTcContent(data: Uint8Array, apids: ReadonlySet<number> = TC_APIDS): Result<void> {
  for (let at = 0; at < data.length; ) {
    const left = data.length - at;
    if (left < MIN_SPACE_PACKET_LENGTH)
      return fail('SDLS_CONTENT', { at, why: `${left} bytes are no packet` });
    const head = readU16(data, at);
    const apid = head & 0x7ff;
    const length = spacePacketLength(data, at);
    if (head >>> 13 !== 0) return fail('SDLS_CONTENT', { at, why: `version ${head >>> 13}` });
    if (length > left) return fail('SDLS_CONTENT', { at, why: `${length} bytes stated, ${left} on hand` });
    if (apid !== IDLE_APID) {
      if ((head & 0x1000) === 0) return fail('SDLS_CONTENT', { at, why: 'telemetry' });
      if ((head & 0x0800) !== 0) return fail('SDLS_CONTENT', { at, why: 'secondary header' });
      if (data[at + 2] >>> 6 !== UNSEGMENTED) return fail('SDLS_CONTENT', { at, why: 'a segment' });
      if (!apids.has(apid)) return fail('SDLS_CONTENT', { at, why: `APID ${apid} is not taken` });
    }
    at += length;
  }
  return succeed(undefined);
}
