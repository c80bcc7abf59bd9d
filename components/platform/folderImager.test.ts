import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderImager } from './folderImager';

type Rgb = readonly [number, number, number];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-pictures-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A picture of one colour, 64 × 32 unless told. */
async function paint(name: string, [r, g, b]: Rgb, width = 64, height = 32): Promise<string> {
  const file = join(folder, name);
  await sharp({ create: { width, height, channels: 3, background: { r, g, b } } }).toFile(file);
  return file;
}

function imager() {
  const camera = folderImager({ folder, width: 8, height: 4, nowUs: () => 42 });
  return {
    ...camera,
    async shoot() {
      const pixels = new Uint8Array(8 * 4 * 3);
      const result = await camera.capture(pixels);
      return result.ok ? [...pixels.subarray(0, 3)] : result.error;
    },
  };
}

describe('folderImager', () => {
  it('PGE-DRV-005: takes PNG, JPEG and TIFF pictures in the order of their names, again and again', async () => {
    // TIFF without the losses of JPEG, which sharp packs into it unless told.
    await sharp(await paint('blue.png', [0, 0, 200]))
      .tiff({ compression: 'lzw' })
      .toFile(join(folder, 'c.tiff'));
    rmSync(join(folder, 'blue.png'));
    await paint('a.png', [200, 0, 0]);
    await paint('b.JPG', [0, 200, 0]);
    writeFileSync(join(folder, 'notes.txt'), 'not a picture');
    const camera = imager();
    expect(await camera.shoot()).toEqual([200, 0, 0]);
    const green = (await camera.shoot()) as number[];
    expect(green[1]).toBeGreaterThan(195);
    expect(await camera.shoot()).toEqual([0, 0, 200]);
    expect(await camera.shoot()).toEqual([200, 0, 0]);
  });

  it('PGE-DRV-005: fills the whole frame from any shape of picture, cropped at its centre', async () => {
    const edge: Rgb = [255, 0, 0];
    const tall = await sharp({
      create: { width: 8, height: 400, channels: 3, background: { r: 255, g: 0, b: 0 } },
    })
      .composite([
        {
          input: { create: { width: 8, height: 20, channels: 3, background: { r: 0, g: 0, b: 255 } } },
          top: 190,
          left: 0,
        },
      ])
      .png()
      .toBuffer();
    writeFileSync(join(folder, 'tall.png'), tall);
    const pixels = new Uint8Array(8 * 4 * 3);
    expect(await imager().capture(pixels)).toEqual({ ok: true, value: { atUs: 42 } });
    const colours = new Set(Array.from({ length: 32 }, (_, i) => pixels.subarray(i * 3, i * 3 + 3).join()));
    expect([...colours]).toEqual(['0,0,255']);
    expect(colours.has(edge.join())).toBe(false);
  });

  it('PGE-DRV-005: makes RGB of grey, transparent and 16-bit pictures', async () => {
    const grey = {
      create: { width: 8, height: 4, channels: 3, background: { r: 90, g: 90, b: 90 } },
    } as const;
    await sharp(grey).toColourspace('b-w').png().toFile(join(folder, '1.png'));
    const clear = { r: 255, g: 255, b: 255, alpha: 0 };
    await sharp({ create: { width: 8, height: 4, channels: 4, background: clear } }).toFile(
      join(folder, '2.png'),
    );
    await sharp(grey).toColourspace('rgb16').png().toFile(join(folder, '3.png'));
    const camera = imager();
    expect([await camera.shoot(), await camera.shoot(), await camera.shoot()]).toEqual([
      [90, 90, 90],
      [0, 0, 0],
      [90, 90, 90],
    ]);
  });

  it('PGE-DRV-006: names a truncated or corrupt picture, and goes on with the next', async () => {
    const whole = await paint('a.jpg', [10, 200, 10], 640, 480);
    writeFileSync(join(folder, 'b.jpg'), readFileSync(whole).subarray(0, 900));
    writeFileSync(join(folder, 'c.png'), 'this is no PNG');
    writeFileSync(join(folder, 'd.tif'), '');
    const png = await paint('e.png', [1, 2, 3], 640, 480);
    writeFileSync(png, readFileSync(png).subarray(0, 300));
    await paint('f.png', [7, 8, 9]);
    const camera = imager();
    await camera.shoot();
    for (const name of ['b.jpg', 'c.png', 'd.tif', 'e.png'])
      expect(await camera.shoot()).toMatchObject({
        code: 'IMAGE_UNREADABLE',
        text: expect.stringContaining(join(folder, name)),
      });
    expect(await camera.shoot()).toEqual([7, 8, 9]);
  });

  it('PGE-DRV-007: says that the folder is empty or gone, and takes a picture that comes later', async () => {
    const camera = imager();
    expect(await camera.shoot()).toMatchObject({ code: 'IMAGE_FOLDER_EMPTY' });
    await paint('late.png', [5, 5, 5]);
    expect(await camera.shoot()).toEqual([5, 5, 5]);
    rmSync(folder, { recursive: true });
    expect(await camera.shoot()).toMatchObject({ code: 'IMAGE_FOLDER_UNREADABLE' });
  });

  it('PGE-DRV-007: refuses a buffer of another size than the frame', async () => {
    expect(await imager().capture(new Uint8Array(10))).toMatchObject({
      error: { code: 'IMAGER_BUFFER_SIZE', text: 'the frame buffer holds 10 bytes, 96 needed' },
    });
  });
});
