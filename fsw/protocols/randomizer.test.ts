import { describe, expect, it } from 'vitest';
import { randomise } from './randomizer';

describe('randomise', () => {
  it('gives the first 40 bits that the standard lists (CCSDS 131.0-B, 10.4.2), and repeats after 255 bytes', () => {
    const block = new Uint8Array(600);
    randomise(block);
    expect([...block.subarray(0, 5)]).toEqual([0xff, 0x48, 0x0e, 0xc0, 0x9a]);
    expect(block.subarray(255, 510)).toEqual(block.subarray(0, 255));
    expect(new Set(block).size).toBe(255);
  });

  it('takes itself back', () => {
    const block = Uint8Array.from({ length: 1275 }, (_, i) => i * 7);
    const before = block.slice();
    randomise(block);
    expect(block).not.toEqual(before);
    randomise(block);
    expect(block).toEqual(before);
  });
});
