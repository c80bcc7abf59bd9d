/**
 * What the MAC covers besides the data: the primary header under a mask, a TC segment header, the SPI, and
 * zeros where the vector stands (the vector is bound by being the nonce). Layout as F´ and Yamcs 5.12.8.
 */
import { TC_HEADER_LENGTH } from '../tcFrame';
import { TM_HEADER_LENGTH } from '../tmFrame';
import { type HeaderMask, SECURITY_HEADER_LENGTH } from './association';

/** Primary header bits under the MAC; `standard`: the virtual channel id and nothing else. */
const tcMasks: Readonly<Record<HeaderMask, readonly number[]>> = {
  standard: [0, 0, 0xfc, 0, 0],
  whole: [0xff, 0xff, 0xff, 0xff, 0xff],
};
const tmMasks: Readonly<Record<HeaderMask, readonly number[]>> = {
  standard: [0, 0x0e, 0, 0, 0, 0],
  whole: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
};

/** 19 bytes, or 20 with a segment header. */
export function tcHeader(frame: Uint8Array, mask: HeaderMask, segmented: boolean): Uint8Array {
  return masked(frame, tcMasks[mask], TC_HEADER_LENGTH + Number(segmented));
}

/** 20 bytes. */
export function tmHeader(frame: Uint8Array, mask: HeaderMask): Uint8Array {
  return masked(frame, tmMasks[mask], TM_HEADER_LENGTH);
}

/** `spiAt`: where the security header starts. */
function masked(frame: Uint8Array, mask: readonly number[], spiAt: number): Uint8Array {
  const header = new Uint8Array(spiAt + SECURITY_HEADER_LENGTH);
  for (let i = 0; i < mask.length; i++) header[i] = frame[i] & mask[i];
  // From the segment header, if there is one, to the SPI: as it is.
  for (let i = mask.length; i < spiAt + 2; i++) header[i] = frame[i];
  return header;
}

/** The `authMask` of a Yamcs link that covers what `mask` covers, as hexadecimal. */
export function authMaskHex(frame: 'tc' | 'tm', mask: HeaderMask, segmented = false): string {
  const bits = frame === 'tc' ? [...tcMasks[mask], ...(segmented ? [0xff] : [])] : tmMasks[mask];
  return Buffer.from([...bits, 0xff, 0xff, ...new Uint8Array(12)]).toString('hex');
}
