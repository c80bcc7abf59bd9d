import type { SecdedReport } from '../../ecc/contract';
import { CLEAN, dataColumns, UNCORRECTABLE, wrongBit } from './hsiao';
import { requireCode } from './shape';

/** SECDED(72,64) as memory controllers do it, 8 bytes and a check byte: beside the bit-sliced form, for comparison. */

/** The check byte that byte `position` of a word adds, at `position * 256 + byte`. */
const contribution = new Uint8Array(8 * 256);
for (let position = 0; position < 8; position++)
  for (let byte = 1; byte < 256; byte++) {
    const lowest = byte & -byte;
    const column = dataColumns[position * 8 + 31 - Math.clz32(lowest)];
    contribution[position * 256 + byte] = contribution[position * 256 + (byte ^ lowest)] ^ column;
  }

function checkByte(data: Uint8Array, at: number): number {
  return (
    contribution[data[at]] ^
    contribution[256 + data[at + 1]] ^
    contribution[512 + data[at + 2]] ^
    contribution[768 + data[at + 3]] ^
    contribution[1024 + data[at + 4]] ^
    contribution[1280 + data[at + 5]] ^
    contribution[1536 + data[at + 6]] ^
    contribution[1792 + data[at + 7]]
  );
}

export function wordEncode(data: Uint8Array, check: Uint8Array): void {
  requireCode(data, check, 8);
  for (let word = 0; word < check.length; word++) check[word] = checkByte(data, word * 8);
}

export function wordScrub(data: Uint8Array, check: Uint8Array): SecdedReport {
  requireCode(data, check, 8);
  let correctedBits = 0;
  let uncorrectableWords = 0;
  for (let word = 0; word < check.length; word++) {
    const bit = wrongBit[check[word] ^ checkByte(data, word * 8)];
    if (bit === CLEAN) continue;
    if (bit === UNCORRECTABLE) uncorrectableWords++;
    else {
      if (bit < 64) data[word * 8 + (bit >> 3)] ^= 1 << (bit & 7);
      else check[word] ^= 1 << (bit - 64);
      correctedBits++;
    }
  }
  return { correctedBits, uncorrectableWords };
}
