import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { native } from './addon';
import { BLOCK_BYTES, ecc, PAGE_BYTES, type ProtectedPages, referenceEcc } from './ecc';
import { exponent, type FloatDtype, referenceExponent } from './exponent';
import { fingerprint, flip, randomBytes, randomRegion, shared } from './testing';

/** The addon against its oracle, on random data with any damage. */
describe.skipIf(native.addon === undefined)('native ECC beside its reference', () => {
  const damage = fc.record({
    seed: fc.integer({ min: 1 }),
    hits: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(40)), {
      maxLength: 30,
    }),
  });
  const copyOf = ({ pages, check, crcs }: ProtectedPages): ProtectedPages => ({
    pages: pages.slice(),
    check: check.slice(),
    crcs: crcs.slice(),
  });
  const all = ({ pages, check, crcs }: ProtectedPages) => fingerprint(pages, check, crcs);

  it('encodes and scrubs blocks and words alike', () => {
    fc.assert(
      fc.property(damage, ({ seed, hits }) => {
        for (const [encode, scrub] of [
          ['secdedEncode', 'secdedScrub'],
          ['wordEncode', 'wordScrub'],
        ] as const) {
          const data = randomBytes(4 * BLOCK_BYTES, seed);
          const check = shared(data.length / 8);
          ecc[encode](data, check);
          const expected = shared(data.length / 8);
          referenceEcc[encode](data, expected);
          expect(fingerprint(check)).toBe(fingerprint(expected));
          for (const [where, length] of hits) {
            for (let bit = 0; bit <= length; bit++)
              flip(data, Math.floor(where * (data.length * 8 - 41)) + bit);
            flip(check, Math.floor(where * check.length * 8));
          }
          const [other, otherCheck] = [data.slice(), check.slice()];
          expect(ecc[scrub](data, check)).toEqual(referenceEcc[scrub](other, otherCheck));
          expect(fingerprint(data, check)).toBe(fingerprint(other, otherCheck));
        }
      }),
    );
  });

  it('protects and scrubs pages alike', () => {
    fc.assert(
      fc.property(damage, ({ seed, hits }) => {
        const region = randomRegion(5, seed);
        const other = copyOf(region);
        ecc.protect(region, 0, 5);
        referenceEcc.protect(other, 0, 5);
        expect(all(region)).toBe(all(other));
        for (const [where, length] of hits)
          for (const each of [region, other]) {
            for (let bit = 0; bit <= length; bit++)
              flip(each.pages, Math.floor(where * (5 * PAGE_BYTES * 8 - 41)) + bit);
            flip(each.check, Math.floor(where * each.check.length * 8));
            each.crcs[Math.floor(where * 15)] ^= length;
          }
        expect(ecc.scrub(region, 0, 5)).toEqual(referenceEcc.scrub(other, 0, 5));
        expect(all(region)).toBe(all(other));
      }),
    );
  });

  it('computes CRCs of any length alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(ecc.crc32c(bytes)).toBe(referenceEcc.crc32c(bytes));
      }),
    );
  });

  it('computes parity and recovers alike, where too much is lost too', () => {
    const cases = fc.record({
      seed: fc.integer({ min: 1 }),
      layout: fc.record({
        dataPages: fc.integer({ min: 1, max: 20 }),
        groups: fc.integer({ min: 1, max: 3 }),
        parityPerGroup: fc.integer({ min: 1, max: 6 }),
      }),
      lost: fc.array(fc.nat(40), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(cases, ({ seed, layout, lost }) => {
        const count = layout.dataPages + layout.groups * layout.parityPerGroup;
        const region = randomRegion(count, seed);
        const pages = region.pages.slice();
        referenceEcc.parityEncode(pages, layout);
        ecc.parityEncode(region.pages, layout);
        expect(fingerprint(region.pages)).toBe(fingerprint(pages));
        ecc.protect(region, 0, count);
        const ofGroup = (page: number) =>
          (page < layout.dataPages ? page : page - layout.dataPages) % layout.groups === 0;
        const bad = lost.filter((page) => page < count && ofGroup(page));
        for (const page of bad) region.pages[page * PAGE_BYTES + (seed % PAGE_BYTES)] ^= 1 + (page % 9);
        const other = copyOf(region);
        expect(ecc.parityRecover(region, layout, 0, bad)).toEqual(
          referenceEcc.parityRecover(other, layout, 0, bad),
        );
        expect(all(region)).toBe(all(other));
      }),
      { numRuns: 60 },
    );
  });

  it('protects, votes and clips weights alike', () => {
    const dtype = fc.constantFrom<FloatDtype>('F32', 'F16', 'BF16');
    const bound = fc.double({ min: 1e-9, max: 1e39, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1 }), dtype, bound, (seed, type, most) => {
        const bytes = randomBytes(4096, seed);
        const other = bytes.slice();
        for (const step of ['vote', 'protect', 'vote', 'clip'] as const) {
          expect(exponent[step](bytes, type, most)).toBe(referenceExponent[step](other, type, most));
          expect(fingerprint(bytes)).toBe(fingerprint(other));
        }
      }),
    );
  });

  it('reads nothing beyond a buffer, whoever calls the addon itself', () => {
    const { addon } = native;
    if (addon === undefined) return;
    const { pages, check, crcs } = randomRegion(2, 1);
    const layout = { dataPages: 1, groups: 1, parityPerGroup: 1 };
    const unknown = 'F64' as FloatDtype;
    for (const call of [
      () => addon.eccSecdedEncode(pages, check.subarray(1)),
      () => addon.eccSecdedScrub(pages.subarray(1), check),
      () => addon.eccWordEncode(pages, check.subarray(1)),
      () => addon.eccWordScrub(pages.subarray(3), check),
      () => addon.eccCopy(pages, check),
      () => addon.eccProtect(pages, check, crcs.subarray(1), 0, 1),
      () => addon.eccScrub(pages, check, crcs, 1, 2),
      () => addon.eccScrub(pages, check, crcs, 0xffffffff, 0xffffffff),
      () => addon.eccParityEncode(pages, { ...layout, groups: 0 }),
      () => addon.eccParityEncode(pages, { ...layout, dataPages: 2 }),
      () => addon.eccParityRecover(pages, check, crcs, layout, 0, [2]),
      () => addon.exponentVote(pages, unknown),
      () => addon.exponentVote(pages.subarray(1), 'F32'),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'InvalidArg' }));
  });

  it('reads, copies and asks for huge pages without touching a byte', () => {
    const { addon } = native;
    if (addon === undefined) return;
    const bytes = new Uint8Array(new SharedArrayBuffer(1 << 16)).fill(1);
    const copy = shared(1 << 16);
    addon.eccCopy(bytes, copy);
    expect(fingerprint(copy)).toBe(fingerprint(bytes));
    addon.eccHugePages(copy);
    expect(fingerprint(copy)).toBe(fingerprint(bytes));
    expect(addon.eccRead(bytes)).toBe(Number((0x0101010101010101n * (65536n / 8n)) & 0xffffffffn));
  });
});
