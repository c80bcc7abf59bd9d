import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../fsw/errors';
import { seededRandom } from '../../fsw/framework/random';
import { type Drift, drifts } from '../datasets/drift';
import { EUROSAT_SIDE, EUROSAT_TILE_BYTES, type EurosatTiles } from '../datasets/eurosat';
import { driftOf, MOSAIC, tileImager } from './tileImager';

const FRAME_BYTES = (MOSAIC * EUROSAT_SIDE) ** 2 * 3;

/** Twenty tiles of random pixels. */
function someTiles(): EurosatTiles {
  const random = seededRandom(1);
  const count = 20;
  return {
    classes: ['Forest', 'River'],
    pixels: Uint8Array.from({ length: count * EUROSAT_TILE_BYTES }, () => random.integer(256)),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
    paths: Array.from({ length: count }, (_, i) => `tile${i}.jpg`),
    fileBytes: new Uint32Array(count),
  };
}

function imagerOf(seed = 3, drift: Drift = drifts.none) {
  return tileImager({
    seed,
    drift,
    nowUs: () => 5e6,
    view: () => ({ latDeg: 1, lonDeg: 2, headingDeg: 3 }),
    tiles: async () => succeed(someTiles()),
  });
}

/** The tile at a place of the mosaic, channel first. */
function cut(frame: Uint8Array, place: number): Uint8Array {
  const side = MOSAIC * EUROSAT_SIDE;
  const [left, top] = [(place % MOSAIC) * EUROSAT_SIDE, Math.floor(place / MOSAIC) * EUROSAT_SIDE];
  return Uint8Array.from({ length: EUROSAT_TILE_BYTES }, (_, i) => {
    const [band, at] = [Math.floor(i / EUROSAT_SIDE ** 2), i % EUROSAT_SIDE ** 2];
    const [x, y] = [left + (at % EUROSAT_SIDE), top + Math.floor(at / EUROSAT_SIDE)];
    return frame[(y * side + x) * 3 + band];
  });
}

describe('the imager of tiles', () => {
  it('shows every tile once before one comes again, and knows the class of each', async () => {
    const imager = imagerOf();
    const seen: string[] = [];
    for (let n = 0; n < 2; n++) {
      const frame = new Uint8Array(FRAME_BYTES);
      expect(await imager.capture(frame)).toMatchObject({
        ok: true,
        value: { atUs: 5e6, view: { gsdM: 10 } },
      });
      for (const [place, name] of imager.shown(n).entries()) {
        const pixels = cut(frame, place);
        expect(imager.classOf(pixels)).toBe(name);
        seen.push(Buffer.from(pixels).toString('base64'));
      }
    }
    expect(new Set(seen.slice(0, 20)).size).toBe(20);
    expect(imager.classOf(new Uint8Array(EUROSAT_TILE_BYTES))).toBeUndefined();
  });

  it('gives the same frames for the same seed, others for another, and a drifted camera other pixels of the same tiles', async () => {
    const frames: { frame: Uint8Array; shown: readonly string[] }[] = [];
    for (const imager of [imagerOf(3), imagerOf(3), imagerOf(4), imagerOf(3, drifts.aged)]) {
      const frame = new Uint8Array(FRAME_BYTES);
      await imager.capture(frame);
      frames.push({ frame, shown: imager.shown(0) });
    }
    const same = frames.map(({ frame }) => Buffer.compare(frame, frames[0].frame) === 0);
    expect(same).toEqual([true, true, false, false]);
    expect(frames[3].shown).toEqual(frames[0].shown);
  });

  it('refuses a buffer of another size, says what is missing, and knows its drifts by name', async () => {
    expect(await imagerOf().capture(new Uint8Array(9))).toMatchObject({
      error: { code: 'IMAGER_BUFFER_SIZE' },
    });
    const bare = tileImager({
      seed: 1,
      nowUs: () => 0,
      view: () => ({ latDeg: 0, lonDeg: 0, headingDeg: 0 }),
      tiles: async () => fail('EUROSAT_MISSING', { places: 'nowhere' }),
    });
    expect(await bare.capture(new Uint8Array(FRAME_BYTES))).toMatchObject({
      error: { code: 'EUROSAT_MISSING' },
    });
    expect(driftOf('aged')).toEqual(succeed(drifts.aged));
    expect(driftOf('rusty')).toMatchObject({ error: { code: 'DRIFT_UNKNOWN' } });
  });
});
