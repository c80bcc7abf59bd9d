import { crc16 } from '../../../fsw/protocols/crc16';
import type { BitsAddon } from '../../bits';
import { packRecords, unpackRecords } from './pack';

export const referenceBits: BitsAddon = {
  packRecords,
  unpackRecords,
  crc16Frames(bytes, size, out) {
    for (let i = 0; i < out.length; i++) out[i] = crc16(bytes, i * size, (i + 1) * size);
  },
};
