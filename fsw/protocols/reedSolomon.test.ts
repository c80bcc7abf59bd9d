import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReedSolomon } from './reedSolomon';

type Depth = 1 | 2 | 3 | 4 | 5;

/** A code, data that fits it, and an encoded block. */
const encoded = fc
  .record({
    correctable: fc.constantFrom(8 as const, 16 as const),
    interleave: fc.constantFrom<Depth>(1, 2, 3, 4, 5),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
  })
  .map(({ correctable, interleave, share, seed }) => {
    const code = new ReedSolomon({ correctable, interleave });
    const symbols = 1 + Math.floor(share * (254 - 2 * correctable));
    const block = new Uint8Array(symbols * interleave + code.parityLength);
    for (let i = 0, x = seed; i < symbols * interleave; i++) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      block[i] = x >>> 24;
    }
    code.encode(block);
    return { code, block, words: symbols + 2 * correctable };
  });

/** Wrong bytes of one codeword: distinct places by rank, and what is added there. */
const mistakes = (most: number, least = 0) =>
  fc.uniqueArray(fc.tuple(fc.nat(254), fc.integer({ min: 1, max: 255 })), {
    selector: ([place]) => place,
    minLength: least,
    maxLength: most,
  });

function damage(block: Uint8Array, interleave: number, word: number, at: readonly [number, number][]) {
  const symbols = block.length / interleave;
  const places = new Set<number>();
  for (const [place, value] of at) {
    const symbol = place % symbols;
    if (places.has(symbol)) continue;
    places.add(symbol);
    block[word + symbol * interleave] ^= value;
  }
  return places.size;
}

describe('ReedSolomon', () => {
  it('puts right every pattern of as many wrong bytes as it promises, in each codeword, and says how many', () => {
    fc.assert(
      fc.property(
        encoded,
        fc.array(mistakes(16), { minLength: 5, maxLength: 5 }),
        ({ code, block }, lists) => {
          const received = block.slice();
          let wrong = 0;
          for (let word = 0; word < code.interleave; word++)
            wrong += damage(received, code.interleave, word, lists[word].slice(0, code.correctable));
          expect(code.decode(received)).toEqual({ ok: true, value: wrong });
          expect(received).toEqual(block);
        },
      ),
      { numRuns: 400, seed: 1 },
    );
  });

  it('puts right a burst as long as correctable bytes times interleave', () => {
    const code = new ReedSolomon({ interleave: 5 });
    const block = new Uint8Array(1115 + code.parityLength).fill(0x44, 0, 1115);
    code.encode(block);
    const received = block.slice().fill(0xff, 700, 780);
    expect(code.decode(received).ok).toBe(true);
    expect(received).toEqual(block);
  });

  it('with 17 wrong bytes and more says so, and does not touch the codeword', () => {
    fc.assert(
      fc.property(mistakes(60, 17), fc.nat(), (list, fill) => {
        const code = new ReedSolomon();
        const block = new Uint8Array(255).fill(fill, 0, 223);
        code.encode(block);
        damage(block, 1, 0, list);
        const received = block.slice();
        expect(code.decode(received)).toMatchObject({ ok: false, error: { code: 'CODING_UNCORRECTABLE' } });
        expect(received).toEqual(block);
      }),
      { numRuns: 2000, seed: 2 },
    );
  });

  it('the weaker code, overloaded, either says so or gives a codeword within its reach (about 1 in 40,000)', () => {
    const code = new ReedSolomon({ correctable: 8 });
    const block = new Uint8Array(255);
    code.encode(block);
    let silent = 0;
    fc.assert(
      fc.property(mistakes(40, 9), (list) => {
        const received = block.slice();
        damage(received, 1, 0, list);
        const before = received.slice();
        const decoded = code.decode(received);
        const changed = received.filter((byte, i) => byte !== before[i]).length;
        if (!decoded.ok) expect(changed).toBe(0);
        else {
          silent++;
          expect(changed).toBeLessThanOrEqual(8);
          expect(code.decode(received)).toEqual({ ok: true, value: 0 });
        }
      }),
      { numRuns: 5000, seed: 3 },
    );
    expect(silent).toBeLessThan(5);
  });

  it('calls an error in the virtual fill of a shortened block what it is: too many errors', () => {
    const code = new ReedSolomon();
    // The codeword of a longer block whose first symbol is cut off: as if the fill had been wrong.
    const long = new Uint8Array(1 + 50 + 32).fill(7, 0, 51);
    code.encode(long);
    expect(code.decode(long.slice(1)).ok).toBe(false);
  });

  it('names a length that does not fit its interleave', () => {
    const code = new ReedSolomon({ interleave: 5 });
    expect(code.fits(1115).ok).toBe(true);
    expect(code.fits(1020).ok).toBe(true);
    for (const length of [0, 1024, 1120])
      expect(code.fits(length)).toMatchObject({ error: { code: 'CODING_LENGTH' } });
  });
});
