import { describe, expect, it } from 'vitest';
import { encode } from '../framework';
import { classesTagOf, NO_PLACE, type SeenTile, TileRecord, tagOf, tileRecord } from './tileRecord';

const tile: SeenTile = {
  id: 0x01020304,
  timeUs: 1_700_000_000_999_999,
  latDeg: -45.1234567,
  lonDeg: 179.9999999,
  headingDeg: -0.5,
  gsdM: 10.004,
  probabilities: Float32Array.of(1, 0.5, 0.001, 0),
};
const tags = { classesTag: 0xabcd, versionTag: 0x1234 };

describe('the record of a tile', () => {
  it('is 40 bytes, the same from build to build', () => {
    const bytes = encode(TileRecord, tileRecord(tile, tags));
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '01020304' +
        '6553f100' +
        'fd4f787f' +
        '0aba9500' +
        '03e8' +
        '8c6e' +
        'abcd' +
        '1234' +
        'ff800000' +
        '00'.repeat(12),
    );
  });

  it('keeps a heading below a full turn, and a ground sample distance that is too large at its limit', () => {
    expect(tileRecord({ ...tile, headingDeg: 359.999 }, tags).headingCentideg).toBe(0);
    expect(tileRecord({ ...tile, headingDeg: 725 }, tags).headingCentideg).toBe(500);
    expect(tileRecord({ ...tile, gsdM: 1e6 }, tags).gsdCm).toBe(0xffff);
  });

  it('says when it is not known where the tile lies', () => {
    const { latE6, lonE6, gsdCm, headingCentideg } = tileRecord({ ...tile, lonDeg: Number.NaN }, tags);
    expect([latE6, lonE6, gsdCm, headingCentideg]).toEqual([NO_PLACE, NO_PLACE, 0, 0]);
  });

  it('has a tag that tells models, classes and their order apart', () => {
    const tagsOf = [['a', 'b'], ['b', 'a'], ['ab'], ['a', 'b', 'c']].map((classes) =>
      classesTagOf('m', classes),
    );
    expect(new Set([...tagsOf, classesTagOf('n', ['a', 'b'])]).size).toBe(5);
    expect(tagOf('123456789')).toBe(0x3926);
  });
});
