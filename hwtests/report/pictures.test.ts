import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { EvenSample, shrunk, webp } from './pictures';

describe('the pictures of a page', () => {
  it('are at most so many, evenly over the flight however long it is', () => {
    for (const total of [0, 1, 4, 5, 37, 1000]) {
      const sample = new EvenSample<number>(4);
      for (let i = 0; i < total; i++) sample.add(i);
      expect(sample.items.length).toBeLessThanOrEqual(4);
      expect(sample.items).toEqual(
        Array.from({ length: Math.ceil(total / sample.stride) }, (_, i) => i * sample.stride),
      );
    }
  });

  it('say at once whether they are kept', () => {
    const sample = new EvenSample<number>(2);
    expect([0, 1, 2, 3, 4].map((i) => sample.add(i))).toEqual([true, true, true, false, true]);
    expect(sample.items).toEqual([0, 4]);
  });

  it('are copies, no larger than a page needs', () => {
    const pixels = new Uint8Array(600 * 300 * 3).map((_, i) => i % 251);
    const small = shrunk(pixels, 600, 300);
    expect([small.width, small.height]).toEqual([200, 100]);
    expect([...small.pixels.subarray(3, 6)]).toEqual([...pixels.subarray(9, 12)]);
    const row = 3 * 600 * 3;
    expect([...small.pixels.subarray(200 * 3, 200 * 3 + 3)]).toEqual([...pixels.subarray(row, row + 3)]);
    const same = shrunk(pixels.subarray(0, 12), 2, 2);
    pixels.fill(0);
    expect(same.pixels[1]).toBe(1);
  });

  it('are encoded the same each time', async () => {
    const picture = { width: 8, height: 8, pixels: new Uint8Array(192).map((_, i) => (i * 7) % 256) };
    const first = await webp(picture);
    expect(Buffer.compare(Buffer.from(await webp(picture)), Buffer.from(first))).toBe(0);
    expect(await sharp(first).metadata()).toMatchObject({ format: 'webp', width: 8, height: 8 });
  });
});
