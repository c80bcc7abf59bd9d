import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { endedJpeg, layerEnds } from './layers';

const SIDE = 160;

/** Coast, fields and waves: smooth parts, edges and fine detail. */
function scene(): Uint8Array {
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const sea = x + 20 * Math.sin(y / 17) < 70;
      const field = (Math.floor(x / 13) + Math.floor(y / 19)) % 3;
      const wave = 8 * Math.sin(x * 1.3) * Math.cos(y * 0.9);
      pixels.set(
        sea ? [20 + wave, 60 + wave, 110] : [90 + 40 * field, 120 - 20 * field + wave, 60],
        (y * SIDE + x) * 3,
      );
    }
  return pixels;
}

const jpeg = (pixels: Uint8Array, options: sharp.JpegOptions = {}) =>
  sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg({ progressive: true, quality: 80, ...options })
    .toBuffer();

async function psnr(file: Uint8Array, truth: Uint8Array): Promise<number> {
  const seen = await sharp(file, { failOn: 'warning' }).raw().toBuffer();
  const error = truth.reduce((sum, value, i) => sum + (value - seen[i]) ** 2, 0) / truth.length;
  return 10 * Math.log10(255 ** 2 / error);
}

async function ends(file: Uint8Array): Promise<number[]> {
  const found = layerEnds(file);
  if (!found.ok) throw new Error(found.error.text);
  return found.value;
}

describe('a layered picture', () => {
  it('is a whole file for a stock decoder after each layer, each nearer to the truth', async () => {
    const truth = scene();
    const file = await jpeg(truth);
    const at = await ends(file);
    expect(at).toHaveLength(3);
    expect(at.at(-1)).toBe(file.length);
    const quality: number[] = [];
    for (const end of at) quality.push(await psnr(endedJpeg(file.subarray(0, end)), truth));
    expect(quality[0]).toBeGreaterThan(20);
    for (let i = 1; i < quality.length; i++) expect(quality[i]).toBeGreaterThan(quality[i - 1]);
    expect(at[0]).toBeLessThan(file.length / 2);
  });

  it('is a picture after any cut within a layer too', async () => {
    const file = await jpeg(scene());
    const [first] = await ends(file);
    for (const share of [0.7, 0.9]) {
      const cut = endedJpeg(file.subarray(0, Math.floor(first * share)));
      const { width } = (await sharp(cut, { failOn: 'none' }).raw().toBuffer({ resolveWithObject: true }))
        .info;
      expect(width).toBe(SIDE);
    }
  });

  it('has one layer where the file has one scan, and refuses what is cut or no JPEG', async () => {
    const file = await jpeg(scene(), { progressive: false });
    expect(await ends(file)).toEqual([file.length]);
    for (const wrong of [
      file.subarray(0, file.length - 1),
      new Uint8Array(0),
      Uint8Array.of(0xff, 0xd8, 0xff),
      new Uint8Array(40),
    ])
      expect(layerEnds(wrong)).toMatchObject({ ok: false, error: { code: 'LAYERS' } });
  });

  it('is ended once', () => {
    const once = endedJpeg(Uint8Array.of(1, 2));
    expect([...once]).toEqual([1, 2, 0xff, 0xd9]);
    expect(endedJpeg(once)).toBe(once);
  });
});
