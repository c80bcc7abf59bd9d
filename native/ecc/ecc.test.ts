import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillRandom, fingerprint, flip, randomBytes, randomRegion, shared } from '../testing';
import { BLOCK_BYTES, ecc, PAGE_BYTES, type ProtectedPages, protectedPages, referenceEcc } from '.';

const BLOCK_BITS = BLOCK_BYTES * 8;
const CHECK_BITS = BLOCK_BITS / 8;
const forms = ecc === referenceEcc ? [referenceEcc] : [referenceEcc, ecc];

const contentOf = ({ pages, check, crcs }: ProtectedPages) => fingerprint(pages, check, crcs);

describe.each(forms)('bit-sliced SECDED ($simd)', (kernels) => {
  const data = randomBytes(BLOCK_BYTES, 7);
  const check = shared(BLOCK_BYTES / 8);
  kernels.secdedEncode(data, check);
  const right = fingerprint(data, check);
  const flipAt = (bit: number) =>
    bit < BLOCK_BITS ? flip(data, bit) : flip(check, (bit - BLOCK_BITS) % CHECK_BITS);

  it('corrects every single flip of a block, data and check rows', () => {
    for (let bit = 0; bit < BLOCK_BITS + CHECK_BITS; bit++) {
      flipAt(bit);
      expect(kernels.secdedScrub(data, check)).toEqual({ correctedBits: 1, uncorrectableWords: 0 });
    }
    expect(fingerprint(data, check)).toBe(right);
  });

  it('corrects every burst of up to 256 neighbouring bits, whichever of them flip', () => {
    const burst = fc.record({
      start: fc.nat(BLOCK_BITS + CHECK_BITS - 256),
      flips: fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 256 }),
    });
    fc.assert(
      fc.property(burst, ({ start, flips }) => {
        for (const bit of flips) flipAt(start + bit);
        expect(kernels.secdedScrub(data, check)).toEqual({
          correctedBits: flips.length,
          uncorrectableWords: 0,
        });
        expect(fingerprint(data, check)).toBe(right);
      }),
    );
  });

  it('detects every double in a word and writes nothing of it', () => {
    const column = fc.nat(255);
    const rows = fc.uniqueArray(fc.nat(71), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(column, rows, (bit, [a, b]) => {
        for (const row of [a, b]) flipAt(row * 256 + bit);
        const wrong = fingerprint(data, check);
        expect(kernels.secdedScrub(data, check)).toEqual({ correctedBits: 0, uncorrectableWords: 1 });
        expect(fingerprint(data, check)).toBe(wrong);
        for (const row of [a, b]) flipAt(row * 256 + bit);
      }),
    );
  });
});

describe.each(forms)('word-by-word SECDED ($simd)', (kernels) => {
  it('corrects every single flip and detects every double', () => {
    const data = randomBytes(800, 3);
    const check = shared(100);
    kernels.wordEncode(data, check);
    const right = fingerprint(data, check);
    const flipAt = (word: number, bit: number) =>
      bit < 64 ? flip(data, word * 64 + bit) : flip(check, word * 8 + bit - 64);
    for (let bit = 0; bit < 72; bit++) {
      flipAt(bit, bit);
      flipAt(bit + 1, bit);
      expect(kernels.wordScrub(data, check)).toEqual({ correctedBits: 2, uncorrectableWords: 0 });
      expect(fingerprint(data, check)).toBe(right);
      for (let other = 0; other < bit; other++) {
        for (const each of [bit, other]) flipAt(17, each);
        expect(kernels.wordScrub(data, check)).toEqual({ correctedBits: 0, uncorrectableWords: 1 });
        for (const each of [bit, other]) flipAt(17, each);
      }
    }
  });
});

describe.each(forms)('CRC-32C ($simd)', ({ crc32c }) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

  it('gives the vectors of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  });

  it('gives the check value of the catalogue, and 0 for nothing', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array())).toBe(0);
  });
});

describe.each(forms)('protected pages ($simd)', (kernels) => {
  const fresh = (pages = 4) => {
    const region = randomRegion(pages, 11);
    kernels.protect(region, 0, pages);
    return region;
  };

  it('are clean once protected', () => {
    expect(kernels.scrub(fresh(), 0, 4)).toEqual({ correctedBits: 0, correctedPages: 0, badPages: [] });
  });

  it('come back from any burst of 256 bits in data or check rows', () => {
    const region = fresh();
    const right = contentOf(region);
    const bits = fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), bits, (inCheck, where, flips) => {
        const target = inCheck ? region.check : region.pages;
        const start = Math.floor(where * (target.length * 8 - 256));
        for (const bit of flips) flip(target, start + bit);
        expect(kernels.scrub(region, 0, 4).correctedBits).toBe(flips.length);
        expect(contentOf(region)).toBe(right);
      }),
    );
  });

  it('are written with right content or not at all, whatever hits them', () => {
    const region = fresh(2);
    const right = contentOf(region);
    const hits = fc.array(fc.tuple(fc.nat(71), fc.nat(7)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(hits, (flips) => {
        for (const [row, bit] of flips) {
          if (row < 64) flip(region.pages, row * 256 + bit);
          else flip(region.check, (row - 64) * 256 + bit);
        }
        const wrong = contentOf(region);
        const report = kernels.scrub(region, 0, 2);
        expect(contentOf(region)).toEqual(report.badPages.length > 0 ? wrong : right);
        fillRandom(region.pages, 11);
        kernels.protect(region, 0, 2);
      }),
      { numRuns: 400 },
    );
  });

  it('keep right data when doubles hit only the check rows', () => {
    const region = fresh();
    const right = contentOf(region);
    for (const bit of [5, 261, 5 + 512, 2048]) flip(region.check, bit);
    expect(kernels.scrub(region, 0, 4)).toEqual({ correctedBits: 4, correctedPages: 1, badPages: [] });
    expect(contentOf(region)).toBe(right);
  });

  it('name a page with a double in a word as bad, and write nothing of it', () => {
    const region = fresh();
    for (const bit of [9, 9 + 256]) flip(region.pages, 2 * PAGE_BYTES * 8 + bit);
    flip(region.pages, 3 * PAGE_BYTES * 8);
    const wrong = fingerprint(region.pages.subarray(0, 3 * PAGE_BYTES));
    expect(kernels.scrub(region, 0, 4)).toEqual({ correctedBits: 1, correctedPages: 1, badPages: [2] });
    expect(fingerprint(region.pages.subarray(0, 3 * PAGE_BYTES))).toBe(wrong);
  });

  it('outvote a CRC copy that was hit, and put it right', () => {
    const region = fresh();
    const right = contentOf(region);
    region.crcs[1] ^= 0x10000;
    region.crcs[1 + 4] ^= 1;
    region.crcs[3 + 8] = 0;
    expect(kernels.scrub(region, 0, 4).badPages).toEqual([]);
    expect(contentOf(region)).toBe(right);
  });

  it('are scrubbed where asked and nowhere else', () => {
    const region = fresh();
    for (const page of [0, 1, 2, 3]) flip(region.pages, page * PAGE_BYTES * 8 + 77);
    expect(kernels.scrub(region, 1, 2).correctedPages).toBe(2);
    expect(kernels.scrub(region, 0, 4).correctedPages).toBe(2);
  });

  it('are scrubbed off the main thread with the same result', async () => {
    const region = fresh(600);
    const right = contentOf(region);
    for (const page of [0, 300, 599]) flip(region.pages, page * PAGE_BYTES * 8 + page);
    const half = (first: number) => kernels.scrubAsync(region, first, 300);
    const [a, b] = await Promise.all([half(0), half(300)]);
    expect([a.correctedPages, b.correctedPages]).toEqual([1, 2]);
    expect(contentOf(region)).toBe(right);
  });

  it('are protected off the main thread with the same result', async () => {
    const region = randomRegion(600, 11);
    await Promise.all([kernels.protectAsync(region, 0, 290), kernels.protectAsync(region, 290, 310)]);
    expect(contentOf(region)).toBe(contentOf(fresh(600)));
    await expect(kernels.protectAsync(region, 590, 11)).rejects.toThrow('pages 590 to 600: there are 600');
  });

  it('are refused outside of the region, or where lengths or rows do not fit', () => {
    const region = fresh();
    expect(() => kernels.scrub(region, 3, 2)).toThrow('pages 3 to 4: there are 4');
    expect(() => kernels.protect(region, -1, 2)).toThrow(RangeError);
    expect(() => kernels.scrub({ ...region, check: shared(100) }, 0, 1)).toThrow(
      'check rows of pages: 100 bytes, 2048 expected',
    );
    expect(() => kernels.secdedEncode(randomBytes(BLOCK_BYTES + 4, 1).subarray(4), shared(256))).toThrow(
      'data: starts at byte 4 of its buffer, a multiple of 32 expected',
    );
    expect(() => kernels.wordScrub(shared(9), shared(1))).toThrow('a multiple of 8');
  });
});

describe.each(forms)('parity across pages ($simd)', (kernels) => {
  const cases = fc.record({
    dataPages: fc.integer({ min: 1, max: 14 }),
    groups: fc.integer({ min: 1, max: 4 }),
    parityPerGroup: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 1 }),
  });
  const protectedRegion = (
    layout: { dataPages: number; groups: number; parityPerGroup: number },
    seed: number,
  ) => {
    const region = randomRegion(layout.dataPages + layout.groups * layout.parityPerGroup, seed);
    kernels.parityEncode(region.pages, layout);
    kernels.protect(region, 0, region.pages.length / PAGE_BYTES);
    return region;
  };
  const groupOf = (layout: { dataPages: number; groups: number }, page: number) =>
    (page < layout.dataPages ? page : page - layout.dataPages) % layout.groups;

  it('rebuilds any lost pages of a group, as many as it has parity pages, and their check rows', () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.nat()), ({ seed, ...layout }, draws) => {
        const region = protectedRegion(layout, seed);
        const right = contentOf(region);
        const all = Array.from({ length: region.pages.length / PAGE_BYTES }, (_, page) => page);
        for (let group = 0; group < layout.groups; group++) {
          const members = all.filter((page) => groupOf(layout, page) === group);
          const lost = Array.from(
            { length: Math.min(layout.parityPerGroup, members.length) },
            () => members.splice(draws.next().value % members.length, 1)[0],
          );
          for (const page of lost) {
            region.pages.fill(0xa5, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
            region.check.fill(0x5a, (page * PAGE_BYTES) / 8, ((page + 1) * PAGE_BYTES) / 8);
          }
          expect(kernels.parityRecover(region, layout, group, lost)).toEqual([]);
        }
        expect(contentOf(region)).toBe(right);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves pages bad and unwritten where more are lost than there is parity', () => {
    const layout = { dataPages: 6, groups: 1, parityPerGroup: 2 };
    const region = protectedRegion(layout, 5);
    for (const page of [1, 3, 7]) region.pages[page * PAGE_BYTES] ^= 0xff;
    const wrong = contentOf(region);
    expect(kernels.parityRecover(region, layout, 0, [7, 1, 3])).toEqual([1, 3, 7]);
    expect(contentOf(region)).toBe(wrong);
  });

  it('writes nothing where a page that was called good is not', () => {
    const layout = { dataPages: 6, groups: 1, parityPerGroup: 2 };
    const region = protectedRegion(layout, 6);
    for (const page of [1, 3]) region.pages[page * PAGE_BYTES + 9] ^= 0xff;
    const wrong = contentOf(region);
    expect(kernels.parityRecover(region, layout, 0, [1])).toEqual([1]);
    expect(contentOf(region)).toBe(wrong);
  });

  it('gives the bytes of reed-solomon-simd, off the main thread too', async () => {
    const layout = { dataPages: 10, groups: 3, parityPerGroup: 3 };
    const pages = shared(19 * PAGE_BYTES);
    for (let at = 0; at < 10 * PAGE_BYTES; at++) pages[at] = (at * 31) ^ (at >> 7);
    kernels.parityEncode(pages, layout);
    expect(kernels.crc32c(pages.subarray(10 * PAGE_BYTES)).toString(16)).toBe('b8998ba3');
    pages.fill(0x77, 10 * PAGE_BYTES);
    await kernels.parityEncodeAsync(pages, layout);
    expect(kernels.crc32c(pages.subarray(10 * PAGE_BYTES)).toString(16)).toBe('b8998ba3');
  });

  it('refuses a layout that is none, and pages of another group', () => {
    const region = randomRegion(8, 1);
    const layout = { dataPages: 6, groups: 2, parityPerGroup: 1 };
    expect(() => kernels.parityEncode(region.pages, { ...layout, groups: 0 })).toThrow('counts of 1 or more');
    expect(() => kernels.parityEncode(region.pages, { ...layout, dataPages: 9 })).toThrow('45056 expected');
    expect(() => kernels.parityRecover(region, layout, 1, [2])).toThrow('page 2 is none of group 1');
    expect(() => kernels.parityRecover(region, layout, 2, [])).toThrow('groups 2 to 2: there are 2');
  });
});

describe('the edge', () => {
  it('takes shared, aligned views of whole pages', () => {
    const { pages, check, crcs } = randomRegion(2, 1);
    expect(protectedPages(pages, check, crcs).ok).toBe(true);
  });

  it('names a buffer that is not shared, not aligned or not whole', () => {
    const { pages, check, crcs } = randomRegion(2, 1);
    const text = (result: ReturnType<typeof protectedPages>) => (result.ok ? '' : result.error.text);
    expect(text(protectedPages(new Uint8Array(8192), check, crcs))).toBe(
      'pages: not over a SharedArrayBuffer',
    );
    expect(text(protectedPages(pages, shared(1040).subarray(16), crcs))).toBe(
      'check rows: starts at byte 16 of its buffer, a multiple of 32 expected',
    );
    expect(text(protectedPages(pages.subarray(0, 5000), check, crcs))).toBe(
      'pages: 5000 bytes, 8192 expected',
    );
    expect(text(protectedPages(pages, check, crcs.subarray(1)))).toBe('CRCs: 20 bytes, 24 expected');
    expect(text(protectedPages(shared(0), shared(0), crcs.subarray(6)))).toContain('4096 expected');
  });
});
