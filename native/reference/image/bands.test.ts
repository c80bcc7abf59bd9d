import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { image, reference, type Scene } from '../../image';
import { bytesOf, noAddon, sameBytes, whyNoAddon } from '../compare';

function difference(kernels: typeof image, scene: Scene, pairs: readonly number[]) {
  const out = new Float32Array((scene.pixels * pairs.length) / 2);
  const done = kernels.normalisedDifference(scene, Uint32Array.from(pairs), out);
  if (!done.ok) throw new Error(done.error.text);
  return out;
}

function clouds(kernels: typeof image, scene: Scene, reflectance: number, blue = 0, red = scene.bands - 1) {
  const out = new Float32Array(scene.pixels);
  const done = kernels.cloudIndex(scene, { blue, red, reflectance }, out);
  if (!done.ok) throw new Error(done.error.text);
  return out;
}

const anyScene = fc
  .record({
    bands: fc.integer({ min: 1, max: 6 }),
    pixels: fc.integer({ min: 1, max: 1100 }),
    layout: fc.constantFrom<Scene['layout']>('planar', 'interleaved'),
    kind: fc.constantFrom(Uint8Array, Uint16Array, Float32Array),
    seed: fc.nat(),
  })
  .map(({ bands, pixels, layout, kind, seed }): Scene => {
    // Any bits: as floats, from the smallest to infinities and NaN.
    const { buffer } = bytesOf(seed, bands * pixels * 4);
    return { data: new kind(buffer as ArrayBuffer, 0, bands * pixels), bands, pixels, layout };
  });

describe('band math', () => {
  it('gives NDVI and NDWI of known reflectances', () => {
    // Sentinel-2 counts of grass and of water: green, red, near infrared.
    const scene: Scene = {
      data: Uint16Array.of(800, 400, 3600, 600, 300, 100),
      bands: 3,
      pixels: 2,
      layout: 'interleaved',
    };
    const [ndviGrass, ndviWater, ndwiGrass, ndwiWater] = difference(reference, scene, [2, 1, 0, 2]);
    expect([ndviGrass, ndviWater]).toEqual([Math.fround(0.8), -0.5]);
    expect([ndwiGrass, ndwiWater]).toEqual([Math.fround(-2800 / 4400), Math.fround(500 / 700)]);
  });

  it('has the clouds above zero and clear ground below', () => {
    // Blue and red of cloud, soil and forest, in 1e-4.
    const scene: Scene = {
      data: Uint16Array.of(5000, 800, 400, 4800, 1800, 300),
      bands: 2,
      pixels: 3,
      layout: 'planar',
    };
    const index = clouds(reference, scene, 1e-4);
    expect(Array.from(index, (value) => Math.round(value * 1e4) / 1e4)).toEqual([0.18, -0.09, -0.055]);
  });

  it('is zero where there is no value', () => {
    const scene: Scene = {
      data: Float32Array.of(0, 0, NaN, 1, Infinity, 1, 3e38, 3e38, 2, -2),
      bands: 2,
      pixels: 5,
      layout: 'interleaved',
    };
    expect([...difference(reference, scene, [0, 1])]).toEqual([0, 0, 0, 0, 0]);
    expect([...clouds(reference, scene, 1)].map(Number.isFinite)).toEqual(Array(5).fill(true));
    expect(clouds(reference, scene, 1)[1]).toBe(0);
  });

  it('is the same planar and interleaved', () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const { data, bands, pixels, layout } = scene;
        const other = data.slice();
        for (let band = 0; band < bands; band++)
          for (let pixel = 0; pixel < pixels; pixel++) {
            const [planar, interleaved] = [band * pixels + pixel, pixel * bands + band];
            if (layout === 'planar') other[interleaved] = data[planar];
            else other[planar] = data[interleaved];
          }
        const turned: Scene = {
          ...scene,
          data: other,
          layout: layout === 'planar' ? 'interleaved' : 'planar',
        };
        expect(
          sameBytes(
            difference(reference, turned, [0, bands - 1]),
            difference(reference, scene, [0, bands - 1]),
          ),
        ).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.skipIf(noAddon)(`gives the same bytes in the addon${whyNoAddon}`, () => {
    fc.assert(
      fc.property(anyScene, fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (scene, reflectance) => {
        const pairs = [0, scene.bands - 1, scene.bands - 1, 0];
        expect(sameBytes(difference(image, scene, pairs), difference(reference, scene, pairs))).toBe(true);
        expect(sameBytes(clouds(image, scene, reflectance), clouds(reference, scene, reflectance))).toBe(
          true,
        );
      }),
      { numRuns: 200 },
    );
  });
});
