import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tripled } from './tripled';

const SEED = 11;

describe('bytes kept three times', () => {
  it('read back what was written, whatever its length', () => {
    const kept = tripled(new Uint8Array(new SharedArrayBuffer(100)));
    expect(kept.capacity).toBe(33);
    expect(kept.read()).toEqual(new Uint8Array(0));
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(33).fill(7), new Uint8Array(0)]) {
      kept.write(bytes);
      expect(kept.read()).toEqual(bytes);
      expect(kept.vote()).toBe(0);
    }
  });

  it('survive any damage to one copy, and a vote heals it and counts its bits', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.infiniteStream(fc.nat(255)), fc.nat(2), (written, noise, copy) => {
        const memory = new Uint8Array(3 * 64);
        const kept = tripled(memory);
        kept.write(written);
        const whole = memory.slice();
        let bits = 0;
        for (let i = 0; i < written.length; i++) {
          const wrong = noise.next().value as number;
          memory[copy * 64 + i] ^= wrong;
          bits += wrong.toString(2).replaceAll('0', '').length;
        }
        expect(kept.read()).toEqual(written);
        expect(kept.vote()).toBe(bits);
        expect(memory).toEqual(whole);
      }),
      { seed: SEED },
    );
  });

  it('are lost where two copies are wrong in one bit', () => {
    const memory = new Uint8Array(9);
    const kept = tripled(memory);
    kept.write(Uint8Array.of(0b1111));
    memory[0] ^= 1;
    memory[3] ^= 1;
    expect(kept.read()).toEqual(Uint8Array.of(0b1110));
  });
});
