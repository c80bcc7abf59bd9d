/** Which dictionary the spacecraft flies, from what it says itself. */
import { Apid, SPACE_PACKET_HEADER_LENGTH } from '../../fsw/protocols';
import { apidOf } from './lines';
import type { DownlinkMessage, Handshake } from './messages';

/** A string of 16 hex digits behind its length, at the end of an event packet. */
const HASH_LENGTH = 16;
const isHash = (text: string) => /^[0-9a-f]{16}$/.test(text);

/**
 * The hash in a packet, or undefined. It comes in the boot event, in the answer to VERSION, and in the channel
 * `DictionaryHash`. With another dictionary, ids may say anything: so an event that ours can't read is also
 * taken for the boot event when it ends in a hash.
 */
export function hashIn(message: DownlinkMessage, packet: Uint8Array): string | undefined {
  if (message.type === 'event') {
    const { dictionaryHash } = message.args;
    return typeof dictionaryHash === 'string' && isHash(dictionaryHash) ? dictionaryHash : undefined;
  }
  if (message.type === 'channels') {
    const reading = message.values.find(({ name }) => name.endsWith('.DictionaryHash'));
    return typeof reading?.value === 'string' && isHash(reading.value) ? reading.value : undefined;
  }
  if (message.type !== 'packet' || apidOf(packet) !== Apid.LOG) return undefined;
  const end = packet.length;
  const start = end - HASH_LENGTH;
  if (start < SPACE_PACKET_HEADER_LENGTH + 2) return undefined;
  if (packet[start - 2] !== 0 || packet[start - 1] !== HASH_LENGTH) return undefined;
  const text = Buffer.from(packet.subarray(start, end)).toString('latin1');
  return isHash(text) ? text : undefined;
}

export function compare(found: string | undefined, loaded: string): Handshake {
  if (found === undefined) return 'unknown';
  return found === loaded ? 'match' : 'mismatch';
}
